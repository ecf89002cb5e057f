from __future__ import annotations

import asyncio
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.web.server.server import _listen
from tests.browser.conftest import serving
from tests.conftest import ROOT


def test_a_small_answer_does_not_wait_for_the_acknowledgement_of_the_one_before() -> None:
    listener = _listen("127.0.0.1", 0)

    async def nodelay() -> bool:
        """TCP_NODELAY of a connection that asyncio took from the listener, as uvicorn does."""
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            seen.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.close()
            return bool(await asyncio.wait_for(seen, 10))

    with ThreadPoolExecutor(1) as pool:  # the browser's driver keeps a loop running in the thread of the tests
        assert pool.submit(asyncio.run, nodelay()).result()


@pytest.mark.real
def test_a_server_that_is_terminated_closes_what_it_has_open(tmp_path: Path) -> None:
    with serving(tmp_path, ROOT / "corpus", ASSISTANT_WORKERS="1") as server:
        body = b'{"question": "What is SciLifeLab?"}'
        asked = urllib.request.Request(f"{server.url}/api/v1/ask", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(asked, timeout=30).close()
        with urllib.request.urlopen(f"{server.url}/readyz", timeout=30) as ready:
            assert b'"workers":"ok"' in ready.read()
        assert (tmp_path / "store.sqlite-wal").exists()
    assert not (tmp_path / "store.sqlite-wal").exists()  # SQLite clears it away when the database is closed
