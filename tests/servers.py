"""Real servers that tests talk to, each a process of our own on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn

T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on, for a server that has to know its address beforehand."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def until(true: Callable[[], bool]) -> None:
    """Wait for what other threads or processes do."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it didn't happen in twenty seconds")


def postgres_programs() -> Path | None:
    found = shutil.which("initdb") or next(
        (str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None
    )
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL of our own, on loopback."""
    programs = postgres_programs()
    assert programs, "PostgreSQL is not installed; run: make test"
    folder = tmp_path_factory.mktemp("postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_user: dict[str, Any] = {"check": True, "capture_output": True}
    if os.geteuid() == 0:  # it refuses to run as root
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
def redis(folder: Path, port: int) -> Iterator[str]:
    """The address of a real Redis of our own."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 0.1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


@contextmanager
def running(app: Any) -> Iterator[str]:
    """An app as a real server: its host and port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def in_a_loop(make: Callable[[], T]) -> T:
    """What `make` gives where an event loop runs: Gradio makes loops of its own, and leaves them open, where none does.

    In a thread of its own, since the browser's driver keeps a loop running in the thread of the tests.
    """

    async def run() -> T:
        return make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()
