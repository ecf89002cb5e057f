"""Runs real servers for tests: PostgreSQL, Redis and ASGI apps, each on a loopback port."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn

T = TypeVar("T")


def free_port() -> int:
    """Return a free port on the loopback address, for a server whose port must be known before the server starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    """Wait until `condition` returns true, usually as a result of something another thread or process has done.

    Args:
        condition: a function that is called every 20 ms.
        timeout: the maximum time to wait, in seconds.

    Raises:
        AssertionError: if the condition is still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"the condition was still false after {timeout:g} seconds")
        time.sleep(0.02)


def stop_process(process: subprocess.Popen[Any], timeout: float = 20.0) -> None:
    """Terminate `process` and wait for it to end. If it is still running after `timeout` seconds, kill it."""
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout)


def postgres_bin_folder() -> Path | None:
    """Return the folder that contains `initdb` and `pg_ctl`, or None if PostgreSQL is not installed."""
    initdb = shutil.which("initdb") or next(
        (str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None
    )
    return Path(initdb).resolve().parent if initdb else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a temporary PostgreSQL server."""
    programs = postgres_bin_folder()
    assert programs, "PostgreSQL is not installed; run: make test"
    folder = tmp_path_factory.mktemp("postgres")
    port = free_port()
    as_user: dict[str, Any] = {"check": True, "capture_output": True, "timeout": 120}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        for parent in [folder, *folder.parents][:4]:
            parent.chmod(parent.stat().st_mode | 0o055)
        as_user["user"] = "postgres"
    data = folder / "data"
    subprocess.run([programs / "initdb", "-D", data, "-U", "tester", "-A", "trust"], **as_user, cwd=folder)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -F"
    log = folder / "log"
    subprocess.run([programs / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start"],
                   **{**as_user, "capture_output": False}, cwd=folder)  # fmt: skip
    yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **as_user, cwd=folder)


@contextmanager
def running_redis(folder: Path, port: int) -> Iterator[str]:
    """Run a Redis server and yield its URL."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def accepts_connections() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
        except OSError:
            return False
        return True

    try:
        wait_until(accepts_connections)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        stop_process(process)


@contextmanager
def running_server(app: Any) -> Iterator[str]:
    """Serve an ASGI app with uvicorn in a separate thread. Yield the server's address in the form `host:port`."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def run_coroutine(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` in a new thread, as the test thread may already be running the browser driver's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def call_in_event_loop(function: Callable[[], T]) -> T:
    """Call `function` while an event loop is running, and return the result.

    This is for functions that use Gradio: if no event loop is running, Gradio creates its own event loops and never
    closes them.
    """

    async def run() -> T:
        return function()

    return run_coroutine(run())
