"""Tests that every page and every state of the chat is accessible.

axe-core checks each of them in both languages and in both light and dark mode. Other tests cover what axe-core
can't check.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import PASSWORD, Server, Visit, visiting
from tests.conftest import LOOPBACK

pytestmark = [pytest.mark.browser, pytest.mark.real]

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
QUESTIONS = {"en": ("What is NBIS?", "How do I bake bread?", "Who is the director of GMS?"),
             "sv": ("Vad är NBIS?", "Hur bakar man bröd?", "Vem är chef för GMS?")}  # fmt: skip
PAGES = (
    "/start/", "/start/glossary", "/start/partners", "/start/test", "/start/test?checked=1", "/texts/",
    "/texts/collaboration-with-scilifelab.md", "/search/?q=NBIS", "/search/", "/about/", "/api/",
    "/nothing", "/owners/",
)  # fmt: skip


@pytest.fixture(params=["en", "sv"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["light", "dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server, language: str) -> Iterator[Visit]:
    options = {"color_scheme": request.param, "http_credentials": {"username": "owner", "password": PASSWORD}}
    with visiting(browser, server.url, language, viewport={"width": 1100, "height": 900}, **options) as visit:
        yield visit
        assert visit.requested_hosts <= {*LOOPBACK, "127.0.0.1", ""}


def violations(visit: Visit) -> list[str]:
    visit.page.wait_for_timeout(400)  # wait for colour transitions to finish
    violations = Axe().run(visit.page, options=RULES).response["violations"]
    return [f"{item['id']}: {node['html'][:120]}" for item in violations for node in item["nodes"]]


def test_no_chat_state_has_a_violation(visit: Visit, language: str) -> None:
    page = visit.page
    visit.open()
    assert violations(visit) == []
    for question in QUESTIONS[language]:
        visit.ask(question)
        assert violations(visit) == []
    page.locator(".sources summary").first.click()
    assert violations(visit) == []
    page.locator("a.marker").first.click()
    page.locator("#source mark").wait_for()
    assert violations(visit) == []
    page.keyboard.press("Escape")
    page.locator("[data-rating=bad]").first.click()
    assert violations(visit) == []
    page.locator(".feedback button[type=submit]").click()
    page.locator("[data-rating=bad][aria-pressed=true]").wait_for()
    assert violations(visit) == []
    page.locator("#keep input").check()
    visit.ask(QUESTIONS[language][0])
    page.locator("#kept input").wait_for()
    page.locator("#kept input").click()
    assert violations(visit) == []
    page.keyboard.press("Escape")
    page.locator("#search-link").click()
    page.locator("#search-field").fill("NBIS")
    page.keyboard.press("Enter")
    page.locator("#source li").first.wait_for()
    assert violations(visit) == []
    assert visit.errors == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_violation(visit: Visit, path: str) -> None:
    visit.open(path)
    assert violations(visit) == []


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (1280, 4)])
@pytest.mark.parametrize("path", ["/chat/?q=What%20is%20NBIS%3F", *PAGES[:-1]])
def test_narrow_or_zoomed_pages_do_not_scroll_sideways(
    browser: Browser, server: Server, path: str, width: int, zoom: int
) -> None:
    size = {"width": width // zoom, "height": 640}
    with visiting(browser, server.url, viewport=size, device_scale_factor=zoom) as visit:
        visit.open(path)
        if "chat" in path:
            visit.page.locator(".answer.whole").wait_for()
        page_width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert page_width <= width // zoom


def test_text_in_another_language_has_a_lang_attribute(browser: Browser, server: Server) -> None:
    with visiting(browser, server.url, "sv") as visit:
        visit.open()
        visit.ask("Vad är NBIS?")
        assert visit.page.locator(".answer .words").first.get_attribute("lang") == "en"
        assert visit.page.locator(".answer.whole").get_attribute("lang") == "sv"
        visit.page.locator("a.marker").first.click()
        visit.page.locator("#source mark").wait_for()
        assert visit.page.locator("#source .text").get_attribute("lang") == "en"
        visit.open("/start/")
        assert visit.page.locator("blockquote .words").first.get_attribute("lang") == "en"


def test_nothing_moves_with_reduced_motion(browser: Browser, server: Server) -> None:
    with visiting(browser, server.url, reduced_motion="reduce") as visit:
        visit.open("/chat/?q=What%20is%20NBIS%3F")
        visit.page.locator(".answer.whole").wait_for()
        moving = visit.page.evaluate(
            "[...document.querySelectorAll('*')].filter(element => { const style = getComputedStyle(element);"
            " return style.animationName !== 'none' || !/^(0s(, 0s)*)$/.test(style.transitionDuration); }).length"
        )
        assert moving == 0
