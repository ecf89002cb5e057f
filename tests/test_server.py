from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from assistant.web.server import _listen


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
