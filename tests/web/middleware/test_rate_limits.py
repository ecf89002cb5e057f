from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from assistant.errors import SettingsError
from assistant.store.api_keys import ApiKey
from assistant.web.middleware.rate_limits import RateLimiter, RateLimitMiddleware, rate_limit_key
from assistant.web.shared.identity import Identity
from assistant.web.shared.translations import translate
from tests.servers import free_port, run_coroutine, running_redis, running_server, wait_until
from tests.web.middleware.echo import echo_app

ASK = "/api/v1/ask"
MAX_BODY_BYTES = 256 * 1024


def limited_client(per_minute: int = 3, storage_url: str = "") -> TestClient:
    return TestClient(RateLimitMiddleware(echo_app, per_minute, storage_url))


def statuses(client: TestClient, count: int, path: str = ASK) -> list[int]:
    """Send `count` POST requests and return their status codes."""
    return [client.post(path).status_code for _ in range(count)]


# Tests of the limit on requests per minute


def test_requests_over_the_limit_are_rejected_with_the_time_to_wait() -> None:
    client = limited_client()
    assert statuses(client, 4) == [200, 200, 200, 429]
    response = client.post(ASK, headers={"Accept-Language": "sv"})
    assert response.headers["content-type"] == "application/problem+json"
    seconds = int(response.headers["retry-after"])
    assert 1 <= seconds <= 60
    assert response.json()["detail"] == translate("sv", "limit_rate", seconds=seconds)


@pytest.mark.parametrize("path", ["/healthz", "/start/", "/chat/config", "/api/v1/documents"])
def test_cheap_routes_are_not_limited(path: str) -> None:
    client = limited_client(per_minute=1)
    assert statuses(client, 2) == [200, 429]
    assert client.get(path).status_code == 200


def test_all_limited_routes_share_one_count() -> None:
    client = limited_client(per_minute=7)
    requests: list[Callable[[], Any]] = [
        lambda: client.post(ASK),
        lambda: client.post("/v1/chat/completions"),
        lambda: client.post("/chat/gradio_api/queue/join"),
        lambda: client.get("/search/?q=lund"),
        lambda: client.get("/api/v1/search?q=lund"),
        lambda: client.post("/api/v1/feedback"),
        lambda: client.get("/login"),
        lambda: client.get("/metrics"),
    ]
    assert [request().status_code for request in requests] == [200] * 7 + [429]


def test_guessing_the_owners_password_is_limited() -> None:
    client = limited_client()
    codes = [client.get("/owners/", headers={"Authorization": "Basic eDp5"}).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


def test_zero_means_no_limit() -> None:
    assert set(statuses(limited_client(per_minute=0), 70)) == {200}


@pytest.mark.parametrize(
    ("identity", "address", "expected"),
    [
        (Identity(), "192.0.2.1", "address:192.0.2.1"),
        (Identity(), "2001:db8::1", "address:2001:db8::/64"),
        (Identity(), "2001:db8::ffff:2", "address:2001:db8::/64"),
        (Identity(), "a socket", "address:a socket"),
        (Identity(), None, "address:?"),
    ],
)
def test_anonymous_users_are_counted_by_address(identity: Identity, address: str | None, expected: str) -> None:
    scope = {"type": "http", "client": (address, 1) if address else None, "state": {"identity": identity}}
    assert rate_limit_key(scope) == expected


def test_users_and_api_keys_are_counted_by_identity() -> None:
    def key_of(identity: Identity) -> str:
        return rate_limit_key({"type": "http", "client": ("192.0.2.1", 1), "state": {"identity": identity}})

    api_key = ApiKey("0123", "reports", frozenset({"ask"}), None, None, None)  # type: ignore[arg-type]
    anna = key_of(Identity("anna"))
    assert key_of(Identity(api_key=api_key)) == "key:0123"
    assert anna == key_of(Identity("anna")) != key_of(Identity("bo"))
    assert "anna" not in anna


def test_clients_with_empty_windows_are_removed() -> None:
    limiter = RateLimiter("")

    async def count(clients: Iterable[str]) -> None:
        for client in clients:
            await limiter.count_request(client, 3)

    run_coroutine(count(f"address:{number}" for number in range(2_000)))
    for hits in limiter._memory.events.values():
        hits.clear()  # normally, the rate limit library does this after a minute
    run_coroutine(count(["address:new"] * 1_000))
    assert len(limiter._memory.events) == 1


# Tests of servers that share their request counts in Redis


def test_servers_that_share_redis_count_together(tmp_path: Path) -> None:
    with running_redis(tmp_path, free_port()) as url:
        one, other = limited_client(storage_url=url), limited_client(storage_url=url)
        responses = [client.post(ASK) for client in (one, other, one, other, one)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    assert 1 <= int(responses[-1].headers["retry-after"]) <= 60


def test_a_server_that_cannot_reach_redis_counts_alone(caplog: pytest.LogCaptureFixture) -> None:
    client = limited_client(storage_url=f"redis://127.0.0.1:{free_port()}/0")
    assert statuses(client, 5) == [200, 200, 200, 429, 429]
    assert caplog.text.count("cannot reach rate_storage") == 1


def test_an_invalid_storage_url_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="setting 'rate_storage' is not usable"):
        RateLimitMiddleware(echo_app, 3, "memcached-of-sorts://x")


# Tests of the limit on the size of request bodies


def test_a_body_of_the_maximum_size_arrives_whole() -> None:
    response = limited_client(0).post(ASK, content=b"x" * MAX_BODY_BYTES)
    assert len(response.json()["body"]) == MAX_BODY_BYTES


def test_a_larger_body_is_rejected_because_of_its_declared_length() -> None:
    response = limited_client(0).post(ASK, content=b"x", headers={"Content-Length": str(MAX_BODY_BYTES + 1)})
    assert response.status_code == 413
    assert response.json()["detail"] == translate("en", "limit_size")


@contextmanager
def slow_server(seconds: float) -> Iterator[str]:
    """Run a real server that waits for `seconds` seconds before it responds. Yield the server's address."""

    async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await echo_app(scope, receive, send)

    with running_server(RateLimitMiddleware(slow_app, per_minute=0)) as address:
        yield address


def test_a_chunked_body_is_rejected_once_it_is_too_large() -> None:
    with slow_server(0) as address:
        response = httpx2.post(f"http://{address}{ASK}", content=(b" " * 1024 for _ in range(400)))
    assert response.status_code == 413


def test_a_chunked_body_arrives_whole() -> None:
    with slow_server(0) as address:
        response = httpx2.post(f"http://{address}{ASK}", content=iter([b"one ", b"two ", b"three"]))
    assert response.json()["body"] == "one two three"


# Tests of the limit on concurrent requests


def test_requests_over_the_concurrency_limit_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.middleware.rate_limits._MAX_CONCURRENT", 2)
    responses: list[httpx2.Response] = []
    release = threading.Event()

    async def blocked_app(scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] == "http" and not release.is_set():
            await asyncio.sleep(0.01)
        await echo_app(scope, receive, send)

    with running_server(RateLimitMiddleware(blocked_app, per_minute=0)) as address:

        def ask() -> None:
            responses.append(httpx2.post(f"http://{address}{ASK}", timeout=30))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(responses) == 6)
        release.set()
        for thread in threads:
            thread.join()
        assert sorted(response.status_code for response in responses) == [200] * 2 + [503] * 6
        assert {response.headers.get("retry-after") for response in responses} == {None, "2"}
        assert httpx2.post(f"http://{address}{ASK}", timeout=30).status_code == 200


def test_disconnected_clients_free_their_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.middleware.rate_limits._MAX_CONCURRENT", 2)
    incomplete = b"POST /api/v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
    with slow_server(0.1) as address:
        host, port = address.split(":")
        for _ in range(4):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(incomplete)
        wait_until(lambda: httpx2.post(f"http://{address}{ASK}", timeout=30).status_code == 200)
        assert httpx2.post(f"http://{address}{ASK}", timeout=30).status_code == 200


# Tests of Gradio's queue


def queue_client(status: int) -> TestClient:
    """Return a client for an app that stands in for Gradio's queue and always responds with `status`."""

    async def queue(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"Gradio's own words"})

    return TestClient(RateLimitMiddleware(queue, per_minute=0))


def test_a_full_queue_is_reported_in_the_users_language() -> None:
    response = queue_client(503).post("/chat/gradio_api/queue/join", headers={"Accept-Language": "sv"})
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")
    assert response.json()["detail"] == translate("sv", "limit_busy", seconds=2)


@pytest.mark.parametrize(("status", "path"), [(200, "/chat/gradio_api/queue/join"), (503, ASK)])
def test_other_responses_of_the_app_are_unchanged(status: int, path: str) -> None:
    response = queue_client(status).post(path)
    assert (response.status_code, response.text) == (status, "Gradio's own words")
