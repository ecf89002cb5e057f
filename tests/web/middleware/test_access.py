from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from assistant.settings import Settings
from assistant.store.api_keys import KEY_PREFIX, ApiKeyStore
from assistant.store.database import Store
from assistant.web.middleware.access import AccessMiddleware
from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.shared.site import Site
from tests.web.clients import oidc_client, proxy_client
from tests.web.middleware.echo import echo_app

PUBLIC = ("/healthz", "/readyz", "/static/site.css", "/widget.js", "/widget/1/widget.js", "/favicon.ico")
PROTECTED = (
    "/", "/chat/", "/chat/config", "/chat/theme.css", "/chat/gradio_api/startup-events", "/start/", "/texts/",
    "/search/", "/about/", "/widget/", "/sources/abc", "/owners/", "/metrics", "/api/openapi.json", "/api/v1/documents",
    "/api/v1/passages/abc", "/api/v1/search?q=x", "/v1/models", "/logo/", "/static", "/nowhere",
)  # fmt: skip
OPEN = Settings()
PROXY = Settings(access="proxy", proxies=("10.1.2.0/24",), owners=("anna", "group:editors"))
OIDC = Settings(
    access="oidc", oidc_issuer="http://127.0.0.1:9", oidc_client="x", public_url="https://assistant.example",
    owners=("anna", "group:editors"),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'keys.sqlite'}", store_questions=False)
    yield store
    store.close()


@pytest.fixture
def api_keys(store: Store) -> ApiKeyStore:
    return ApiKeyStore(store)


def access_client(settings: Settings, api_keys: ApiKeyStore | None = None) -> TestClient:
    """Return a client for the middleware on its own. Requests can include headers that normally come from a proxy."""
    return TestClient(AccessMiddleware(echo_app, settings, api_keys), follow_redirects=False)


def session_client(person: dict[str, Any]) -> TestClient:
    """Return a client whose session says that `person` has signed in."""
    protected = AccessMiddleware(echo_app, OIDC)

    async def with_session(scope: Scope, receive: Receive, send: Send) -> None:
        await protected({**scope, "session": {"person": person}}, receive, send)

    return TestClient(with_session, follow_redirects=False)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# Tests of complete servers


@pytest.mark.parametrize("protected_client", [proxy_client, oidc_client])
def test_anonymous_users_see_nothing_of_a_protected_server(site: Site, protected_client: Any) -> None:
    with protected_client(site) as client:
        for path in PROTECTED:
            response = client.get(path)
            assert response.status_code == 401, path
            assert "Alpha" not in response.text


@pytest.mark.parametrize("protected_client", [proxy_client, oidc_client])
def test_routes_without_content_are_public_on_a_protected_server(site: Site, protected_client: Any) -> None:
    with protected_client(site) as client:
        assert [client.get(path).status_code for path in PUBLIC] == [200] * len(PUBLIC)


# Tests of servers with open access


@pytest.mark.parametrize("headers", [{}, bearer("none"), {"X-Remote-User": "anna"}])
def test_open_access_lets_everyone_in_anonymously(headers: dict[str, str]) -> None:
    response = access_client(OPEN).post("/api/v1/ask", headers=headers)
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["owner"]) == ("", False)


# Tests of users whose names come from a proxy


@pytest.mark.parametrize(
    ("headers", "owner"),
    [
        ({"X-Remote-User": "anna"}, True),
        ({"X-Remote-User": " anna "}, True),
        ({"X-Remote-User": "bo"}, False),
        ({"X-Remote-User": "bo", "X-Remote-Groups": "users, editors"}, True),
        ({"X-Remote-User": "group:editors"}, False),  # a user name is never treated as a group, whatever its prefix
        ({"X-Remote-User": "bo", "X-Remote-Groups": "group:editors"}, False),
    ],
)
def test_owners_are_recognised_by_name_or_group(headers: dict[str, str], owner: bool) -> None:
    report = access_client(PROXY).get("/owners/", headers=headers).json()
    assert (report["name"], report["owner"]) == (headers["X-Remote-User"].strip(), owner)


def test_duplicate_group_headers_are_ignored() -> None:
    headers = [("X-Remote-User", "bo"), ("X-Remote-Groups", "editors"), ("X-Remote-Groups", "users")]
    assert access_client(PROXY).get("/metrics", headers=headers).json()["owner"] is False


@pytest.mark.parametrize(
    "headers", [[], [("X-Remote-User", "anna"), ("X-Remote-User", "bo")], [("X-Remote-User", "  ")]]
)
def test_a_missing_duplicate_or_empty_user_header_is_rejected(headers: list[tuple[str, str]]) -> None:
    response = access_client(PROXY).get("/texts/", headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"


def test_preflight_requests_need_no_identity() -> None:
    assert access_client(PROXY).options("/api/v1/ask").status_code == 200


def test_responses_for_a_user_are_not_cached() -> None:
    headers = {"X-Remote-User": "anna"}
    client = access_client(PROXY)
    assert client.get("/texts/", headers=headers).headers["cache-control"] == "private, no-store"
    assert "cache-control" not in client.get("/static/site.css", headers=headers).headers
    assert "cache-control" not in access_client(OPEN).get("/texts/").headers


# Tests of API keys


def test_an_api_key_opens_only_the_paths_of_its_scopes(api_keys: ApiKeyStore) -> None:
    key = api_keys.create_key("reports", ["ask"])
    for settings in (PROXY, OPEN):
        client = access_client(settings, api_keys)
        assert client.post("/api/v1/ask", headers=bearer(key)).json()["key"] == "reports"
        assert client.get("/v1/models", headers={"X-API-Key": key}).status_code == 200
        for path in ("/api/v1/documents", "/metrics", "/owners/", "/chat/", "/texts/", "/api/openapi.json"):
            assert client.get(path, headers=bearer(key)).status_code == 403


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("ask", "/api/v1/search"),
        ("texts", "/api/v1/documents"),
        ("texts", "/api/v1/passages/abc"),
        ("feedback", "/api/v1/feedback"),
        ("feedback", "/api/v1/answers/abc"),
        ("metrics", "/metrics"),
    ],
)
def test_each_scope_opens_its_paths(api_keys: ApiKeyStore, scope: str, path: str) -> None:
    client, key = access_client(PROXY, api_keys), api_keys.create_key("program", [scope])
    assert client.get(path, headers=bearer(key)).status_code == 200
    other_key = api_keys.create_key(
        "other", [other for other in ("ask", "texts", "feedback", "metrics") if other != scope]
    )
    assert client.get(path, headers=bearer(other_key)).status_code == 403


def test_wrong_revoked_and_expired_api_keys_are_rejected(store: Store, api_keys: ApiKeyStore) -> None:
    valid = api_keys.create_key("a", ["ask"])
    expired, revoked = api_keys.create_key("b", ["ask"], days=1), api_keys.create_key("c", ["ask"])
    assert api_keys.revoke_key(revoked.removeprefix(KEY_PREFIX).partition("_")[0])
    now = store.now
    store.now = lambda: now() + timedelta(days=2)
    wrong = valid[:-1] + ("A" if valid[-1] != "A" else "B")
    client = access_client(OPEN, api_keys)
    keys = (valid, expired, revoked, wrong, KEY_PREFIX, KEY_PREFIX + "0_1")
    codes = [client.post("/api/v1/ask", headers=bearer(key)).status_code for key in keys]
    assert codes == [200, 401, 401, 401, 401, 401]


def test_api_keys_are_rejected_without_a_store() -> None:
    assert access_client(OPEN).get("/v1/models", headers=bearer(KEY_PREFIX + "0_1")).status_code == 401


def test_an_api_key_can_set_its_own_rate_limit(api_keys: ApiKeyStore) -> None:
    key = api_keys.create_key("reports", ["ask"], per_minute=3)
    client = TestClient(AccessMiddleware(RateLimitMiddleware(echo_app, per_minute=1), OPEN, api_keys))
    codes = [client.post("/api/v1/ask", headers=bearer(key)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert [client.post("/api/v1/ask").status_code for _ in range(2)] == [200, 429]


def test_a_failing_database_rejects_api_keys_only(store: Store, api_keys: ApiKeyStore) -> None:
    key = api_keys.create_key("reports", ["ask"])
    with store.session() as session:
        session.execute(text("DROP TABLE api_keys"))
    client = access_client(OPEN, api_keys)
    assert client.post("/api/v1/ask", headers=bearer(key)).status_code == 503
    assert client.get("/healthz", headers=bearer(key)).status_code == 200
    assert client.post("/api/v1/ask").status_code == 200


# Tests of signing in without a provider; tests/browser/test_sign_in.py uses a real one


def test_browsers_are_redirected_to_sign_in_and_programs_get_401() -> None:
    client = access_client(OIDC)
    browser = client.get("/texts/?page=2", headers={"Accept": "text/html"})
    program = client.post("/api/v1/ask", headers={"Accept-Language": "sv"})
    assert browser.status_code == 303
    assert browser.headers["location"] == "/login?next=%2Ftexts%2F%3Fpage%3D2"
    assert program.status_code == 401
    assert program.json()["detail"].startswith("Logga in")


def test_the_return_address_keeps_escaped_characters() -> None:
    response = access_client(OIDC).get("/texts/a%3Fb%23c.md?x=1", headers={"Accept": "text/html"})
    assert response.headers["location"] == "/login?next=%2Ftexts%2Fa%253Fb%2523c.md%3Fx%3D1"


@pytest.mark.parametrize(("groups", "owner"), [(["editors"], True), ([], False)])
def test_a_signed_in_user_has_an_identity(groups: list[str], owner: bool) -> None:
    client = session_client({"name": "bo", "shown": "Bo", "groups": groups, "until": time.time() + 60})
    report = client.get("/texts/").json()
    assert (report["name"], report["owner"], report["signed_in"]) == ("bo", owner, True)


def test_an_expired_session_is_rejected() -> None:
    client = session_client({"name": "bo", "shown": "Bo", "groups": [], "until": time.time() - 1})
    assert client.get("/texts/").status_code == 401
