"""Tests of signing in while no provider is running. tests/browser/test_sign_in.py uses a real provider."""

from __future__ import annotations

import time
from typing import Any

import pytest

from assistant.settings import Settings
from assistant.web.pages.sign_in import _local_path, _session_user, session_middleware_options
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.servers import run_coroutine
from tests.web.clients import oidc_client
from tests.web.pages.conftest import HTML

SECRET = "x" * 32


class Provider:
    """A fake OpenID Connect provider that returns the same claims for every userinfo request."""

    def __init__(self, claims: dict[str, Any] | None = None) -> None:
        self.claims = claims
        self.server_metadata = {} if claims is None else {"userinfo_endpoint": "http://127.0.0.1:9/userinfo"}

    async def userinfo(self, token: dict[str, Any]) -> dict[str, Any]:
        assert self.claims is not None
        return self.claims


def session_user(id_token: dict[str, Any], userinfo: dict[str, Any] | None = None) -> dict[str, Any]:
    settings = Settings(owners=("group:editors",), oidc_user_claim="sub", oidc_groups_claim="groups")
    return run_coroutine(_session_user(Provider(userinfo), {"userinfo": id_token}, settings))


def test_an_unreachable_provider_is_explained(site: Site) -> None:
    with oidc_client(site) as client:
        response = client.get("/login", headers=HTML)
    assert response.status_code == 502
    assert translate("en", "sign_in_failed") in response.text


@pytest.mark.parametrize("cookie", ["x", "eyJwZXJzb24iOiB7Im5hbWUiOiAiYW5uYSJ9fQ==.aaaa.bbbb"])
def test_a_session_cookie_with_a_false_signature_is_ignored(site: Site, cookie: str) -> None:
    with oidc_client(site) as client:
        assert client.get("/texts/", headers={"Cookie": f"__Host-assistant={cookie}"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "expected"),
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
def test_users_return_only_to_paths_on_this_server(path: str, expected: str) -> None:
    assert _local_path(path) == expected


def test_the_session_has_the_name_and_owner_groups_for_a_working_day() -> None:
    user = session_user({"sub": "anna", "name": "Anna Berg", "groups": ["editors", "staff"]})
    assert (user["name"], user["shown"], user["groups"]) == ("anna", "Anna Berg", ["editors"])
    assert 0 <= time.time() + 8 * 3600 - user["until"] < 60


def test_groups_missing_from_the_token_come_from_userinfo() -> None:
    user = session_user({"sub": "anna"}, {"sub": "anna", "groups": "editors", "name": "A" * 100})
    assert user["groups"] == ["editors"]
    assert user["shown"] == "A" * 80


def test_userinfo_about_another_user_is_ignored() -> None:
    user = session_user({"sub": "anna"}, {"sub": "bo", "groups": ["editors"]})
    assert (user["name"], user["shown"], user["groups"]) == ("anna", "anna", [])


def test_a_token_without_the_user_claim_is_rejected() -> None:
    with pytest.raises(KeyError):
        session_user({"name": "Anna"})


def test_the_cookie_is_bound_to_the_host_over_https() -> None:
    options = session_middleware_options(Settings(public_url="https://assistant.example", session_secret=SECRET))
    assert (options["session_cookie"], options["https_only"]) == ("__Host-assistant", True)
    assert (options["secret_key"], options["same_site"], options["max_age"]) == (SECRET, "lax", 8 * 3600)


def test_without_a_configured_secret_each_start_creates_a_new_one() -> None:
    settings = Settings(public_url="http://127.0.0.1:7860")
    first, second = session_middleware_options(settings), session_middleware_options(settings)
    assert (first["session_cookie"], first["https_only"]) == ("assistant", False)
    assert first["secret_key"] != second["secret_key"]
    assert len(first["secret_key"]) >= 32
