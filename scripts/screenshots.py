"""`make screenshots`: a picture of every state in docs/, from a real server and a real Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.serving import serving

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
DOCS = Path(__file__).parent.parent / "docs"
WIDE, NARROW = (1200, 800), (390, 844)
ASKED = {"en": "What is NBIS?", "sv": "Vem finansierar de nationella forskningsprojekten?"}
REFUSED = {"en": "How do I bake bread?", "sv": "Hur lagar man köttbullar?"}


def asked(question: str) -> Callable[[Page], None]:
    """The chat after `question`."""

    def run(page: Page) -> None:
        page.locator("#question textarea").fill(question)
        page.keyboard.press("Enter")
        page.locator(".answer.whole .actions button").first.wait_for()

    return run


def source(question: str) -> Callable[[Page], None]:
    """The chat with the source of an answer open."""

    def run(page: Page) -> None:
        asked(question)(page)
        page.locator("a.marker").first.click()
        page.locator("#source mark").wait_for()

    return run


def feedback(question: str) -> Callable[[Page], None]:
    """The chat with the form for feedback open."""

    def run(page: Page) -> None:
        asked(question)(page)
        page.locator("[data-rating=bad]").click()

    return run


def owners(page: Page) -> None:
    """The owners' page, with something to see on it."""
    for question in ("Who is the director of GMS?", "Vem är chef för GMS?", "What is the annual budget?"):
        answer = page.request.post("/api/v1/ask", data={"question": question}).json()
        body = {"answer_id": answer["answer_id"], "rating": "bad", "reasons": ["incomplete"], "comment": ""}
        page.request.post("/api/v1/feedback", data=body)
    page.reload()


def nothing(page: Page) -> None:
    """The page as it opens."""


@dataclass(frozen=True)
class View:
    """A picture: its name, where, and what is done first."""

    name: str
    path: str = "/chat/"
    do: Callable[[Page], None] = nothing
    language: str = "en"
    scheme: Any = "light"
    size: tuple[int, int] = WIDE


VIEWS = (
    View("welcome-en"),
    View("welcome-sv-dark-narrow", language="sv", scheme="dark", size=NARROW),
    View("answered-en", do=source(ASKED["en"])),
    View("answered-sv-dark-narrow", do=asked(ASKED["sv"]), language="sv", scheme="dark", size=NARROW),
    View("source-sv-narrow", do=source(ASKED["sv"]), language="sv", size=NARROW),
    View("refused-sv", do=asked(REFUSED["sv"]), language="sv"),
    View("refused-en-dark", do=asked(REFUSED["en"]), scheme="dark"),
    View("feedback-en", do=feedback(ASKED["en"])),
    View("start-en", "/start/"),
    View("start-sv-narrow", "/start/", language="sv", size=NARROW),
    View("partners-en", "/start/partners"),
    View("partners-sv-dark", "/start/partners", language="sv", scheme="dark"),
    View("glossary-sv", "/start/glossary", language="sv"),
    View("test-en", "/start/test?checked=1"),
    View("reading-en", "/texts/collaboration-with-scilifelab.md"),
    View("search-sv-dark", "/search/?q=leukemi", language="sv", scheme="dark"),
    View("about-en-narrow", "/about/", size=NARROW),
    View("owners-en", "/owners/", do=owners),
)


def main() -> None:
    """Start a server on a free port and take every view."""
    subprocess.run([sys.executable, "-m", "assistant", "index"], check=True)
    settings = {
        "ASSISTANT_ORGANISATION": "Genomic Medicine Sweden", "ASSISTANT_CONTACT": "info@example.org",
        "ASSISTANT_STORE_QUESTIONS": "true", "ASSISTANT_OWNERS_PASSWORD": "pictures",
    }  # fmt: skip
    with serving(**settings) as (url, _), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for view in VIEWS:
            take(browser, url, view)
            print(DOCS / f"{view.name}.png")
        browser.close()


def take(browser: Browser, url: str, view: View) -> None:
    """Open `view`, do what it says and save what is seen."""
    width, height = view.size
    context = browser.new_context(
        base_url=url, locale={"en": "en-GB", "sv": "sv-SE"}[view.language], color_scheme=view.scheme,
        viewport={"width": width, "height": height}, http_credentials={"username": "owner", "password": "pictures"},
    )  # fmt: skip
    page = context.new_page()
    page.goto(view.path)
    if view.path == "/chat/":
        page.locator("#question textarea").wait_for()
    view.do(page)
    page.wait_for_timeout(700)
    page.screenshot(path=DOCS / f"{view.name}.png")
    context.close()


if __name__ == "__main__":
    main()
