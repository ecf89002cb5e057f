"""The widget on a page of another origin, in a real browser: listed origins may ask, others may not."""

from __future__ import annotations

import gzip
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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A folder of host pages, served from a listed and from an unlisted origin."""
    folder = tmp_path_factory.mktemp("hosts")
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, *(f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def embedded(hosts: tuple[Path, str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("embedded"), ROOT / "corpus", ASSISTANT_ALLOWED_ORIGINS=hosts[1]) as started:
        for mode, more in (("launcher", ""), ("inline", 'mode="inline" suggestions=\'["What is NBIS?"]\'')):
            for language in ("en", "sv"):
                (hosts[0] / f"{mode}-{language}.html").write_text(
                    f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Host</title>'
                    f'<link rel="icon" href="data:,"><style>{HOST_STYLE}</style>'
                    f'<script src="{started.url}/widget.js" defer></script></head><body><main><h1>Host page</h1>'
                    f"<gms-assistant {more}></gms-assistant></main></body></html>",
                    encoding="utf-8",
                )
        frame = f'<!doctype html><html lang="en"><title>x</title><iframe src="{started.url}/chat/" title="a"></iframe>'
        (hosts[0] / "frame.html").write_text(frame, encoding="utf-8")
        yield started


@dataclass
class Host:
    """A host page with the requests it made and what the browser complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        """Ask the widget and wait for the answer."""
        before = self.page.locator("gms-assistant .answer").count()
        self.page.locator("gms-assistant input").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator("gms-assistant .answer").nth(before).locator(".verdict").wait_for()


def open_host(browser: Browser, url: str, **more: object) -> Host:
    host = Host(browser.new_page(viewport={"width": 1000, "height": 800}, **more))  # type: ignore[arg-type]  # options
    host.page.set_default_timeout(10_000)
    host.page.on("request", lambda made: host.requests.append(made.url))
    host.page.on("console", lambda said: host.complaints.append(said.text) if said.type == "error" else None)
    host.page.on("pageerror", lambda error: host.complaints.append(str(error)))
    host.page.goto(url)
    return host


def violations(host: Host) -> list[str]:
    host.page.wait_for_timeout(100)
    host.page.evaluate("document.querySelector('style').disabled = true")  # the widget is judged, not the host's red
    found = Axe().run(host.page, options=RULES).response["violations"]
    host.page.evaluate("document.querySelector('style').disabled = false")
    return [f"{item['id']}: {node['html'][:120]}" for item in found for node in item["nodes"]]


def test_the_file_is_small() -> None:
    script = (ROOT / "assistant" / "web" / "widget.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= 8 * 1024


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_no_state_of_the_widget_has_a_violation(
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
    host.page.locator("gms-assistant mark").wait_for()
    assert violations(host) == []
    host.page.close()


def test_it_is_typable_after_two_requests_and_sets_no_cookie(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/inline-en.html")
    host.page.locator("gms-assistant input").fill("What is NBIS?")
    assert len(host.requests) <= 3
    host.ask("What is NBIS?")
    assert host.page.context.cookies() == []
    assert {urlsplit(url).hostname for url in host.requests if not url.startswith("data:")} == {"127.0.0.1"}
    assert host.complaints == []
    host.page.close()


def test_the_host_page_hears_of_what_happens_and_can_ask(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-en.html")
    heard = """async () => { window.heard = [];
      for (const name of ["open", "close", "answer", "feedback"])
        document.addEventListener(`gms-${name}`, (event) => window.heard.push([name, event.detail]));
      const answer = await document.querySelector("gms-assistant").ask("What is SciLifeLab?");
      return answer.citations.length; }"""
    assert host.page.evaluate(heard) >= 1
    host.ask("What does it fund?")
    assert "What does SciLifeLab fund?" in host.page.locator("gms-assistant .answer").last.inner_text()
    host.page.locator("gms-assistant .answer").last.get_by_role("button", name="Helpful", exact=True).click()
    host.page.get_by_text("Thank you. Your feedback is stored.").wait_for()
    host.page.evaluate("document.querySelector('gms-assistant').close()")
    assert [name for name, _ in host.page.evaluate("window.heard")] == ["open", "answer", "answer", "feedback", "close"]
    host.page.close()


def test_a_source_is_shown_in_place_and_escape_gives_the_focus_back(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[1]}/launcher-sv.html")
    active = "document.querySelector('gms-assistant').shadowRoot.activeElement.className"
    host.page.locator("gms-assistant .launch").press("Enter")
    host.page.keyboard.type("Vad är NBIS?")
    host.page.keyboard.press("Enter")
    host.page.locator("gms-assistant .cite").press("Enter")
    mark = host.page.locator("gms-assistant mark")
    mark.wait_for()
    assert mark.inner_text().endswith("(NBIS).")
    assert host.page.locator("gms-assistant .text").get_attribute("lang") == "en"
    host.page.keyboard.press("Escape")
    assert host.page.evaluate(active) == "cite"
    host.page.keyboard.press("Escape")
    assert host.page.evaluate(active) == "launch main"
    host.page.close()


def test_rules_of_the_host_page_stay_outside(browser: Browser, hosts: tuple[Path, str, str], embedded: Server) -> None:
    host = open_host(browser, f"{hosts[1]}/inline-en.html")
    host.ask("What is NBIS?")
    words = host.page.locator("gms-assistant blockquote span").first
    style = words.evaluate("one => [getComputedStyle(one).letterSpacing, getComputedStyle(one).color]")
    assert style == ["normal", "rgb(27, 36, 48)"]
    assert host.page.locator("gms-assistant .note").first.is_visible()
    host.page.close()


def test_on_a_phone_it_fills_the_screen(browser: Browser, hosts: tuple[Path, str, str], embedded: Server) -> None:
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


def test_an_origin_that_is_not_listed_gets_no_answer(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server
) -> None:
    host = open_host(browser, f"{hosts[2]}/inline-en.html")
    host.page.locator("gms-assistant input").fill("What is NBIS?")
    host.page.keyboard.press("Enter")
    host.page.get_by_text("No answer: the assistant can't be reached. Try again.").first.wait_for()
    assert any("CORS" in text for text in host.complaints)
    host.page.close()


@pytest.mark.parametrize(("listed", "shown"), [(True, True), (False, False)])
def test_a_frame_is_shown_to_listed_origins_only(
    browser: Browser, hosts: tuple[Path, str, str], embedded: Server, listed: bool, shown: bool
) -> None:
    host = open_host(browser, f"{hosts[1 if listed else 2]}/frame.html")
    frame = host.page.frame_locator("iframe").locator("#question textarea")
    if shown:
        frame.wait_for()
    else:
        host.page.wait_for_timeout(1500)
        assert any("frame-ancestors" in text for text in host.complaints)
    assert (frame.count() == 1) is shown
    host.page.close()


def test_the_page_that_shows_it_has_every_option(browser: Browser, embedded: Server) -> None:
    host = open_host(browser, f"{embedded.url}/widget/")
    assert host.page.locator("gms-assistant").count() == 2
    text = host.page.locator("main").inner_text()
    script = (ROOT / "assistant" / "web" / "widget.js").read_text(encoding="utf-8")
    for name in (
        "base",
        "mode",
        "lang",
        "theme",
        "position",
        "title-text",
        "open-on-load",
        "suggestions",
        "privacy-url",
    ):
        assert name in text
        assert f'"{name}"' in script
    assert "integrity" in text
    host.page.close()
