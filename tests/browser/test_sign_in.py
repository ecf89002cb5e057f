"""Signing in through a real OpenID Connect provider, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import Visit, serving, visiting
from tests.browser.provider import CLIENT, PASSWORDS, SECRET, providing
from tests.browser.test_accessibility import RULES
from tests.conftest import ROOT
from tests.servers import free_port
from tests.sites import HTML, Answer, WebSite, web_site

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture(scope="module")
def intranet() -> Iterator[WebSite]:
    """A site of another origin that may embed the assistant."""
    with web_site() as made:
        yield made


@pytest.fixture(scope="module")
def closed(intranet: WebSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that wants people to sign in, and the provider it sends them to."""
    url = f"http://127.0.0.1:{free_port()}"
    folder = tmp_path_factory.mktemp("provider")
    with providing(folder, f"{url}/login/callback") as provider:
        settings = {
            "ASSISTANT_ACCESS": "oidc", "ASSISTANT_OIDC_ISSUER": provider.issuer, "ASSISTANT_OIDC_CLIENT": CLIENT,
            "ASSISTANT_OIDC_SECRET": SECRET, "ASSISTANT_OIDC_SCOPE": "openid profile groups",
            "ASSISTANT_PUBLIC_URL": url, "ASSISTANT_OWNERS": "group:editors",
            "ASSISTANT_ALLOWED_ORIGINS": intranet.url,
        }  # fmt: skip
        port = int(url.rsplit(":", 1)[1])
        with serving(tmp_path_factory.mktemp("closed"), ROOT / "corpus", port, **settings):
            yield url


def sign_in(page: Page, name: str) -> None:
    """Answer what the provider asks."""
    page.get_by_label("Login").fill(name)
    page.keyboard.press("Enter")
    page.locator("input[type=password]").fill(PASSWORDS[name])
    page.keyboard.press("Enter")
    page.wait_for_url("**/texts/**")


@pytest.fixture
def visit(browser: Browser, closed: str) -> Iterator[Visit]:
    with visiting(browser, closed) as made:
        yield made


def test_a_person_signs_in_lands_where_they_wanted_to_go_and_asks(visit: Visit) -> None:
    visit.page.goto(visit.url + "/texts/?page=1")
    assert not visit.page.url.startswith(visit.url)
    sign_in(visit.page, "bo")
    assert visit.page.url == visit.url + "/texts/?page=1"
    visit.open("/chat/")
    visit.ask("What is NBIS?")
    assert "Signed in as Bo Berg." in visit.page.locator("footer.site").inner_text()
    cookies = {cookie["name"]: cookie for cookie in visit.page.context.cookies()}
    assert cookies["assistant"]["httpOnly"]
    assert cookies["assistant"]["sameSite"] == "Lax"
    found = Axe().run(visit.page, options=RULES)
    assert found.response["violations"] == []


def test_an_editor_sees_the_owners_page_and_a_reader_does_not(visit: Visit, browser: Browser) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "anna")
    assert visit.page.goto(visit.url + "/owners/").status == 200  # type: ignore[union-attr]
    with visiting(browser, visit.url) as other:
        other.page.goto(visit.url + "/texts/")
        sign_in(other.page, "bo")
        assert other.page.goto(visit.url + "/owners/").status == 403  # type: ignore[union-attr]
        assert "This page is for those who look after the texts." in other.page.locator("main").inner_text()


def test_the_widget_asks_with_the_readers_session_where_its_page_says_so(visit: Visit, intranet: WebSite) -> None:
    for name, attribute in (("with", "sign-in"), ("without", "")):
        page = (
            f'<!doctype html><html lang="en"><title>Host</title><script src="{visit.url}/widget.js" defer></script>'
            f'<gms-assistant mode="inline" {attribute}></gms-assistant></html>'
        )
        intranet.answers[f"/{name}.html"] = Answer(page.encode(), headers={"Content-Type": HTML})

    def asked(name: str) -> Locator:
        visit.page.goto(f"{intranet.url}/{name}.html")
        visit.page.locator("gms-assistant input").fill("What is NBIS?")
        visit.page.keyboard.press("Enter")
        return visit.page.locator("gms-assistant .answer")

    asked("with").get_by_role("link", name="Sign in to ask").wait_for()
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    answer = asked("with").get_by_text("National Bioinformatics Infrastructure")
    answer.wait_for()
    assert "(NBIS)" in answer.inner_text()
    asked("without").get_by_role("link", name="Sign in to ask").wait_for()


def test_who_signs_out_is_out(visit: Visit) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    visit.open("/chat/")
    visit.page.get_by_role("button", name="Sign out").click()
    assert visit.page.locator("h1").inner_text() == "You are signed out"
    answer = visit.page.request.post(visit.url + "/api/v1/ask", data={"question": "What is NBIS?"})
    assert answer.status == 401


def test_a_session_that_ends_while_the_page_is_open_says_what_to_do(visit: Visit) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    visit.open("/chat/")
    visit.page.context.clear_cookies(name="assistant")
    visit.page.locator("#question textarea").fill("What is NBIS?")
    visit.page.keyboard.press("Enter")
    said = visit.page.get_by_text("Sign in first.").first
    said.wait_for()
    assert said.inner_text() == "Sign in first."


def test_an_answer_of_the_provider_that_was_not_asked_for_is_refused(closed: str) -> None:
    with httpx2.Client(base_url=closed) as client:
        for query in ("code=x&state=y", "error=access_denied&error_description=<b>no</b>", ""):
            answer = client.get(f"/login/callback?{query}", headers={"Accept": "text/html"})
            assert answer.status_code == 502
            assert "<b>no</b>" not in answer.text
            assert client.get("/texts/").status_code == 401
