from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.reverse_proxy import ReverseProxyMiddleware
from tests.web.clients import PROXY_ADDRESS, STRANGER_ADDRESS
from tests.web.middleware.echo import echo_app

FORWARDED = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Remote-User": "anna"}


def echo(client_address: str, path: str = "/", root_path: str = "") -> dict[str, Any]:
    """Send a request with the headers in `FORWARDED`. Return the request as the middleware passes it on."""
    app = ReverseProxyMiddleware(echo_app, ("10.1.2.0/24",), ("x-remote-user",), root_path)
    report: dict[str, Any] = TestClient(app, client=(client_address, 5000)).get(path, headers=FORWARDED).json()
    return report


@pytest.mark.parametrize("address", [PROXY_ADDRESS, f"::ffff:{PROXY_ADDRESS}"])
def test_headers_of_a_trusted_proxy_are_applied(address: str) -> None:
    report = echo(address)
    assert (report["client"], report["scheme"]) == ("192.0.2.1", "https")
    assert report["headers"]["x-remote-user"] == "anna"


@pytest.mark.parametrize("address", [STRANGER_ADDRESS, "::1", "a socket"])
def test_headers_of_other_clients_are_removed(address: str) -> None:
    report = echo(address)
    assert (report["client"], report["scheme"]) == (address, "http")
    assert not {name.lower() for name in FORWARDED} & report["headers"].keys()


def test_an_ipv4_mapped_address_becomes_plain_ipv4() -> None:
    assert echo(f"::ffff:{STRANGER_ADDRESS}")["client"] == STRANGER_ADDRESS


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/assistant/texts/", "/assistant/texts/"),
        ("/texts/", "/assistant/texts/"),
        ("/assistant", "/assistant/"),
        ("/assistants/", "/assistant/assistants/"),
    ],
)
def test_the_root_path_is_set_whether_or_not_it_was_stripped(path: str, expected: str) -> None:
    report = echo(PROXY_ADDRESS, path, "/assistant")
    assert (report["root_path"], report["path"]) == ("/assistant", expected)


def test_without_a_root_path_the_path_is_unchanged() -> None:
    report = echo(PROXY_ADDRESS, "/assistant/texts/")
    assert (report["root_path"], report["path"]) == ("", "/assistant/texts/")


@pytest.mark.parametrize(("sender", "last_status"), [(PROXY_ADDRESS, 200), (STRANGER_ADDRESS, 429)])
def test_rate_limits_use_only_addresses_that_proxies_forward(sender: str, last_status: int) -> None:
    limited = RateLimitMiddleware(echo_app, per_minute=2)
    client = TestClient(ReverseProxyMiddleware(limited, (PROXY_ADDRESS,)), client=(sender, 5000))
    addresses = ("192.0.2.1", "192.0.2.1", "192.0.2.2")
    codes = [client.post("/api/v1/ask", headers={"X-Forwarded-For": address}).status_code for address in addresses]
    assert codes == [200, 200, last_status]
