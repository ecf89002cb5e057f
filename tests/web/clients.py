"""Test clients for the complete server, which consists of the app, the chat page and all middleware."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from fastapi.testclient import TestClient

from assistant.settings import Settings
from assistant.web.shared.site import Site
from tests.servers import call_in_event_loop

PROXY_ADDRESS, STRANGER_ADDRESS = "10.1.2.3", "10.9.9.9"


@contextmanager
def server_client(site: Site, client_address: str = "127.0.0.1", **settings: Any) -> Iterator[TestClient]:
    """Yield a client for the complete server, which has no rate limit by default."""
    from assistant.web.server.middleware_stack import build_server_app  # this imports Gradio, which is slow to load

    all_settings = Settings(**{"rate_per_minute": 0, "hosts": ("testserver",), **settings})
    app = call_in_event_loop(lambda: build_server_app(site, all_settings))
    with TestClient(app, client=(client_address, 5000), follow_redirects=False) as client:
        yield client


def proxy_client(
    site: Site, client_address: str = PROXY_ADDRESS, **settings: Any
) -> AbstractContextManager[TestClient]:
    """Return a client for a server that gets its users' names from a reverse proxy."""
    return server_client(site, client_address, access="proxy", proxies=("10.1.2.0/24",), **settings)


def oidc_client(site: Site, **settings: Any) -> AbstractContextManager[TestClient]:
    """Return a client for a server that requires users to sign in. No sign-in provider is running."""
    provider = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client": "x", "public_url": "https://assistant.example"}
    return server_client(site, access="oidc", **provider, **settings)
