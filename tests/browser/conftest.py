"""A real server process and a real Chromium."""

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


PASSWORD = "rain and snow"


@contextmanager
def serving(folder: Path, corpus: Path, port: int = 0, **settings: str) -> Iterator[Server]:
    """`assistant index` and `assistant serve` over `corpus`, on a free port, with what they write in `folder`."""
    own = {
        "ASSISTANT_CACHE": str(CACHE), "ASSISTANT_CONTACT": "info@example.org", "ASSISTANT_STORE_QUESTIONS": "true",
        "ASSISTANT_DATABASE": f"sqlite:///{folder / 'store.sqlite'}", "ASSISTANT_PROBES": str(folder / "probes.jsonl"),
        "ASSISTANT_OWNERS_PASSWORD": PASSWORD, "ASSISTANT_RATE_PER_MINUTE": "0",
    }  # fmt: skip
    environment = {**os.environ, **own, **settings}
    places = ["--corpus", str(corpus), "--index", str(folder / "index")]
    subprocess.run([sys.executable, "-m", "assistant", "index", *places], check=True, cwd=ROOT, env=environment)
    command = [sys.executable, "-m", "tests.browser.guarded_serve", str(folder / "hosts"), *places, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "ready on http://" in line
        try:
            yield Server(line.split()[-1], folder / "hosts")
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The seed texts, served."""
    with serving(tmp_path_factory.mktemp("served"), ROOT / "corpus") as started:
        yield started


@dataclass
class Visit:
    """An open page with what it asked for and complained of."""

    page: Page
    url: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        """Go to a page and wait until it can be used."""
        self.page.goto(self.url + path)
        if "/chat" in self.page.url:
            self.page.locator("#question textarea").wait_for()
            self.page.locator("body > [role=status]").wait_for(state="attached")  # our script runs

    def ask(self, question: str) -> None:
        """Type a question and wait until its answer is whole."""
        before = self.page.locator(".answer.whole").count()
        self.page.locator("#question textarea").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator(".answer.whole").nth(before).wait_for()


@contextmanager
def visiting(browser: Browser, url: str, language: str = "en", **more: Any) -> Iterator[Visit]:
    """A fresh browser window in a language."""
    options = {"viewport": {"width": 390, "height": 800}, **more}
    context = browser.new_context(locale={"en": "en-GB", "sv": "sv-SE"}[language], **options)
    context.set_default_timeout(10_000)
    visit = Visit(context.new_page(), url)
    visit.page.on("request", lambda made: visit.hosts.add(urlsplit(made.url).hostname or ""))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        yield visit
    finally:
        context.close()


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
