"""The page in a real browser, over a real server with the real model."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

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


def test_a_question_is_answered_and_its_source_opens_with_the_quote_marked(visit: Visit, server: Server) -> None:
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
    assert visit.hosts <= {"127.0.0.1", ""}
    assert visit.complaints == []
    assert server.hosts() <= LOOPBACK


def test_the_page_speaks_the_language_of_the_browser_and_can_be_switched(visit: Visit) -> None:
    languages = ["en", "sv"] if visit.page.evaluate("navigator.language") == "en" else ["sv", "en"]
    titles = {"en": "Ask the texts", "sv": "Fråga texterna"}
    for language in languages:
        visit.page.get_by_role("heading", name=titles[language]).wait_for()
        assert visit.page.locator("html").get_attribute("lang") == language
        visit.page.get_by_role("link", name={"en": "Svenska", "sv": "English"}[language]).click()


def test_a_refusal_shows_no_source_and_names_whom_to_ask(visit: Visit) -> None:
    visit.ask("Hur lagar man köttbullar?")
    said = visit.page.locator(".answer").last.inner_text()
    assert "Texterna säger ingenting om detta." in said
    assert "info@example.org" in said
    assert visit.page.locator("a.marker").count() == 0


def test_a_follow_up_says_how_it_was_understood(visit: Visit) -> None:
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


@pytest.mark.parametrize("place", ["#welcome a.ask", ".answer a.ask"])
def test_an_example_and_a_related_question_are_answered(visit: Visit, place: str) -> None:
    if place.startswith(".answer"):
        visit.ask("What is NBIS?")
    before = visit.page.locator(".answer.whole").count()
    link = visit.page.locator(place).first
    question = link.inner_text()
    link.click()
    visit.page.locator(".answer.whole").nth(before).wait_for()
    assert visit.page.locator(".asked").last.inner_text().strip() == question
    assert "answered" in (visit.page.locator(".answer.whole").last.get_attribute("class") or "")


def test_a_link_asks_a_question(visit: Visit) -> None:
    visit.open("/chat/?q=What%20is%20NBIS%3F")
    visit.page.locator(".answer.whole").wait_for()
    assert visit.page.locator(".asked").inner_text().strip() == "What is NBIS?"


def test_ask_open_the_source_go_back_and_give_feedback_with_the_keyboard_alone(visit: Visit, server: Server) -> None:
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
    assert visit.complaints == []


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what `selector` names."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard doesn't get to {selector}")


def test_texts_are_searched_beside_the_chat(visit: Visit) -> None:
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


def test_an_answer_is_copied_and_a_conversation_saved_with_numbered_sources(visit: Visit, server: Server) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    visit.ask("What is NBIS?")
    visit.page.locator(".actions button").first.click()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("**What is NBIS?**")
    assert "(NBIS). [1]\n" in copied
    assert "1. Collaboration with SciLifeLab: <https://genomicmedicine.se/en/scilifelab-en/#:~:text=" in copied
    visit.ask("What does SciLifeLab fund?")
    with visit.page.expect_download() as download:
        visit.page.locator("#save").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert saved.startswith("# ")
    assert "\n2. Collaboration with SciLifeLab: <" in saved
    visit.page.locator(".actions button").nth(1).click()
    link = visit.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/chat/?q=What+is+NBIS%3F"


def test_a_conversation_stays_in_the_browser_only_if_it_is_wanted(visit: Visit) -> None:
    kept = "Object.keys(localStorage).map(key => localStorage[key]).join()"
    visit.ask("What is NBIS?")
    visit.open("/chat/")
    assert visit.page.locator(".asked").count() == 0
    visit.page.locator("#keep input").check()
    visit.ask("What does SciLifeLab fund?")
    visit.page.locator("#kept input").wait_for()
    visit.page.wait_for_timeout(500)  # the browser writes it a moment later
    before = visit.page.evaluate(kept)
    visit.open("/chat/")
    visit.page.locator("#kept input").click()
    visit.page.get_by_role("option", name="What does SciLifeLab fund?").click()
    visit.page.locator(".answer.whole").wait_for()
    visit.page.locator("#forget").click()
    visit.page.locator("#kept").wait_for(state="hidden")
    visit.page.wait_for_timeout(500)
    assert visit.page.evaluate(kept) != before
    visit.open("/chat/")
    visit.page.locator("#forget").wait_for()
    assert not visit.page.locator("#kept").is_visible()


def test_a_new_conversation_leans_on_nothing_before_it(visit: Visit) -> None:
    visit.ask("What is SciLifeLab?")
    visit.page.locator("#new").click()
    visit.page.locator(".asked").wait_for(state="detached")
    visit.ask("What does it fund?")
    assert visit.page.locator(".understood").count() == 0


def test_one_announcement_is_made_for_an_answer(visit: Visit) -> None:
    visit.page.evaluate(
        "window.said = []; const place = document.querySelector('body > [role=status]');"
        "new MutationObserver(() => window.said.push(place.textContent)).observe(place, {childList: true})"
    )
    visit.ask("What is NBIS?")
    visit.page.wait_for_timeout(500)
    done = {"The answer is there.", "Svaret är klart."}
    said = visit.page.evaluate("window.said")
    assert len([text for text in said if text in done]) == 1
    assert visit.page.locator("[role=log]").get_attribute("aria-live") == "off"


def test_an_answer_that_takes_long_can_be_stopped_and_retried(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path, ROOT / "corpus", SLOW_SECONDS="2") as slow,
        visiting(browser, slow.url, "sv") as visit,
    ):
        visit.open()
        visit.page.locator("#question textarea").fill("Vad är NBIS?")
        visit.page.keyboard.press("Enter")
        visit.page.locator("#question .stop-button").click()
        visit.page.locator(".answer.problem").wait_for()
        assert visit.page.locator(".answer.problem").inner_text() == "Stoppat."
        visit.page.locator("#question .submit-button").wait_for()
        visit.page.get_by_role("button", name="Retry").or_(visit.page.get_by_title("Försök igen")).first.click()
        visit.page.locator(".answer.whole").wait_for()
        assert visit.page.locator(".asked").count() == 1
        assert "NBIS" in visit.page.locator(".answer.whole").inner_text()


def test_a_queue_that_is_full_says_so_in_the_readers_language(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path, ROOT / "corpus", SLOW_SECONDS="3") as slow,
        visiting(browser, slow.url, "sv") as visit,
    ):
        visit.open()
        with visit.page.expect_request("**/queue/join*") as asked:
            visit.page.locator("#question textarea").fill("Vad är NBIS?")
            visit.page.keyboard.press("Enter")
        sent = asked.value.post_data_json
        answers: list[httpx2.Response] = []
        full, stop = threading.Event(), threading.Event()

        def crowd() -> None:
            """Others ask, faster than they are answered."""
            with httpx2.Client(headers={"Accept-Language": "sv"}) as client:
                for number in range(2_000):
                    answers.append(client.post(asked.value.url, json={**sent, "session_hash": f"x{number}"}))
                    if answers[-1].status_code != 200:
                        full.set()
                    if stop.is_set():
                        break

        crowding = threading.Thread(target=crowd)
        crowding.start()
        try:
            assert full.wait(20)
            with visiting(browser, slow.url, "sv") as other:
                said = other.page.get_by_text("Många frågar just nu; försök igen om 2 sekunder.").first
                for _ in range(6):  # now and then a place gets free just then
                    other.open()
                    other.page.locator("#question textarea").fill("Vem finansierar?")
                    other.page.keyboard.press("Enter")
                    other.page.wait_for_timeout(1500)
                    if said.is_visible():
                        break
                assert said.is_visible()
                assert other.page.locator("#question textarea").input_value() == "Vem finansierar?"
        finally:
            stop.set()
            crowding.join(30)
        refused = [answer for answer in answers if answer.status_code != 200]
        assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(429, "2")}


def test_without_javascript_a_source_is_a_page_with_the_quote_marked(visit: Visit, browser: Browser) -> None:
    visit.ask("What is NBIS?")
    address = visit.page.locator("a.marker").first.evaluate("link => link.href")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("mark#quote").inner_text().endswith("(NBIS).")
    context.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chat/config", 200),
        ("/chat/gradio_api/info", 404),
        ("/chat/gradio_api/upload", 404),
        ("/chat/gradio_api/run-history", 404),
        ("/chat/monitoring/summary", 404),
        ("/chat//gradio_api/info", 404),
        ("/chat/%67radio_api/info", 404),
        ("/chat/gradio_api/./info", 404),
        ("/chat/GRADIO_API/info", 404),
        ("/chat/gradio_api/file=http://evil.example/", 404),
        ("/chat/gradio_api/proxy=http://evil.example/", 404),
    ],
)
def test_gradios_own_surface_is_closed(server: Server, path: str, status: int) -> None:
    import http.client

    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    connection.request("GET", path)
    assert connection.getresponse().status == status
    connection.close()


def test_an_origin_that_is_not_listed_gets_no_permission(server: Server) -> None:
    import http.client

    parts = urlsplit(server.url)
    for path in ("/api/v1/documents", "/chat/config", "/chat/"):
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
        connection.request("GET", path, headers={"Origin": "https://evil.example"})
        assert connection.getresponse().getheader("access-control-allow-origin") is None
        connection.close()


def test_a_busy_port_is_an_error_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
        found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 1
    assert f"port {port}" in found.stderr
    assert f"--port {port + 1}" in found.stderr
    assert found.stderr.count("\n") == 1
