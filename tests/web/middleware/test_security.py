from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from assistant.settings import Settings
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.server.middleware_stack import allowed_hosts
from tests.web.middleware.echo import echo_app

INTRANET, EVIL = "https://intranet.example", "https://evil.example"


def secured_client(**options: Any) -> TestClient:
    """Return a client for the middleware on its own, with `INTRANET` as an allowed origin."""
    return TestClient(SecurityMiddleware(echo_app, "/chat", (INTRANET,), "en", **options))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:7860", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
def test_only_configured_host_names_are_accepted(host: str, status: int) -> None:
    response = secured_client(allowed_hosts=allowed_hosts(Settings())).get("/healthz", headers={"Host": host})
    assert response.status_code == status
    assert status == 200 or "ASSISTANT_HOSTS" in response.json()["detail"]


def test_any_host_name_is_accepted_if_none_is_configured() -> None:
    assert secured_client().get("/healthz", headers={"Host": "evil.example"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/static/page.css", "/chat/config", "/nothing"])
def test_every_response_has_the_security_headers(path: str) -> None:
    headers = secured_client().get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
    assert policy.endswith(f"frame-ancestors 'self' {INTRANET}")
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_nonce_differs_in_every_response() -> None:
    client = secured_client()
    policies = [client.get("/healthz").headers["content-security-policy"] for _ in range(5)]
    assert len({re.findall(r"'nonce-([^']+)'", policy)[0] for policy in policies}) == 5


@pytest.mark.parametrize("path", ["/owners/", "/owners/feedback.csv", "/metrics"])
def test_private_pages_are_neither_framed_nor_cached(path: str) -> None:
    headers = secured_client().get(path).headers
    assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/v1/ask", {}, 200),
        ("POST", "/api/v1/ask", {"Origin": "http://testserver"}, 200),
        ("POST", "/api/v1/ask", {"Origin": INTRANET}, 200),
        ("POST", "/api/v1/ask", {"Origin": EVIL}, 403),
        ("POST", "/api/v1/ask", {"Origin": "null"}, 403),
        ("POST", "/api/v1/ask", {"Origin": "http://testserver.evil.example"}, 403),
        ("DELETE", "/api/v1/answers/1", {"Origin": EVIL}, 403),
        ("GET", "/api/v1/documents", {"Origin": EVIL}, 200),
        # A proxy may change the Host header, so the browser's Sec-Fetch-Site header takes precedence over it.
        ("POST", "/api/v1/ask", {"Origin": "https://assistant.example", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", "/api/v1/ask", {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, 403),
        # Private pages reject requests from all other origins, even requests that only read.
        ("GET", "/owners/", {"Origin": INTRANET}, 403),
        ("GET", "/metrics", {"Origin": INTRANET}, 403),
        ("POST", "/owners/feedback", {"Origin": INTRANET}, 403),
        ("POST", "/owners/feedback", {"Origin": "http://testserver"}, 200),
        ("GET", "/owners/", {}, 200),
    ],
)
def test_writes_and_private_pages_reject_foreign_origins(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = secured_client().request(method, path, headers=headers)
    assert response.status_code == status
    assert status == 200 or "ASSISTANT_ALLOWED_ORIGINS" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/chat/config", "/chat/assets/index.js", "/chat/gradio_api/queue/join", "/chatter"])
def test_gradio_routes_of_the_chat_page_are_reachable(path: str) -> None:
    assert secured_client().get(path).json()["path"] == path


@pytest.mark.parametrize(
    "path", ["/chat/gradio_api/upload", "/chat/file=/etc/passwd", "/chat/config/", "/chat//config", "/chat/docs"]
)
def test_other_gradio_routes_are_not_found(path: str) -> None:
    assert secured_client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/owners/%0A", "/search/%00", "/%7F"])
def test_paths_with_control_characters_are_not_found(path: str) -> None:
    assert secured_client().get(path).status_code == 404


def test_the_chat_page_is_rewritten_with_the_frame_of_its_identity() -> None:
    async def chat(scope: Scope, receive: Receive, send: Send) -> None:
        assert b"accept-encoding" not in dict(scope["headers"])
        scope["state"]["name"] = "anna"  # normally, the access middleware does this
        scope["path"] = "/"  # normally, mounting the app does this
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'<html lang="en"><head></head><gradio-app></gradio-app>'})

    def render_frame(scope: Scope) -> tuple[str, str, str]:
        return "", f"<p>{scope['state']['name']} at {scope['path']}</p>", ""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await SecurityMiddleware(chat, "/chat", (), "sv", render_frame)({**scope, "state": {}}, receive, send)

    response = TestClient(with_state).get("/chat/")
    assert '<html lang="sv">' in response.text
    assert "<p>anna at /chat/</p><gradio-app>" in response.text
    assert "content-security-policy" in response.headers
