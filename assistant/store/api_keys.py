"""Manages the API keys of client programs. Only a hash of each key is stored.

A key has scopes and can have a rate limit and an expiry date.
"""

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
from assistant.store.tables import ApiKeyRow

KEY_PREFIX = "asst_"  # a fixed prefix by which the server, and scanners for leaked secrets, recognise a key
SCOPES = ("ask", "texts", "feedback", "metrics")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key without its secret. If `requests_per_minute` is None, the default limit applies. Times are UTC."""

    key_id: str
    name: str
    scopes: frozenset[str]
    requests_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None


class ApiKeyStore:
    """Creates, looks up and revokes the API keys in `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_key(
        self, name: str, scopes: Sequence[str], per_minute: int | None = None, days: int | None = None
    ) -> str:
        """Create a key and return it. The key can't be retrieved later.

        Args:
            name: what the key is for; truncated to 80 characters.
            scopes: the scopes of the key, chosen from `SCOPES`.
            per_minute: the number of requests allowed per minute; if None, the server's default limit applies.
            days: the number of days until the key expires; if None, it never expires.

        Raises:
            StoreError: a scope is unknown.
        """
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown:
            raise StoreError(f"unknown scope {unknown[0]!r}; choose from: {', '.join(SCOPES)}")
        key_id, now = secrets.token_hex(6), self._store.now()
        key = f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
        with self._store.session() as session:
            session.add(
                ApiKeyRow(
                    key_id=key_id, name=name[:80], digest=_digest(key), scopes=sorted(set(scopes)),
                    per_minute=per_minute, created_at=now, expires_at=now + timedelta(days) if days else None,
                )
            )  # fmt: skip
        return key

    def find_key(self, key: str) -> ApiKey | None:
        """Look up a key. Returns None if the key is unknown, revoked or expired."""
        key_id = key.removeprefix(KEY_PREFIX).partition("_")[0]
        with self._store.session() as session:
            row = session.get(ApiKeyRow, key_id[:12])
        # Compare digests even if the id is unknown, so that the response time doesn't reveal which ids exist.
        matches = hmac.compare_digest(row.digest if row else "", _digest(key))
        if row is None or not matches or (row.expires_at and row.expires_at <= self._store.now()):
            return None
        return _api_key(row)

    def all_keys(self) -> list[ApiKey]:
        """List every key, oldest first."""
        with self._store.session() as session:
            return [_api_key(row) for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.created_at))]

    def revoke_key(self, key_id: str) -> bool:
        """Delete a key. Returns False if the id is unknown."""
        with self._store.session() as session:
            row = session.get(ApiKeyRow, key_id)
            if row is not None:
                session.delete(row)
        return row is not None


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _api_key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(row.key_id, row.name, frozenset(row.scopes), row.per_minute, row.created_at, row.expires_at)
