"""A real server process and a real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from assistant.chat import Assistant
from tests.conftest import CACHE, ROOT

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Server:
    """Where a server listens, and the file that names every host it asked for."""

    url: str
    log: Path

    def hosts(self) -> set[str]:
        """The hosts that the process looked up or connected to."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return {line.split(" ", 1)[1] for line in lines}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`assistant index` and `assistant serve` over the seed texts, on a free port."""
    folder = tmp_path_factory.mktemp("served")
    environment = {**os.environ, "ASSISTANT_CACHE": str(CACHE), "ASSISTANT_CONTACT": "info@example.org"}
    places = ["--corpus", str(ROOT / "corpus"), "--index", str(folder / "index")]
    subprocess.run([sys.executable, "-m", "assistant", "index", *places], check=True, cwd=ROOT, env=environment)
    command = [sys.executable, "-m", "tests.browser.guarded_serve", str(folder / "hosts"), *places, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "ready on http://" in line
        yield Server(line.split()[-1], folder / "hosts")
        process.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    assert path, "Chromium is not installed; run: make test"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def assistant(seed_assistant: Assistant) -> Assistant:
    """The same texts in this process."""
    return seed_assistant
