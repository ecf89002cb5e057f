"""The page in a real browser, over a real server with the real model."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Server
from tests.conftest import LOOPBACK, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.real]


@dataclass
class Visit:
    """An open page with what it asked for and complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        """Type a question and wait until its answer is there."""
        before = self.page.locator(".answer").count()
        self.page.get_by_role("textbox").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator(".answer").nth(before).wait_for()


@pytest.fixture(params=["en", "sv"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    context = browser.new_context(
        locale={"en": "en-GB", "sv": "sv-SE"}[request.param], viewport={"width": 390, "height": 800}
    )
    visit = Visit(context.new_page())
    visit.page.on("request", lambda made: visit.hosts.add(urlsplit(made.url).hostname or ""))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(server.url + "/")
    visit.page.get_by_role("textbox").wait_for()
    yield visit
    context.close()


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
    titles = {"en": "Collaboration assistant", "sv": "Samverkansassistenten"}
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
    field = visit.page.get_by_role("textbox")
    assert field.input_value() == "What does SciLifeLab fund?"
    field.press("End")
    field.type(" Since when?")
    field.press("Enter")
    visit.page.locator(".answer").nth(2).wait_for()


def test_an_example_question_is_answered(visit: Visit) -> None:
    example = visit.page.locator("#examples button").first
    question = example.inner_text()
    example.click()
    visit.page.locator("a.marker").first.wait_for()
    assert visit.page.locator("[data-testid=user]").inner_text().strip() == question


def test_a_question_is_no_markup(visit: Visit) -> None:
    visit.ask('What is <img src="http://evil.example/x.png" onerror="window.pwned=1"> ![x](http://evil.example/y.png)')
    assert visit.page.evaluate("window.pwned") is None
    assert visit.page.locator("[data-testid=user] img").count() == 0
    assert visit.hosts <= {"127.0.0.1", ""}


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
