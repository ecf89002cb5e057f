"""`make screenshots`: takes the screenshots in docs/images/ from a real server with a real Chromium."""

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

BROWSER_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
IMAGES = Path(__file__).parent.parent / "docs" / "images"
WIDE, NARROW = (1200, 800), (390, 844)
ANSWERED_QUESTIONS = {"en": "What is NBIS?", "sv": "Vem finansierar de nationella forskningsprojekten?"}
REFUSED_QUESTIONS = {"en": "How do I bake bread?", "sv": "Hur lagar man köttbullar?"}


def ask(question: str) -> Callable[[Page], None]:
    """Return an action that asks `question` in the chat."""

    def run(page: Page) -> None:
        page.locator("#question textarea").fill(question)
        page.keyboard.press("Enter")
        page.locator(".answer.whole .actions button").first.wait_for()

    return run


def open_source(question: str) -> Callable[[Page], None]:
    """Return an action that asks `question` and opens the answer's source."""

    def run(page: Page) -> None:
        ask(question)(page)
        page.locator("a.marker").first.click()
        page.locator("#source mark").wait_for()

    return run


def open_feedback(question: str) -> Callable[[Page], None]:
    """Return an action that asks `question` and opens the feedback form."""

    def run(page: Page) -> None:
        ask(question)(page)
        page.locator("[data-rating=bad]").click()

    return run


def fill_owners_page(page: Page) -> None:
    """Ask questions and give feedback, so that the owners' page isn't empty."""
    for question in ("Who is the director of GMS?", "Vem är chef för GMS?", "What is the annual budget?"):
        answer = page.request.post("/api/v1/ask", data={"question": question}).json()
        body = {"answer_id": answer["answer_id"], "rating": "bad", "reasons": ["incomplete"], "comment": ""}
        page.request.post("/api/v1/feedback", data=body)
    page.reload()


def do_nothing(page: Page) -> None:
    """Do nothing, so that the screenshot shows the page just as it opens."""


@dataclass(frozen=True)
class Screenshot:
    """A screenshot to be taken of a page after an action. `size` is its width and height in CSS pixels."""

    name: str
    path: str = "/chat/"
    action: Callable[[Page], None] = do_nothing
    language: str = "en"
    scheme: Any = "light"
    size: tuple[int, int] = WIDE


SCREENSHOTS = (
    Screenshot("welcome-en"),
    Screenshot("welcome-sv-dark-narrow", language="sv", scheme="dark", size=NARROW),
    Screenshot("answered-en", action=open_source(ANSWERED_QUESTIONS["en"])),
    Screenshot(
        "answered-sv-dark-narrow", action=ask(ANSWERED_QUESTIONS["sv"]), language="sv", scheme="dark", size=NARROW
    ),
    Screenshot("source-sv-narrow", action=open_source(ANSWERED_QUESTIONS["sv"]), language="sv", size=NARROW),
    Screenshot("refused-sv", action=ask(REFUSED_QUESTIONS["sv"]), language="sv"),
    Screenshot("refused-en-dark", action=ask(REFUSED_QUESTIONS["en"]), scheme="dark"),
    Screenshot("feedback-en", action=open_feedback(ANSWERED_QUESTIONS["en"])),
    Screenshot("start-en", "/start/"),
    Screenshot("start-sv-narrow", "/start/", language="sv", size=NARROW),
    Screenshot("partners-en", "/start/partners"),
    Screenshot("partners-sv-dark", "/start/partners", language="sv", scheme="dark"),
    Screenshot("glossary-sv", "/start/glossary", language="sv"),
    Screenshot("test-en", "/start/test?checked=1"),
    Screenshot("reading-en", "/texts/collaboration-with-scilifelab.md"),
    Screenshot("search-sv-dark", "/search/?q=leukemi", language="sv", scheme="dark"),
    Screenshot("about-en-narrow", "/about/", size=NARROW),
    Screenshot("owners-en", "/owners/", action=fill_owners_page),
)


def main() -> None:
    """Start a server on a free port and take every screenshot."""
    subprocess.run([sys.executable, "-m", "assistant", "index"], check=True)
    settings = {
        "ASSISTANT_ORGANISATION": "Genomic Medicine Sweden", "ASSISTANT_CONTACT": "info@example.org",
        "ASSISTANT_STORE_QUESTIONS": "true", "ASSISTANT_OWNERS_PASSWORD": "pictures",
    }  # fmt: skip
    with serving(**settings) as (url, _), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        for screenshot in SCREENSHOTS:
            take(browser, url, screenshot)
            print(IMAGES / f"{screenshot.name}.png")
        browser.close()


def take(browser: Browser, url: str, screenshot: Screenshot) -> None:
    """Open the page, run the action and save the screenshot."""
    width, height = screenshot.size
    context = browser.new_context(
        base_url=url, locale={"en": "en-GB", "sv": "sv-SE"}[screenshot.language], color_scheme=screenshot.scheme,
        viewport={"width": width, "height": height}, http_credentials={"username": "owner", "password": "pictures"},
    )  # fmt: skip
    page = context.new_page()
    page.goto(screenshot.path)
    if screenshot.path == "/chat/":
        page.locator("#question textarea").wait_for()
    screenshot.action(page)
    page.wait_for_timeout(700)
    page.screenshot(path=IMAGES / f"{screenshot.name}.png")
    context.close()


if __name__ == "__main__":
    main()
