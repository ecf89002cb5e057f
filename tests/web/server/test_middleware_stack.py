from __future__ import annotations

import sys

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.web.server.middleware_stack import allowed_hosts, build_server_app, requests_per_minute
from assistant.web.shared.site import Site
from tests.web.clients import STRANGER_ADDRESS, oidc_client, proxy_client, server_client

INTRANET = "https://intranet.example"
QUESTION = {"question": "When was the Alpha Institute founded in Lund?"}
ANNA, BO = {"X-Remote-User": "anna"}, {"X-Remote-User": "bo"}


# Tests of settings


def test_loopback_is_unlimited_by_default() -> None:
    assert requests_per_minute(Settings()) == 0
    assert requests_per_minute(Settings(host="0.0.0.0")) == 60
    assert requests_per_minute(Settings(proxies=("127.0.0.1",))) == 60
    assert requests_per_minute(Settings(rate_per_minute=5)) == 5
    assert requests_per_minute(Settings(host="0.0.0.0", rate_per_minute=0)) == 0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), {"127.0.0.1", "localhost", "::1"}),
        (Settings(host="192.0.2.1"), {"192.0.2.1", "127.0.0.1", "localhost", "::1"}),
        (Settings(host="0.0.0.0"), set()),
        (Settings(host="::"), set()),
        (Settings(hosts=("a.example",)), {"a.example", "127.0.0.1", "localhost", "::1"}),
        (
            Settings(host="0.0.0.0", public_url="https://b.example:8443/x/"),
            {"b.example", "0.0.0.0", "127.0.0.1", "localhost", "::1"},
        ),
        (
            Settings(hosts=("a.example",), public_url="https://b.example"),
            {"a.example", "b.example", "127.0.0.1", "localhost", "::1"},
        ),
    ],
)
def test_allowed_hosts_follow_from_the_settings(settings: Settings, expected: set[str]) -> None:
    assert set(allowed_hosts(settings)) == expected


def test_a_missing_package_for_signing_in_is_a_settings_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette.middleware.sessions", None)
    settings = Settings(
        access="oidc", oidc_issuer="http://127.0.0.1:9", oidc_client="x", public_url="https://a.example"
    )
    with pytest.raises(SettingsError, match=r"access = oidc needs .*pip install '\.\[oidc\]'"):
        build_server_app(site, settings)


# Tests of the order of the middleware


def test_rejections_carry_request_id_security_and_cors_headers(site: Site) -> None:
    headers = {"Origin": INTRANET}
    with server_client(site, rate_per_minute=1, allowed_origins=(INTRANET,)) as client:
        assert client.post("/api/v1/ask", json=QUESTION, headers=headers).status_code == 200
        limited = client.post("/api/v1/ask", json=QUESTION, headers=headers)
    with proxy_client(site, allowed_origins=(INTRANET,)) as client:
        anonymous = client.get("/api/v1/documents", headers=headers)
    assert (limited.status_code, anonymous.status_code) == (429, 401)
    for response in (limited, anonymous):
        assert response.headers["access-control-allow-origin"] == INTRANET
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(response.headers["x-request-id"]) == 32


def test_rate_limits_count_users_rather_than_their_proxy(site: Site) -> None:
    with proxy_client(site, rate_per_minute=1) as client:
        codes = [client.post("/api/v1/ask", json=QUESTION, headers=headers).status_code for headers in (ANNA, BO, ANNA)]
    assert codes == [200, 200, 429]


def test_only_the_proxy_may_send_a_user_header(site: Site) -> None:
    headers = {"X-Remote-User": "anna", "X-Forwarded-For": "10.1.2.3"}
    with proxy_client(site) as client:
        assert client.post("/api/v1/ask", json=QUESTION, headers=headers).json()["verdict"] == "answered"
    with proxy_client(site, STRANGER_ADDRESS) as client:
        rejected = client.post("/api/v1/ask", json=QUESTION, headers=headers)
    assert rejected.status_code == 401
    assert rejected.headers["content-type"] == "application/problem+json"


def test_pages_show_the_escaped_name_of_the_user(site: Site) -> None:
    with proxy_client(site) as client:
        page = client.get("/texts/", headers={"X-Remote-User": "anna<b>"}).text
    assert "anna&lt;b&gt;" in page
    assert "anna<b>" not in page


def test_only_owners_may_open_the_owners_page_and_the_metrics(site: Site) -> None:
    with proxy_client(site, owners=("anna",), owners_password="rain") as client:
        for path in ("/owners/", "/metrics"):
            assert client.get(path, headers=ANNA).status_code == 200
            rejected = client.get(path, headers=BO)
            assert rejected.status_code == 403
            assert "www-authenticate" not in rejected.headers  # a known user isn't asked for a password


def test_an_api_key_reads_the_metrics(site: Site) -> None:
    assert site.store
    key = ApiKeyStore(site.store).create_key("prometheus", ["metrics"])
    headers = {"Authorization": f"Bearer {key}"}
    with proxy_client(site, STRANGER_ADDRESS) as client:
        assert "assistant_answers_total" in client.get("/metrics", headers=headers).text
        assert client.post("/api/v1/ask", json=QUESTION, headers=headers).status_code == 403


def test_an_allowed_origin_may_ask_but_not_act_as_an_owner(site: Site) -> None:
    headers = {**ANNA, "Origin": INTRANET}
    with proxy_client(site, owners=("anna",), allowed_origins=(INTRANET,)) as client:
        assert client.post("/api/v1/ask", json=QUESTION, headers=headers).status_code == 200
        for path in ("/owners/", "/owners/feedback.csv", "/metrics"):
            rejected = client.get(path, headers=headers)
            assert rejected.status_code == 403
            assert "access-control-allow-origin" not in rejected.headers
            assert client.get(path, headers=ANNA).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/intranet/assistant"])
def test_a_sub_path_works_whether_or_not_the_proxy_strips_it(site: Site, prefix: str) -> None:
    with server_client(site, public_url="http://testserver/intranet/assistant") as client:
        assert '../static/site.css"' in client.get(prefix + "/texts/").text
        chat = client.get(prefix + "/chat/").text
        assert client.post(prefix + "/api/v1/ask", json=QUESTION).status_code == 200
        assert client.get(prefix + "/chat/gradio_api/upload").status_code == 404
    assert 'id="welcome"' in chat


# Tests of sessions and cookies


def test_cors_credentials_are_allowed_only_where_users_sign_in(site: Site) -> None:
    headers = {"Origin": INTRANET}
    with oidc_client(site, allowed_origins=(INTRANET,)) as client:
        assert client.get("/healthz", headers=headers).headers["access-control-allow-credentials"] == "true"
        foreign = client.get("/healthz", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers
    with server_client(site, allowed_origins=(INTRANET,)) as client:
        assert "access-control-allow-credentials" not in client.get("/healthz", headers=headers).headers


def test_an_open_server_sets_no_cookie(site: Site) -> None:
    with server_client(site) as client:
        for path in ("/chat/", "/texts/", "/start/", "/widget/"):
            response = client.get(path)
            assert response.status_code == 200
            assert "set-cookie" not in response.headers
