from __future__ import annotations

import asyncio
import logging
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ServerStartError, SettingsError
from assistant.settings import Settings
from assistant.web.server import server
from assistant.web.server.server import _listen, _log_requests_to_stderr, make_site, serve
from assistant.web.shared.site import IndexSnapshot, Site
from tests.browser.conftest import serving
from tests.conftest import ROOT
from tests.servers import run_coroutine


@pytest.fixture(autouse=True)
def restore_thread_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use `monkeypatch` to set the variables that `serve` may set, so that pytest restores them after each test."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")


# Tests of listening on a port


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_busy_port_is_reported_before_anything_is_loaded(busy_port: int, tmp_path: Path) -> None:
    settings = Settings(port=busy_port, index=tmp_path / "missing")
    with pytest.raises(
        ServerStartError, match=rf"port {busy_port} on '127\.0\.0\.1' is in use.*--port {busy_port + 1}"
    ):
        serve(settings)


def test_an_address_of_another_machine_is_reported() -> None:
    with pytest.raises(
        ServerStartError, match=r"cannot listen on '192\.0\.2\.1', port 0 \(.*\); change --host or --port"
    ):
        _listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)], ids=["IPv4", "IPv6"]
)
def test_the_listener_accepts_connections(host: str, family: socket.AddressFamily) -> None:
    with _listen(host, 0) as listener:
        assert listener.family == family
        with socket.create_connection(listener.getsockname()[:2], timeout=5) as connection:
            assert connection.getpeername()[:2] == listener.getsockname()[:2]


def test_small_responses_are_not_delayed_by_nagle() -> None:
    listener = _listen("127.0.0.1", 0)

    async def accepted_nodelay() -> bool:
        """Return whether TCP_NODELAY is set on a connection that asyncio accepts in the same way as for uvicorn."""
        nodelay: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def on_connection(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            nodelay.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(on_connection, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.close()
            return bool(await asyncio.wait_for(nodelay, 10))

    assert run_coroutine(accepted_nodelay())


# Tests of settings


def test_an_unreadable_colour_is_reported() -> None:
    with pytest.raises(SettingsError, match="'accent'"):
        serve(Settings(accent="#ffff00"))


@pytest.mark.parametrize("database", ["", "sqlite:///{}/store.sqlite"], ids=["no store", "SQLite"])
def test_the_site_has_branding_store_and_executor(
    site: Site, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: Any) -> IndexSnapshot:
        return site.snapshot

    monkeypatch.setattr(server, "load_snapshot", loaded)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    settings = Settings(database=database.format(tmp_path), store_questions=True)
    made = make_site(settings, site.branding)
    assert (made.snapshot, made.branding, made.trace_exporter) == (site.snapshot, site.branding, None)
    assert made.answer_executor.submit(lambda: 7).result(5) == 7
    made.answer_executor.shutdown()
    assert (made.store is None) == (not database)
    if made.store:
        assert made.store.store_questions
        made.store.close()


def test_request_log_lines_are_written_unformatted(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("assistant.requests")
    before = (logger.handlers[:], logger.level, logger.propagate)
    try:
        _log_requests_to_stderr()
        logger.info('{"status": 200}')
        assert capsys.readouterr().err == '{"status": 200}\n'
    finally:
        logger.handlers, logger.level, logger.propagate = before


# Tests of a running server process


@pytest.mark.real
def test_a_terminated_server_closes_its_store_and_workers(tmp_path: Path) -> None:
    log = tmp_path / "store.sqlite-wal"
    with serving(tmp_path, ROOT / "corpus", ASSISTANT_WORKERS="1") as running:
        body = b'{"question": "What is SciLifeLab?"}'
        request = urllib.request.Request(f"{running.url}/api/v1/ask", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()
        with urllib.request.urlopen(f"{running.url}/readyz", timeout=30) as ready:
            assert b'"workers":"ok"' in ready.read()
        assert log.exists()
    assert not log.exists()  # SQLite deletes this log when the database is closed
