"""The introduction for new staff, in a real browser and without a script."""

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
        assert visit.complaints == []
        assert visit.hosts <= {"127.0.0.1", ""}


def test_what_was_read_is_remembered_and_can_be_forgotten(visit: Visit) -> None:
    visit.open("/start/")
    progress = visit.page.locator("#progress [role=status]")
    assert progress.inner_text() == "Read: 0 of 2"
    visit.page.get_by_label("Read: Introduction collaboration").check()
    assert progress.inner_text() == "Read: 1 of 2"
    visit.open("/start/")
    assert visit.page.get_by_label("Read: Introduction collaboration").is_checked()
    visit.page.get_by_role("button", name="Forget my progress").click()
    assert progress.inner_text() == "Read: 0 of 2"


def test_a_question_of_the_tour_is_answered_in_the_chat(visit: Visit) -> None:
    visit.open("/start/")
    visit.page.locator(".questions a").first.click()
    visit.page.locator(".answer.whole.answered").wait_for()
    assert visit.page.locator(".answer.answered a.marker").count() >= 1


@pytest.mark.parametrize("script", [True, False])
def test_the_self_test_is_checked_with_and_without_a_script(browser: Browser, server: Server, script: bool) -> None:
    with visiting(browser, server.url, java_script_enabled=script) as visit:
        visit.open("/start/test")
        for field in visit.page.locator("fieldset").all():
            field.get_by_role("radio").first.check()
        visit.page.get_by_role("button", name="Check my answers").click()
        visit.page.locator("#score").wait_for()
        told = visit.page.locator("p.verdict").all_inner_texts()
        assert len(told) == visit.page.locator("fieldset").count()
        right = sum(text == "Right." for text in told)
        assert visit.page.locator("#score").inner_text() == f"{right} of {len(told)} right"


def test_every_quote_of_the_tour_leads_to_its_words(visit: Visit) -> None:
    visit.open("/start/glossary")
    entries = [
        (entry.locator(".words").inner_text(), entry.locator("a.marker").evaluate("link => link.href"))
        for entry in visit.page.locator("blockquote").all()
    ]
    assert len(entries) >= 5
    for words, address in entries:
        visit.page.goto(address)
        assert visit.page.locator("mark#quote").inner_text() == words
