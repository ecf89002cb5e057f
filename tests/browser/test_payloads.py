"""Tests that payloads, which are malicious strings, are shown as plain text and never take effect.

Payloads are placed in questions, documents, titles, file names, front matter, feedback and saved conversations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import PASSWORD, Server, Visit, serving, visiting
from tests.payloads import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.real]


ELEMENTS = ("img", "svg", "form", "iframe", "style", "object", "video", "audio", "base", "input")
CONTAINERS = (".answer", ".asked", ".reading", ".found", ".texts", ".card .words", ".glossary dd", "#source .text")
FORBIDDEN = (
    *(f"{container} {element}" for container in CONTAINERS for element in ELEMENTS),
    ".asked a", "a[href^='javascript:']", "a[href^='data:']", "a[href^='http://evil']", "a[href^='//evil']",
    "form[action*=evil]", "base[href*=evil]", "meta[http-equiv=refresh]",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose documents contain each payload in the text, title, heading, source, file name and URL."""
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, payload in enumerate(PAYLOADS):
        name = payload.replace("/", "_").replace("\n", " ")[:60]
        front_matter = {"title": f"Rule {number} {payload}", "source": payload, "language": "en",
                 "url": f"https://x.example/?{quote(payload)}"}  # fmt: skip
        header = "\n".join(f"{key}: {json.dumps(value)}" for key, value in front_matter.items())
        text = f"The Rain Office (RO) keeps rule number {number} about umbrellas in the form {payload} for everybody."
        (corpus / f"{number} {name}.md").write_text(f"---\n{header}\n---\n\n# {payload}\n\n{text}\n", encoding="utf-8")
        (corpus / f"{number}.txt").write_text(f"Snow Office rule {number} says {payload} to all.", encoding="utf-8")
    with serving(folder, corpus, ASSISTANT_ORGANISATION=PAYLOADS[0], ASSISTANT_CONTACT=PAYLOADS[1]) as server:
        yield server


@pytest.fixture
def visit(browser: Browser, hostile: Server) -> Iterator[Visit]:
    credentials = {"username": "owner", "password": PASSWORD}
    with visiting(browser, hostile.url, viewport={"width": 1100, "height": 900}, http_credentials=credentials) as visit:
        visit.page.on("dialog", lambda dialog: visit.errors.append(f"dialog: {dialog.message}"))
        yield visit
        assert_inert(visit)


def assert_inert(visit: Visit) -> None:
    """Assert that no payload has run or added an element, and that the page has sent no request to another host."""
    assert visit.page.evaluate("window.pwned") is None
    assert visit.requested_hosts <= {"127.0.0.1", ""}
    assert [text for text in visit.errors if "evil" in text or "dialog" in text or "Content Security" in text] == []
    elements = visit.page.locator(", ".join(FORBIDDEN))
    assert elements.evaluate_all("all => all.map(element => element.outerHTML.slice(0, 200))") == []


def test_payloads_in_documents_are_inert_in_answers_and_sources(visit: Visit) -> None:
    assert len(PAYLOADS) >= 30
    opened_sources = 0
    for number in range(len(PAYLOADS)):
        if number % 8 == 0:
            visit.open()
        visit.ask(f"What does rule number {number} about umbrellas say?")
        markers = visit.page.locator(".answer.whole").last.locator("a.marker")
        if markers.count():
            markers.first.click()
            visit.page.locator("#source mark").wait_for()
            assert_inert(visit)
            visit.page.keyboard.press("Escape")
            opened_sources += 1
    assert opened_sources >= 16


@pytest.mark.parametrize("path", ["/start/", "/start/glossary", "/start/partners", "/start/test?checked=1", "/texts/",
                                  "/search/?q=umbrellas", "/about/"])  # fmt: skip
def test_payloads_in_documents_are_inert_on_every_page(visit: Visit, path: str) -> None:
    visit.open(path)
    assert "window.pwned" in visit.page.content()  # the payload is shown, but only as text


def test_payloads_are_inert_on_reading_pages(visit: Visit) -> None:
    visit.open("/texts/")
    links = [link.get_attribute("href") or "" for link in visit.page.locator("ul.texts a").all()]
    assert len(links) == 2 * len(PAYLOADS)
    for link in links:
        visit.open(f"/texts/{link}")
        assert visit.page.locator(".reading .text").count() == 1
        assert_inert(visit)


def test_payloads_in_questions_are_inert_in_chat_and_search(visit: Visit) -> None:
    visit.open()
    for payload in PAYLOADS[:12]:
        visit.ask(f"What is {payload}?".replace("\n", " "))
    assert_inert(visit)
    for payload in PAYLOADS[12:]:
        visit.open(f"/chat/?q={quote('What is ' + payload)}")
        visit.page.locator(".answer").last.wait_for()
        assert_inert(visit)
    for payload in PAYLOADS:
        visit.open(f"/search/?q={quote(payload)}&lang={quote(payload)}")
        assert_inert(visit)


def test_payloads_in_questions_and_feedback_are_inert_for_owners(visit: Visit) -> None:
    for payload in PAYLOADS:
        answer = visit.page.request.post(
            f"{visit.url}/api/v1/ask", data={"question": f"Where are zebras {payload}"}
        ).json()
        body = {"answer_id": answer["answer_id"], "rating": "bad", "reasons": ["other"], "comment": payload}
        assert visit.page.request.post(f"{visit.url}/api/v1/feedback", data=body).status == 201
    visit.open("/owners/")
    assert "window.pwned" in visit.page.content()


def test_payloads_in_saved_conversations_are_inert(visit: Visit) -> None:
    visit.open()
    visit.page.locator("#keep input").check()
    for payload in PAYLOADS[1:12]:
        visit.ask(f"What is {payload}?".replace("\n", " "))
    visit.page.wait_for_timeout(500)
    visit.open()
    visit.page.locator("#kept input").click()
    visit.page.get_by_role("option").first.click()
    visit.page.locator(".answer.whole").nth(10).wait_for()
    assert visit.page.locator(".asked").count() == 11
