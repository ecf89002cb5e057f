"""Runs a server process with real documents, and opens pages in Chromium, recording their requests and errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from assistant.conversation.assistant import Assistant
from tests.conftest import CACHE, ROOT
from tests.servers import stop_process

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: the server's address.
        log: the file that lists every host that the server has looked up or connected to.
    """

    url: str
    log: Path

    def hosts(self) -> set[str]:
        """Return the hosts listed in the log."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return {line.split(" ", 1)[1] for line in lines}


PASSWORD = "rain and snow"


@contextmanager
def serving(folder: Path, corpus: Path, port: int = 0, **settings: str) -> Iterator[Server]:
    """Index the documents in `corpus`, and run a server that answers from them.

    Args:
        folder: the folder where the index, the database and other files are stored.
        corpus: the folder that contains the documents.
        port: the port to listen on, or 0 to let the system choose a free port.
        settings: environment variables that configure both the indexing command and the server.
    """
    defaults = {
        "ASSISTANT_CACHE": str(CACHE), "ASSISTANT_CONTACT": "info@example.org", "ASSISTANT_STORE_QUESTIONS": "true",
        "ASSISTANT_DATABASE": f"sqlite:///{folder / 'store.sqlite'}", "ASSISTANT_PROBES": str(folder / "probes.jsonl"),
        "ASSISTANT_OWNERS_PASSWORD": PASSWORD, "ASSISTANT_RATE_PER_MINUTE": "0",
    }  # fmt: skip
    environment = {**os.environ, **defaults, **settings}
    paths = ["--corpus", str(corpus), "--index", str(folder / "index")]
    subprocess.run(
        [sys.executable, "-m", "assistant", "index", *paths], check=True, cwd=ROOT, env=environment, timeout=600
    )
    command = [sys.executable, "-m", "tests.browser.guarded_serve", str(folder / "hosts"), *paths, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "ready on http://" in line
            yield Server(line.split()[-1], folder / "hosts")
        finally:
            stop_process(process)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that answers from the documents in corpus/."""
    with serving(tmp_path_factory.mktemp("served"), ROOT / "corpus") as server:
        yield server


@dataclass
class Visit:
    """A page in Chromium, with a record of its console errors and of the hosts that it sends requests to."""

    page: Page
    url: str
    requested_hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        """Go to the page at `path` and wait until it is ready for use."""
        self.page.goto(self.url + path)
        if "/chat" in self.page.url:
            self.page.locator("#question textarea").wait_for()
            self.page.locator("body > [role=status]").wait_for(state="attached")  # page.js adds this element

    def ask(self, question: str) -> None:
        """Type a question and wait for the complete answer."""
        count = self.page.locator(".answer.whole").count()
        self.page.locator("#question textarea").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator(".answer.whole").nth(count).wait_for()


@contextmanager
def visiting(browser: Browser, url: str, language: str = "en", **context_options: Any) -> Iterator[Visit]:
    """Open a blank page in a new browser profile that is set to the given language."""
    options = {"viewport": {"width": 390, "height": 800}, **context_options}
    context = browser.new_context(locale={"en": "en-GB", "sv": "sv-SE"}[language], **options)
    context.set_default_timeout(10_000)
    visit = Visit(context.new_page(), url)
    visit.page.on("request", lambda request: visit.requested_hosts.add(urlsplit(request.url).hostname or ""))
    visit.page.on("console", lambda message: visit.errors.append(message.text) if message.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    try:
        yield visit
    finally:
        context.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium browser, started from the copy installed on this machine."""
    programs = ("chromium", "chromium-browser", "google-chrome")
    path = next((path for name in programs if (path := shutil.which(name))), None)
    assert path, "Chromium is not installed; run: make test"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def assistant(seed_assistant: Assistant) -> Assistant:
    """An assistant that runs in the test process and answers from the same documents as `server`."""
    return seed_assistant
