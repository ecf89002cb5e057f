from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.middleware.cors import CORSMiddleware

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.server.app import create_app
from assistant.web.server.middleware_stack import allowed_hosts, requests_per_minute
from assistant.web.site.site import Site
from tests.servers import free_port, redis, running

JSON = {"Content-Type": "application/json"}
ASKED = {"question": "When was the Alpha Institute founded in Lund?"}


@pytest.fixture
def limited(site: Site) -> Iterator[TestClient]:
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=3)
    app.add_middleware(CORSMiddleware, allow_origins=["https://intranet.example"])
    with TestClient(SecurityMiddleware(app, "/chat", (), "en"), base_url="http://127.0.0.1") as client:
        yield client


def test_more_than_is_allowed_in_a_minute_is_refused_with_the_time_to_wait(limited: TestClient) -> None:
    found = [limited.post("/api/v1/ask", json=ASKED) for _ in range(5)]
    assert [response.status_code for response in found] == [200, 200, 200, 429, 429]
    assert 1 <= int(found[-1].headers["retry-after"]) <= 60
    assert found[-1].headers["content-type"] == "application/problem+json"
    swedish = limited.post("/api/v1/ask", json=ASKED, headers={"Accept-Language": "sv"}).json()
    assert swedish["detail"].startswith("För många frågor på en minut; försök igen om ")
    assert "content-security-policy" in found[-1].headers
    assert limited.get("/healthz").status_code == 200
    assert limited.get("/start/").status_code == 200


def test_a_page_of_a_listed_origin_may_read_that_it_was_refused(limited: TestClient) -> None:
    for _ in range(4):
        found = limited.post("/api/v1/ask", json=ASKED, headers={"Origin": "https://intranet.example"})
    assert found.status_code == 403  # not listed with the guard
    for _ in range(4):
        found = limited.get("/api/v1/search?q=lund", headers={"Origin": "https://intranet.example"})
    assert found.status_code == 429
    assert found.headers["access-control-allow-origin"] == "https://intranet.example"


def test_every_way_to_ask_counts_together(limited: TestClient) -> None:
    completion = {"messages": [{"role": "user", "content": "What is AI2?"}]}
    ways: list[Callable[[], Any]] = [
        lambda: limited.post("/api/v1/ask", json=ASKED),
        lambda: limited.post("/v1/chat/completions", json=completion),
        lambda: limited.get("/search/?q=lund"),
        lambda: limited.get("/api/v1/search?q=lund"),
    ]
    assert [way().status_code for way in ways] == [200, 200, 200, 429]


def test_without_a_limit_there_is_none(site: Site) -> None:
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=0)
    with TestClient(app) as client:
        assert {client.post("/api/v1/ask", json=ASKED).status_code for _ in range(70)} == {200}


def test_a_password_can_not_be_guessed_faster_than_that(limited: TestClient) -> None:
    found = [limited.get("/owners/", headers={"Authorization": "Basic eDp5"}).status_code for _ in range(5)]
    assert found == [404, 404, 404, 429, 429]  # this site has no owners' page


def test_a_host_that_is_none_is_refused(site: Site) -> None:
    with TestClient(SecurityMiddleware(create_app(site), "/chat", (), "en", hosts=("localhost",))) as client:
        assert client.get("/healthz", headers={"Host": "[::1"}).status_code == 400


@pytest.fixture
def address(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real server whose answers take a moment, two at once at the most."""
    monkeypatch.setattr("assistant.web.middleware.rate_limits._AT_ONCE", 2)
    app = create_app(site)

    @app.middleware("http")
    async def slowly(request: Any, go_on: Any) -> Any:
        import asyncio

        if request.url.path == "/api/v1/ask":
            await asyncio.sleep(0.5)
        return await go_on(request)

    app.add_middleware(RateLimitMiddleware, per_minute=0)
    with running(app) as address:
        yield address


def test_more_at_once_than_is_worked_on_is_refused_and_room_is_made_again(address: str) -> None:
    codes: list[int] = []

    def ask() -> None:
        codes.append(httpx2.post(f"http://{address}/api/v1/ask", json=ASKED, timeout=30).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(200) == 2
    assert codes.count(503) == 6
    assert httpx2.post(f"http://{address}/api/v1/ask", json=ASKED, timeout=30).status_code == 200


def test_a_body_in_chunks_is_refused_when_it_gets_too_large(address: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(400):
            yield b" " * 1024

    response = httpx2.post(
        f"http://{address}/api/v1/ask", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


def test_a_body_in_few_chunks_arrives_whole(address: str) -> None:
    parts = iter([b'{"question": "When was the Alpha ', b'Institute founded in Lund?"}'])
    response = httpx2.post(f"http://{address}/api/v1/ask", content=parts, headers=JSON)
    assert response.json()["verdict"] == "answered"


def test_a_client_that_goes_away_makes_room(address: str) -> None:
    host, port = address.split(":")
    for _ in range(4):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /api/v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
            )
    time.sleep(0.7)
    assert httpx2.post(f"http://{address}/api/v1/ask", json=ASKED, timeout=30).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:7860", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("", 400),
    ],
)
def test_a_server_answers_to_its_own_names_only(site: Site, host: str, status: int) -> None:
    guarded = SecurityMiddleware(create_app(site), "/chat", (), "en", hosts=allowed_hosts(Settings()))
    with TestClient(guarded) as client:
        response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == status
    assert status == 200 or "ASSISTANT_HOSTS" in response.text


def test_who_sits_at_the_machine_is_not_limited_unless_that_is_said() -> None:
    assert requests_per_minute(Settings()) == 0
    assert requests_per_minute(Settings(host="0.0.0.0")) == 60
    assert requests_per_minute(Settings(rate_per_minute=5)) == 5


def test_readers_of_one_ipv6_network_count_together_and_are_forgotten(site: Site) -> None:
    from assistant.web.middleware.rate_limits import RequestWindows, client_identity

    clients = {client_identity({"type": "http", "client": (f"2001:db8::{n:x}", 1)}) for n in range(50)}
    assert clients == {"address:2001:db8::/64"}
    assert client_identity({"type": "http", "client": ("192.0.2.1", 1)}) == "address:192.0.2.1"
    windows = RequestWindows("")

    async def count(clients: Iterable[str]) -> None:
        for client in clients:
            await windows.wait(3, client)

    with ThreadPoolExecutor(1) as pool:  # the browser's driver keeps a loop running in this thread
        pool.submit(lambda: asyncio.run(count(f"address:{number}" for number in range(2_000)))).result()
        for hits in windows._memory.events.values():
            hits.clear()  # as the library does when a minute is over
        pool.submit(lambda: asyncio.run(count(["address:new"] * 1_000))).result()
    assert len(windows._memory.events) == 1


def test_names_that_are_set_are_the_names(site: Site) -> None:
    assert allowed_hosts(Settings(hosts=("assistant.example",)))[0] == "assistant.example"
    assert allowed_hosts(Settings(host="0.0.0.0")) == ()


def counting(site: Site, storage: str) -> TestClient:
    """A server that counts in `storage`, three requests a minute."""
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=3, storage=storage)
    return TestClient(app)


def test_servers_that_share_a_redis_count_together(site: Site, tmp_path: Path) -> None:
    with redis(tmp_path, free_port()) as storage, counting(site, storage) as one, counting(site, storage) as other:
        found = [client.post("/api/v1/ask", json=ASKED) for client in (one, other, one, other, one)]
    assert [response.status_code for response in found] == [200, 200, 200, 429, 429]
    assert 1 <= int(found[-1].headers["retry-after"]) <= 60


def test_without_its_redis_a_server_counts_by_itself(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with counting(site, f"redis://127.0.0.1:{free_port()}/0") as client:
        codes = [client.post("/api/v1/ask", json=ASKED).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert caplog.text.count("rate_storage can't be reached") == 1


def test_a_redis_that_is_none_is_named(site: Site) -> None:
    with pytest.raises(SettingsError, match="setting 'rate_storage' can't be used"):
        RateLimitMiddleware(create_app(site), 3, "memcached-of-sorts://x")
