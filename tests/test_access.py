from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from assistant.errors import SettingsError, StoreError
from assistant.settings import Settings, load_settings
from assistant.store.api_keys import KEY_PREFIX, ApiKeyStore
from assistant.web.server.middleware_stack import allowed_hosts, build_server_app
from assistant.web.site.site import Site
from tests.servers import in_a_loop

PROXY, STRANGER = "10.1.2.3", "10.9.9.9"
ASKED = {"question": "When was the Alpha Institute founded in Lund?"}
OPEN = ("/healthz", "/readyz", "/static/site.css", "/widget.js", "/widget/1/widget.js", "/favicon.ico")
CLOSED = (
    "/", "/chat/", "/chat/config", "/chat/theme.css", "/chat/gradio_api/startup-events", "/start/", "/texts/",
    "/search/", "/about/", "/widget/", "/sources/abc", "/owners/", "/metrics", "/api/openapi.json", "/api/v1/documents",
    "/api/v1/passages/abc", "/api/v1/search?q=x", "/v1/models", "/logo/", "/static", "/nowhere",
)  # fmt: skip


@contextmanager
def served(site: Site, sender: str = "127.0.0.1", **settings: Any) -> Iterator[TestClient]:
    """The whole server as `sender` meets it."""
    made = Settings(**{"rate_per_minute": 0, "hosts": ("testserver",), **settings})
    with TestClient(
        in_a_loop(lambda: build_server_app(site, made)), client=(sender, 5000), follow_redirects=False
    ) as client:
        yield client


def behind_proxy(site: Site, sender: str = PROXY, **more: Any) -> Any:
    return served(site, sender, access="proxy", proxies=("10.1.2.0/24",), **more)


def oidc(site: Site, **more: Any) -> Any:
    provider = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client": "x", "public_url": "https://assistant.example"}
    return served(site, access="oidc", **provider, **more)


def test_anybody_may_ask_an_open_server(site: Site) -> None:
    with served(site) as client:
        assert client.post("/api/v1/ask", json=ASKED).json()["verdict"] == "answered"
        assert client.post("/api/v1/ask", json=ASKED, headers={"Authorization": "Bearer none"}).status_code == 200


@pytest.mark.parametrize("way", [behind_proxy, oidc])
def test_a_closed_server_shows_nothing_of_itself_to_somebody_unknown(site: Site, way: Any) -> None:
    with way(site) as client:
        for path in CLOSED:
            response = client.get(path)
            assert response.status_code == 401, path
            assert "Alpha" not in response.text


@pytest.mark.parametrize("way", [behind_proxy, oidc])
def test_what_holds_no_text_is_open_on_a_closed_server(site: Site, way: Any) -> None:
    with way(site) as client:
        assert [client.get(path).status_code for path in OPEN] == [200] * len(OPEN)


def test_whom_the_proxy_names_may_ask(site: Site) -> None:
    with behind_proxy(site) as client:
        response = client.post("/api/v1/ask", json=ASKED, headers={"X-Remote-User": "anna"})
        page = client.get("/texts/", headers={"X-Remote-User": "anna<b>"})
    assert response.json()["verdict"] == "answered"
    assert "Signed in as anna&lt;b&gt;." in page.text


@pytest.mark.parametrize("name", ["X-Remote-User", "x-remote-user", "X-REMOTE-USER"])
def test_a_name_from_anybody_but_the_proxy_is_taken_away(site: Site, name: str) -> None:
    with behind_proxy(site, STRANGER) as client:
        refused = client.post("/api/v1/ask", json=ASKED, headers={name: "anna", "X-Forwarded-For": PROXY})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


def test_two_names_are_none(site: Site) -> None:
    with behind_proxy(site) as client:
        headers = [("X-Remote-User", "anna"), ("X-Remote-User", "the owner")]
        assert client.get("/texts/", headers=headers).status_code == 401
        assert client.get("/texts/", headers={"X-Remote-User": "  "}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Remote-User": "anna"}, 200),
        ({"X-Remote-User": "bo"}, 403),
        ({"X-Remote-User": "bo", "X-Remote-Groups": "readers, editors"}, 200),
        ({"X-Remote-User": "group:editors"}, 403),  # a name is no group, whatever it looks like
        ({"X-Remote-User": "bo", "X-Remote-Groups": "group:editors"}, 403),
    ],
)
def test_the_owners_page_and_the_metrics_are_for_owners(site: Site, headers: dict[str, str], status: int) -> None:
    with behind_proxy(site, owners=("anna", "group:editors")) as client:
        for path in ("/owners/", "/metrics"):
            assert client.get(path, headers={**headers, "Accept": "text/html"}).status_code == status


def test_two_lists_of_groups_are_none(site: Site) -> None:
    with behind_proxy(site, owners=("group:editors",)) as client:
        headers = [("X-Remote-User", "bo"), ("X-Remote-Groups", "editors"), ("X-Remote-Groups", "readers")]
        assert client.get("/metrics", headers=headers).status_code == 403


def test_a_listed_origin_may_ask_and_not_read_what_is_for_owners(site: Site) -> None:
    origin = {"Origin": "https://intranet.example", "X-Remote-User": "anna"}
    with behind_proxy(site, owners=("anna",), allowed_origins=("https://intranet.example",)) as client:
        assert client.post("/api/v1/ask", json=ASKED, headers=origin).status_code == 200
        for path in ("/owners/", "/owners/feedback.csv", "/metrics"):
            response = client.get(path, headers=origin)
            assert response.status_code == 403
            assert "access-control-allow-origin" not in response.headers
            assert client.get(path, headers={"X-Remote-User": "anna"}).status_code == 200


def test_what_somebody_who_signed_in_sees_is_for_no_cache(site: Site) -> None:
    with behind_proxy(site) as client:
        own = {"X-Remote-User": "anna"}
        assert client.get("/texts/", headers=own).headers["cache-control"] == "private, no-store"
        assert "no-store" not in client.get("/static/site.css", headers=own).headers.get("cache-control", "")


def test_a_proxy_is_known_by_its_address_inside_ipv6(site: Site) -> None:
    with behind_proxy(site, f"::ffff:{PROXY}") as client:
        assert client.get("/texts/", headers={"X-Remote-User": "anna"}).status_code == 200


def test_somebody_who_is_known_is_not_asked_for_a_password(site: Site) -> None:
    with behind_proxy(site, owners=("anna",), owners_password="rain") as client:
        refused = client.get("/owners/", headers={"X-Remote-User": "bo", "Accept": "text/html"})
    assert refused.status_code == 403
    assert "www-authenticate" not in refused.headers
    assert "This page is for those who look after the texts." in refused.text


def test_the_address_that_a_proxy_tells_is_the_clients(site: Site) -> None:
    with served(site, PROXY, proxies=(PROXY,), rate_per_minute=2) as client:
        codes = [
            client.post("/api/v1/ask", json=ASKED, headers={"X-Forwarded-For": sender}).status_code
            for sender in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2")
        ]
    assert codes == [200, 200, 200, 429, 200]


def test_an_address_that_anybody_else_tells_is_not(site: Site) -> None:
    with served(site, STRANGER, proxies=(PROXY,), rate_per_minute=2) as client:
        codes = [
            client.post("/api/v1/ask", json=ASKED, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
            for n in range(3)
        ]
    assert codes == [200, 200, 429]


@pytest.mark.parametrize("prefix", ["", "/intranet/assistant"])
def test_a_sub_path_may_come_with_the_request_or_be_taken_off(site: Site, prefix: str) -> None:
    with served(site, public_url="http://testserver/intranet/assistant") as client:
        assert client.get(prefix + "/texts/").status_code == 200
        assert '../static/site.css"' in client.get(prefix + "/texts/").text
        page = client.get(prefix + "/chat/").text
        assert client.post(prefix + "/api/v1/ask", json=ASKED).status_code == 200
        assert client.get(prefix + "/chat/gradio_api/upload").status_code == 404
    assert 'id="welcome"' in page


# Keys of programs


@pytest.fixture
def keys(site: Site) -> ApiKeyStore:
    assert site.store
    return ApiKeyStore(site.store)


def sent(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_opens_what_it_is_for_and_nothing_else(site: Site, keys: ApiKeyStore) -> None:
    key = keys.create("reports", ["ask"])
    with behind_proxy(site, STRANGER) as client:
        assert client.post("/api/v1/ask", json=ASKED, headers=sent(key)).status_code == 200
        assert client.get("/v1/models", headers={"X-API-Key": key}).status_code == 200
        for path in ("/api/v1/documents", "/metrics", "/owners/", "/chat/", "/texts/", "/api/openapi.json"):
            assert client.get(path, headers=sent(key)).status_code == 403
    with served(site) as client:  # a key is what it is on an open server, too
        assert client.get("/api/v1/documents", headers=sent(key)).status_code == 403


def test_a_key_for_the_metrics_reads_them(site: Site, keys: ApiKeyStore) -> None:
    key = keys.create("prometheus", ["metrics"])
    with behind_proxy(site, STRANGER) as client:
        assert "assistant_answers_total" in client.get("/metrics", headers=sent(key)).text
        assert client.post("/api/v1/ask", json=ASKED, headers=sent(key)).status_code == 403


def test_a_key_that_is_wrong_revoked_or_ended_is_refused(site: Site, keys: ApiKeyStore) -> None:
    good, brief, gone = keys.create("a", ["ask"]), keys.create("b", ["ask"], days=1), keys.create("c", ["ask"])
    assert keys.revoke(keys.all()[-1].key_id)
    store = site.store
    assert store
    now = store.now
    store.now = lambda: now() + timedelta(days=2)
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    with served(site) as client:
        codes = [
            client.post("/api/v1/ask", json=ASKED, headers=sent(key)).status_code
            for key in (good, brief, gone, wrong, KEY_PREFIX, KEY_PREFIX + "0_1")
        ]
    assert codes == [200, 401, 401, 401, 401, 401]


def test_a_key_has_its_own_limit(site: Site, keys: ApiKeyStore) -> None:
    key = keys.create("reports", ["ask"], per_minute=3)
    with served(site, rate_per_minute=1) as client:
        codes = [client.post("/api/v1/ask", json=ASKED, headers=sent(key)).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        assert [client.post("/api/v1/ask", json=ASKED).status_code for _ in range(2)] == [200, 429]


def test_a_database_that_fails_refuses_keys_and_nothing_else(site: Site, keys: ApiKeyStore) -> None:
    key = keys.create("reports", ["ask"])
    with served(site) as client:
        assert site.store
        with site.store.session() as session:
            session.execute(text("DROP TABLE api_keys"))
        refused = client.post("/api/v1/ask", json=ASKED, headers=sent(key))
        assert refused.status_code == 503
        assert client.get("/healthz", headers=sent(key)).status_code == 200
        assert client.post("/api/v1/ask", json=ASKED).status_code == 200


def test_a_key_is_not_kept(site: Site, keys: ApiKeyStore) -> None:
    key = keys.create("reports", ["ask"])
    assert site.store
    file = Path(str(site.store._engine.url.database))
    written = b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
    assert key.split("_")[1].encode() in written
    assert key.split("_", 2)[2].encode() not in written


def test_a_scope_that_there_is_not_is_named(keys: ApiKeyStore) -> None:
    with pytest.raises(StoreError, match=r"no scope 'everything'; there are: ask, texts, feedback, metrics"):
        keys.create("x", ["everything"])


# Signing in; the way through a real provider is in tests/browser/test_sign_in.py


def test_a_person_is_sent_to_sign_in_and_a_program_is_told(site: Site) -> None:
    with oidc(site) as client:
        person = client.get("/texts/?page=2", headers={"Accept": "text/html"})
        program = client.post("/api/v1/ask", json=ASKED, headers={"Accept-Language": "sv"})
    assert person.status_code == 303
    assert person.headers["location"] == "/login?next=%2Ftexts%2F%3Fpage%3D2"
    assert program.status_code == 401
    assert program.json()["detail"] == "Logga in först."


def test_a_place_with_signs_of_its_own_is_come_back_to(site: Site) -> None:
    with oidc(site) as client:
        moved = client.get("/texts/a%3Fb%23c.md?x=1", headers={"Accept": "text/html"}).headers["location"]
    assert unquote(moved.partition("next=")[2]) == "/texts/a%3Fb%23c.md?x=1"


def test_a_provider_that_can_not_be_reached_gives_a_page_that_says_so(site: Site) -> None:
    with oidc(site) as client:
        response = client.get("/login", headers={"Accept": "text/html"})
    assert response.status_code == 502
    assert "Signing in didn&#39;t work" in response.text


@pytest.mark.parametrize("cookie", ["x", "eyJwZXJzb24iOiB7Im5hbWUiOiAiYW5uYSJ9fQ==.aaaa.bbbb"])
def test_a_cookie_that_was_not_signed_here_is_nothing(site: Site, cookie: str) -> None:
    with oidc(site) as client:
        assert client.get("/texts/", headers={"Cookie": f"__Host-assistant={cookie}"}).status_code == 401


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("/texts/?page=2", "/texts/?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("texts", "/"),
        ("/" + "x" * 501, "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(place: str, own: str) -> None:
    from assistant.web.pages.sign_in import _local_path

    assert _local_path(place) == own


def test_credentials_are_let_through_for_listed_origins_where_people_sign_in_only(site: Site) -> None:
    origin = {"Origin": "https://intranet.example"}
    with oidc(site, allowed_origins=("https://intranet.example",)) as client:
        assert client.get("/healthz", headers=origin).headers["access-control-allow-credentials"] == "true"
        foreign = client.get("/healthz", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers
    with served(site, allowed_origins=("https://intranet.example",)) as client:
        assert "access-control-allow-credentials" not in client.get("/healthz", headers=origin).headers


def test_an_open_server_sets_no_cookie(site: Site) -> None:
    with served(site) as client:
        for path in ("/chat/", "/texts/", "/start/", "/widget/"):
            assert "set-cookie" not in client.get(path).headers


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ACCESS": "proxy"}, "access = proxy needs proxies"),
        ({"ACCESS": "oidc"}, "access = oidc needs oidc_issuer"),
        ({"ACCESS": "oidc", "OIDC_ISSUER": "https://x", "OIDC_CLIENT": "y"}, "access = oidc needs public_url"),
        ({"ACCESS": "anybody"}, "'open', 'proxy' or 'oidc'"),
        ({"PROXIES": "the proxy"}, "'the proxy' does not appear to be an IPv4 or IPv6 network"),
        ({"PUBLIC_URL": "assistant.example"}, "no address like https://assistant.example"),
        ({"SESSION_SECRET": "short"}, "session_secret needs 32 characters"),
        ({"USER_HEADER": "X Remote"}, "String should match pattern"),
    ],
)
def test_settings_that_do_not_fit_together_say_so(variables: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings({f"ASSISTANT_{name}": value for name, value in variables.items()})


def test_a_public_address_is_one_of_the_servers_names() -> None:
    assert "assistant.example" in allowed_hosts(Settings(public_url="https://assistant.example:8443/x/"))
    assert Settings(public_url="https://assistant.example/x/").public_path == "/x"
    assert allowed_hosts(Settings(host="0.0.0.0", hosts=("a",), public_url="https://b.example"))[:2] == (
        "a",
        "b.example",
    )
