"""Tests of the chat page in a real browser, using a real server and the real model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Server, Visit, serving, visiting
from tests.conftest import LOOPBACK, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture(params=["en", "sv"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    with visiting(browser, server.url, request.param) as visit:
        visit.open()
        yield visit


def test_a_source_opens_with_the_quote_highlighted(visit: Visit, server: Server) -> None:
    visit.ask("What is NBIS?")
    marker = visit.page.locator("a.marker").first
    marker.focus()
    visit.page.keyboard.press("Enter")
    mark = visit.page.locator("#source mark")
    mark.wait_for()
    assert mark.inner_text().endswith("such as the National Bioinformatics Infrastructure (NBIS).")
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#source").count() == 0
    assert visit.page.evaluate("document.activeElement.className") == "marker"
    assert visit.requested_hosts <= {"127.0.0.1", ""}
    assert visit.errors == []
    assert server.hosts() <= LOOPBACK


def test_the_page_has_the_browsers_language_and_offers_another(visit: Visit) -> None:
    languages = ["en", "sv"] if visit.page.evaluate("navigator.language") == "en" else ["sv", "en"]
    titles = {"en": "What would you like to know?", "sv": "Vad vill du veta?"}
    for language in languages:
        visit.page.get_by_role("heading", name=titles[language]).wait_for()
        assert visit.page.locator("html").get_attribute("lang") == language
        visit.page.get_by_role("link", name={"en": "Svenska", "sv": "English"}[language]).click()


def test_a_refusal_has_no_source_and_names_the_contact(visit: Visit) -> None:
    visit.ask("Hur lagar man köttbullar?")
    text = visit.page.locator(".answer").last.inner_text()
    assert "Jag hittade inget svar på din fråga i dokumenten." in text
    assert "info@example.org" in text
    assert visit.page.locator("a.marker").count() == 0


def test_an_understood_follow_up_can_be_edited(visit: Visit) -> None:
    visit.ask("What is SciLifeLab?")
    visit.ask("What does it fund?")
    understood = visit.page.locator(".understood a")
    assert understood.inner_text() == "What does SciLifeLab fund?"
    understood.click()
    field = visit.page.locator("#question textarea")
    assert field.input_value() == "What does SciLifeLab fund?"
    field.press("End")
    field.type(" Since when?")
    field.press("Enter")
    visit.page.locator(".answer.whole").nth(2).wait_for()


@pytest.mark.parametrize("selector", ["#welcome a.ask", ".answer a.ask"])
def test_example_and_related_questions_are_answered(visit: Visit, selector: str) -> None:
    if selector.startswith(".answer"):
        visit.ask("What is NBIS?")
    count = visit.page.locator(".answer.whole").count()
    link = visit.page.locator(selector).first
    question = link.inner_text()
    link.click()
    visit.page.locator(".answer.whole").nth(count).wait_for()
    assert visit.page.locator(".asked").last.inner_text().strip() == question
    assert "answered" in (visit.page.locator(".answer.whole").last.get_attribute("class") or "")


def test_a_link_can_ask_a_question(visit: Visit) -> None:
    visit.open("/chat/?q=What%20is%20NBIS%3F")
    visit.page.locator(".answer.whole").wait_for()
    assert visit.page.locator(".asked").inner_text().strip() == "What is NBIS?"


def test_sources_and_feedback_work_with_the_keyboard_alone(visit: Visit, server: Server) -> None:
    page = visit.page
    page.keyboard.press("Alt+q")
    page.keyboard.type("What is NBIS?")
    page.keyboard.press("Enter")
    page.locator(".answer.whole .actions button").first.wait_for()
    tab_to(page, "a.marker")
    page.keyboard.press("Enter")
    page.locator("#source mark").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "marker"
    tab_to(page, "[data-rating=bad]")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    tab_to(page, ".feedback textarea")
    page.keyboard.type("Not this one")
    tab_to(page, ".feedback button[type=submit]")
    page.keyboard.press("Enter")
    page.locator("[data-rating=bad][aria-pressed=true]").wait_for()
    assert page.evaluate("document.activeElement.dataset.rating") == "bad"
    with httpx2.Client(auth=("owner", PASSWORD)) as owner:
        line = json.loads(owner.get(server.url + "/owners/feedback.jsonl").text.splitlines()[0])
    assert (line["rating"], line["reasons"], line["comment"]) == ("bad", ["wrong source"], "Not this one")
    assert line["question"] == "What is NBIS?"
    assert visit.errors == []


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on an element that matches `selector`."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"pressing Tab never reaches {selector}")


def test_documents_can_be_searched_beside_the_chat(visit: Visit) -> None:
    visit.page.keyboard.press("Alt+s")
    visit.page.keyboard.type("acute leukemias")
    visit.page.keyboard.press("Enter")
    first = visit.page.locator("#source li").first
    first.wait_for()
    assert "acute leukemias" in first.locator("mark").inner_text()
    first.locator("a.found").click()
    visit.page.locator("#source > .text mark").wait_for()
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#source").count() == 0


def test_answers_can_be_copied_and_downloaded_with_numbered_sources(visit: Visit, server: Server) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    visit.ask("What is NBIS?")
    visit.page.locator(".actions button").first.click()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("**What is NBIS?**")
    assert "such as the **National Bioinformatics Infrastructure** (NBIS). [1]\n" in copied
    assert "1. Collaboration with SciLifeLab: <https://genomicmedicine.se/en/scilifelab-en/#:~:text=" in copied
    visit.ask("What does SciLifeLab fund?")
    with visit.page.expect_download() as download:
        visit.page.locator("#save").click()
    markdown = Path(download.value.path()).read_text(encoding="utf-8")
    assert markdown.startswith("# ")
    assert "\n2. Collaboration with SciLifeLab: <" in markdown
    visit.page.locator(".actions button").nth(1).click()
    link = visit.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/chat/?q=What+is+NBIS%3F"


def test_conversations_are_saved_only_if_the_user_chooses_to_save_them(visit: Visit) -> None:
    stored = "Object.keys(localStorage).map(key => localStorage[key]).join()"
    visit.ask("What is NBIS?")
    visit.open("/chat/")
    assert visit.page.locator(".asked").count() == 0
    visit.page.locator("#keep input").check()
    visit.ask("What does SciLifeLab fund?")
    visit.page.locator("#kept input").wait_for()
    visit.page.wait_for_timeout(500)  # Gradio saves the conversation after a short delay
    before = visit.page.evaluate(stored)
    visit.open("/chat/")
    visit.page.locator("#kept input").click()
    visit.page.get_by_role("option", name="What does SciLifeLab fund?").click()
    visit.page.locator(".answer.whole").wait_for()
    visit.page.locator("#forget").click()
    visit.page.locator("#kept").wait_for(state="hidden")
    visit.page.wait_for_timeout(500)
    assert visit.page.evaluate(stored) != before
    visit.open("/chat/")
    visit.page.locator("#forget").wait_for()
    assert not visit.page.locator("#kept").is_visible()


def test_a_new_conversation_has_no_history(visit: Visit) -> None:
    visit.ask("What is SciLifeLab?")
    visit.page.locator("#new").click()
    visit.page.locator(".asked").wait_for(state="detached")
    visit.ask("What does it fund?")
    assert visit.page.locator(".understood").count() == 0


def test_each_answer_is_announced_once(visit: Visit) -> None:
    visit.page.evaluate(
        "window.announced = []; const status = document.querySelector('body > [role=status]');"
        "new MutationObserver(() => window.announced.push(status.textContent)).observe(status, {childList: true})"
    )
    visit.ask("What is NBIS?")
    visit.page.wait_for_timeout(500)
    announced = visit.page.evaluate("window.announced")
    assert len([text for text in announced if text in {"The answer is ready.", "Svaret är klart."}]) == 1
    assert visit.page.locator("[role=log]").get_attribute("aria-live") == "off"


def test_a_slow_answer_can_be_stopped_and_retried(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path, ROOT / "corpus", SLOW_SECONDS="2") as slow,
        visiting(browser, slow.url, "sv") as visit,
    ):
        visit.open()
        visit.page.locator("#question textarea").fill("Vad är NBIS?")
        visit.page.keyboard.press("Enter")
        visit.page.locator("#question .stop-button").click()
        visit.page.locator(".answer.problem").wait_for()
        assert visit.page.locator(".answer.problem").inner_text() == "Svaret stoppades."
        visit.page.locator("#question .submit-button").wait_for()
        visit.page.get_by_role("button", name="Retry").or_(visit.page.get_by_title("Försök igen")).first.click()
        visit.page.locator(".answer.whole").wait_for()
        assert visit.page.locator(".asked").count() == 1
        assert "NBIS" in visit.page.locator(".answer.whole").inner_text()


def test_a_full_queue_is_explained_in_the_users_language(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path, ROOT / "corpus", SLOW_SECONDS="3") as slow,
        visiting(browser, slow.url, "sv") as visit,
    ):
        visit.open()
        with visit.page.expect_request("**/queue/join*") as request:
            visit.page.locator("#question textarea").fill("Vad är NBIS?")
            visit.page.keyboard.press("Enter")
        body = request.value.post_data_json
        responses: list[httpx2.Response] = []
        full, stop = threading.Event(), threading.Event()

        def flood() -> None:
            """Send questions faster than the server can answer them."""
            with httpx2.Client(headers={"Accept-Language": "sv"}) as client:
                for number in range(2_000):
                    responses.append(client.post(request.value.url, json={**body, "session_hash": f"x{number}"}))
                    if responses[-1].status_code != 200:
                        full.set()
                    if stop.is_set():
                        break

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            assert full.wait(20)
            with visiting(browser, slow.url, "sv") as other:
                busy = other.page.get_by_text("Assistenten är upptagen just nu. Försök igen om 2 sekunder.").first
                for _ in range(6):  # retry, because a place in the queue may have become free
                    other.open()
                    other.page.locator("#question textarea").fill("Vem finansierar?")
                    other.page.keyboard.press("Enter")
                    other.page.wait_for_timeout(1500)
                    if busy.is_visible():
                        break
                assert busy.is_visible()
                assert other.page.locator("#question textarea").input_value() == "Vem finansierar?"
        finally:
            stop.set()
            flooding.join(30)
        rejected = [response for response in responses if response.status_code != 200]
        assert {(response.status_code, response.headers["retry-after"]) for response in rejected} == {(429, "2")}


def test_without_scripts_a_source_is_a_page_with_the_quote_highlighted(visit: Visit, browser: Browser) -> None:
    visit.ask("What is NBIS?")
    url = visit.page.locator("a.marker").first.evaluate("link => link.href")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert page.locator("mark#quote").inner_text().endswith("(NBIS).")
    context.close()
