"""Tests of the widget in a real browser, embedded in pages whose origin differs from the server's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Server, serving
from tests.browser.test_accessibility import RULES
from tests.conftest import ROOT
from tests.payloads import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.real]
HOST_STYLE = "* { letter-spacing: 9px; color: red } button { font-size: 40px } p { display: none }"


class _SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Suppress the log of requests."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A folder for pages that embed the widget, and two origins that serve them. Only the first origin is allowed."""
    folder = tmp_path_factory.mktemp("hosts")
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), partial(_SilentHandler, directory=str(folder))) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, *(f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def embedded(hosts: tuple[Path, str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("embedded"), ROOT / "corpus", ASSISTANT_ALLOWED_ORIGINS=hosts[1]) as server:
        for mode, attributes in (("launcher", ""), ("inline", 'mode="inline" suggestions=\'["What is NBIS?"]\'')):
            for language in ("en", "sv"):
                (hosts[0] / f"{mode}-{language}.html").write_text(
                    f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Host</title>'
                    f'<link rel="icon" href="data:,"><style>{HOST_STYLE}</style>'
                    f'<script src="{server.url}/widget.js" defer></script></head><body><main><h1>Host page</h1>'
                    f"<gms-assistant {attributes}></gms-assistant></main></body></html>",
                    encoding="utf-8",
                )
        frame = f'<!doctype html><html lang="en"><title>x</title><iframe src="{server.url}/chat/" title="a"></iframe>'
        (hosts[0] / "frame.html").write_text(frame, encoding="utf-8")
        yield server


@dataclass
class Host:
    """A page that embeds the widget, with a record of its console errors and of the URLs that it requests."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        """Ask a question in the widget and wait for the answer."""
        count = self.page.locator("gms-assistant .answer").count()
        self.page.locator("gms-assistant input").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator("gms-assistant .answer").nth(count).locator(".verdict").wait_for()


def open_host(browser: Browser, url: str, **page_options: object) -> Host:
    host = Host(browser.new_page(viewport={"width": 1000, "height": 800}, **page_options))  # type: ignore[arg-type]
    host.page.set_default_timeout(10_000)
    host.page.on("request", lambda request: host.requests.append(request.url))
    host.page.on("console", lambda message: host.errors.append(message.text) if message.type == "error" else None)
    host.page.on("pageerror", lambda error: host.errors.append(str(error)))
    host.page.goto(url)
    return host


def violations(host: Host) -> list[str]:
    host.page.wait_for_timeout(100)
    host.page.evaluate(
        "document.querySelector('style').disabled = true"
    )  # otherwise axe-core would also check the red text of the page around the widget
    violations = Axe().run(host.page, options=RULES).response["violations"]
    host.page.evaluate("document.querySelector('style').disabled = false")
    return [f"{item['id']}: {node['html'][:120]}" for item in violations for node in item["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_no_widget_state_has_a_violation(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server, language: str, scheme: str
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-{language}.html", color_scheme=scheme)
    assert violations(host) == []
    host.page.locator("gms-assistant .launch").click()
    assert violations(host) == []
    for question in ("Vad är NBIS?", "How do I bake bread?", "Vem är chef för GMS?"):
        host.ask(question)
        assert violations(host) == []
    host.page.locator("gms-assistant .cite").first.click()
    host.page.locator("gms-assistant .source mark").wait_for()
    assert violations(host) == []
    host.page.close()


def test_the_widget_is_ready_after_a_few_requests_and_sets_no_cookie(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/inline-en.html")
    host.page.locator("gms-assistant input").fill("What is NBIS?")
    assert len(host.requests) <= 3
    host.ask("What is NBIS?")
    assert host.page.context.cookies() == []
    assert {urlsplit(url).hostname for url in host.requests if not url.startswith("data:")} == {"127.0.0.1"}
    assert host.errors == []
    host.page.close()


def test_the_host_page_receives_events_and_can_ask(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-en.html")
    listen_and_ask = """async () => { window.received = [];
      for (const name of ["open", "close", "answer", "feedback"])
        document.addEventListener(`gms-${name}`, (event) => window.received.push([name, event.detail]));
      const answer = await document.querySelector("gms-assistant").ask("What is SciLifeLab?");
      return answer.citations.length; }"""
    assert host.page.evaluate(listen_and_ask) >= 1
    host.ask("What does it fund?")
    assert "What does SciLifeLab fund?" in host.page.locator("gms-assistant .answer").last.inner_text()
    host.page.locator("gms-assistant .answer").last.get_by_role("button", name="Helpful", exact=True).click()
    host.page.get_by_text("Thanks! Your feedback has been saved.").wait_for()
    host.page.evaluate("document.querySelector('gms-assistant').close()")
    assert [name for name, _ in host.page.evaluate("window.received")] == [
        "open",
        "answer",
        "answer",
        "feedback",
        "close",
    ]
    host.page.close()


def test_a_source_opens_in_place_and_escape_restores_focus(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-sv.html")
    active = "document.querySelector('gms-assistant').shadowRoot.activeElement.className"
    host.page.locator("gms-assistant .launch").press("Enter")
    host.page.keyboard.type("Vad är NBIS?")
    host.page.keyboard.press("Enter")
    host.page.locator("gms-assistant .cite").press("Enter")
    assert (
        host.page.locator("gms-assistant blockquote > span mark").inner_text()
        == "National Bioinformatics Infrastructure"
    )
    mark = host.page.locator("gms-assistant .source mark")
    mark.wait_for()
    assert mark.inner_text().endswith("(NBIS).")
    assert host.page.locator("gms-assistant .text").get_attribute("lang") == "en"
    host.page.keyboard.press("Escape")
    assert host.page.evaluate(active) == "cite"
    host.page.keyboard.press("Escape")
    assert host.page.evaluate(active) == "launch main"
    host.page.close()


def test_styles_of_the_host_page_do_not_leak_in(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/inline-en.html")
    host.ask("What is NBIS?")
    words = host.page.locator("gms-assistant blockquote span").first
    style = words.evaluate("span => [getComputedStyle(span).letterSpacing, getComputedStyle(span).color]")
    assert style == ["normal", "rgb(27, 36, 48)"]
    assert host.page.locator("gms-assistant .note").first.is_visible()
    host.page.close()


def test_the_widget_fills_the_screen_of_a_phone(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-en.html")
    host.page.set_viewport_size({"width": 360, "height": 640})
    host.page.locator("gms-assistant .launch").click()
    box = host.page.locator("gms-assistant .panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 640}
    host.page.close()


def test_payloads_are_inert_in_the_widget(browser: Browser, hosts: tuple[Path, str, str], embedded: Server) -> None:
    host = open_host(browser, f"{hosts[1]}/inline-en.html")
    for payload in PAYLOADS:
        host.ask(f"What is NBIS {payload}".replace("\n", " "))
    assert host.page.evaluate("window.pwned") is None
    assert {urlsplit(url).hostname for url in host.requests if not url.startswith("data:")} == {"127.0.0.1"}
    inside = "document.querySelector('gms-assistant').shadowRoot.querySelectorAll('img,svg,iframe,style,script,video')"
    assert host.page.evaluate(f"{inside}.length") == 0
    host.page.close()


def test_unlisted_origins_get_no_answer(browser: Browser, hosts: tuple[Path, str, str], embedded: Server) -> None:
    host = open_host(browser, f"{hosts[2]}/inline-en.html")
    host.page.locator("gms-assistant input").fill("What is NBIS?")
    host.page.keyboard.press("Enter")
    host.page.get_by_text("The assistant can't be reached. Try again.").first.wait_for()
    assert any("CORS" in text for text in host.errors)
    host.page.close()


@pytest.mark.parametrize("listed", [True, False])
def test_only_listed_origins_can_show_the_chat_in_a_frame(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server, listed: bool
) -> None:
    host = open_host(browser, f"{hosts[1 if listed else 2]}/frame.html")
    frame = host.page.frame_locator("iframe").locator("#question textarea")
    if listed:
        frame.wait_for()
    else:
        host.page.wait_for_timeout(1500)
        assert any("frame-ancestors" in text for text in host.errors)
    assert (frame.count() == 1) is listed
    host.page.close()


def test_the_widget_page_shows_both_modes(browser: Browser, embedded: Server) -> None:
    host = open_host(browser, f"{embedded.url}/widget/")
    assert host.page.locator("gms-assistant#inline .panel").is_visible()
    host.page.locator("gms-assistant#launcher .launch").click()
    assert host.page.locator("gms-assistant#launcher .panel").is_visible()
    assert host.errors == []
    host.page.close()
