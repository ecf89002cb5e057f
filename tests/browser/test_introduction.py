"""Tests of the introduction in a real browser. The self-test is tested both with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Server, Visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    with visiting(browser, server.url, viewport={"width": 1100, "height": 900}) as visit:
        yield visit
        assert visit.errors == []
        assert visit.requested_hosts <= {"127.0.0.1", ""}


def test_read_documents_are_remembered_until_progress_is_reset(visit: Visit) -> None:
    visit.open("/start/")
    progress = visit.page.locator("#progress [role=status]")
    checkbox = visit.page.get_by_label("Mark as read: Introduction collaboration")
    assert progress.inner_text() == "0 of 2 read"
    checkbox.check()
    assert progress.inner_text() == "1 of 2 read"
    visit.open("/start/")
    assert checkbox.is_checked()
    visit.page.get_by_role("button", name="Reset progress").click()
    assert progress.inner_text() == "0 of 2 read"


def test_a_question_from_the_introduction_is_answered_in_the_chat(visit: Visit) -> None:
    visit.open("/start/")
    visit.page.locator(".questions a").first.click()
    visit.page.locator(".answer.whole.answered").wait_for()
    assert visit.page.locator(".answer.answered a.marker").count() >= 1


@pytest.mark.parametrize("script", [True, False])
def test_the_self_test_works_with_and_without_scripts(browser: Browser, server: Server, script: bool) -> None:
    with visiting(browser, server.url, java_script_enabled=script) as visit:
        visit.open("/start/test")
        for fieldset in visit.page.locator("fieldset").all():
            fieldset.get_by_role("radio").first.check()
        visit.page.get_by_role("button", name="Check my answers").click()
        visit.page.locator("#score").wait_for()
        results = visit.page.locator("p.verdict").all_inner_texts()
        assert len(results) == visit.page.locator("fieldset").count()
        right = results.count("Correct.")
        assert visit.page.locator("#score").inner_text() == f"{right} of {len(results)} correct"


def test_every_quote_in_the_glossary_links_to_its_source(visit: Visit) -> None:
    visit.open("/start/glossary")
    entries = [
        (entry.locator(".words").inner_text(), entry.locator("a.marker").evaluate("link => link.href"))
        for entry in visit.page.locator("blockquote").all()
    ]
    assert len(entries) >= 5
    for quote, url in entries:
        visit.page.goto(url)
        assert visit.page.locator("mark#quote").inner_text() == quote
