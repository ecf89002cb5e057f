"""Keys by which programs ask: made once, shown once, kept as a hash, with scopes, a limit and an end."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select

from assistant.errors import StoreError
from assistant.store.database import Store
from assistant.store.tables import KeyRow

KEY_PREFIX = "asst_"  # by it a scanner for leaked secrets, and the server, know a key
SCOPES = ("ask", "texts", "feedback", "metrics")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is known after it was made. `per_minute` is None for the server's own limit; times are UTC."""

    key_id: str
    name: str
    scopes: frozenset[str]
    per_minute: int | None
    created_at: datetime
    expires_at: datetime | None


class ApiKeyStore:
    """The keys in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, name: str, scopes: Sequence[str], per_minute: int | None = None, days: int | None = None) -> str:
        """Make a key and return it; it can't be shown again.

        Raises:
            StoreError: a scope that there is not.
        """
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown:
            raise StoreError(f"no scope {unknown[0]!r}; there are: {', '.join(SCOPES)}")
        key_id, now = secrets.token_hex(6), self._store.now()
        key = f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
        with self._store.session() as session:
            session.add(
                KeyRow(
                    key_id=key_id, name=name[:80], digest=_digest(key), scopes=sorted(set(scopes)),
                    per_minute=per_minute, created_at=now, expires_at=now + timedelta(days) if days else None,
                )
            )  # fmt: skip
        return key

    def find(self, key: str) -> ApiKey | None:
        """The key that was made as `key`; None for one that wasn't, was revoked or has ended."""
        key_id = key.removeprefix(KEY_PREFIX).partition("_")[0]
        with self._store.session() as session:
            row = session.get(KeyRow, key_id[:12])
        # Compared even when there is no such id, so that the time tells nothing of ids.
        same = hmac.compare_digest(row.digest if row else "", _digest(key))
        if row is None or not same or (row.expires_at and row.expires_at <= self._store.now()):
            return None
        return _key(row)

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first."""
        with self._store.session() as session:
            return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created_at))]

    def revoke(self, key_id: str) -> bool:
        """End a key for good; False for an unknown id."""
        with self._store.session() as session:
            row = session.get(KeyRow, key_id)
            if row is not None:
                session.delete(row)
        return row is not None


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _key(row: KeyRow) -> ApiKey:
    return ApiKey(row.key_id, row.name, frozenset(row.scopes), row.per_minute, row.created_at, row.expires_at)
