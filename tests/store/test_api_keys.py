from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.errors import StoreError
from assistant.store.api_keys import KEY_PREFIX, ApiKey, ApiKeyStore
from assistant.store.database import Store
from tests.store.conftest import NOW, Clock


def test_a_created_key_is_found_with_its_properties(store: Store) -> None:
    api_keys = ApiKeyStore(store)
    key = api_keys.create_key("monthly report", ["texts", "ask", "ask"], per_minute=5, days=30)
    assert key.startswith(KEY_PREFIX)
    assert api_keys.find_key(key) == ApiKey(
        key.split("_")[1], "monthly report", frozenset({"ask", "texts"}), 5, NOW, NOW + timedelta(days=30)
    )


def test_a_key_has_no_limit_or_expiry_by_default(sqlite_store: Store, clock: Clock) -> None:
    api_keys = ApiKeyStore(sqlite_store)
    key = api_keys.create_key("report", ["ask"])
    clock.now = NOW + timedelta(days=10_000)
    found = api_keys.find_key(key)
    assert found is not None
    assert (found.requests_per_minute, found.expires_at) == (None, None)


def test_an_expired_key_is_not_found(sqlite_store: Store, clock: Clock) -> None:
    api_keys = ApiKeyStore(sqlite_store)
    key = api_keys.create_key("report", ["ask"], days=1)
    clock.now = NOW + timedelta(hours=23)
    assert api_keys.find_key(key) is not None
    clock.now = NOW + timedelta(days=1)
    assert api_keys.find_key(key) is None


def test_a_revoked_key_is_not_found(sqlite_store: Store) -> None:
    api_keys = ApiKeyStore(sqlite_store)
    key = api_keys.create_key("report", ["ask"])
    [listed] = api_keys.all_keys()
    assert api_keys.revoke_key(listed.key_id)
    assert api_keys.find_key(key) is None
    assert api_keys.all_keys() == []
    assert not api_keys.revoke_key(listed.key_id)


def test_a_wrong_secret_is_not_found(sqlite_store: Store) -> None:
    api_keys = ApiKeyStore(sqlite_store)
    key = api_keys.create_key("report", ["ask"])
    other = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert [api_keys.find_key(text) for text in (other, "", KEY_PREFIX, f"{KEY_PREFIX}0_1")] == [None] * 4


def test_keys_are_listed_oldest_first(sqlite_store: Store, clock: Clock) -> None:
    api_keys = ApiKeyStore(sqlite_store)
    for hours, name in ((2, "newest"), (0, "oldest"), (1, "middle")):
        clock.now = NOW + timedelta(hours=hours)
        api_keys.create_key(name, ["ask"])
    assert [api_key.name for api_key in api_keys.all_keys()] == ["oldest", "middle", "newest"]


def test_the_secret_is_not_stored(sqlite_store: Store) -> None:
    key = ApiKeyStore(sqlite_store).create_key("report", ["ask"])
    folder = Path(str(sqlite_store._engine.url.database)).parent
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    _, key_id, secret = key.split("_", 2)
    assert key_id.encode() in stored
    assert secret.encode() not in stored


def test_an_unknown_scope_is_named(sqlite_store: Store) -> None:
    with pytest.raises(StoreError, match=r"unknown scope 'everything'; choose from: ask, texts, feedback, metrics"):
        ApiKeyStore(sqlite_store).create_key("report", ["ask", "everything"])
