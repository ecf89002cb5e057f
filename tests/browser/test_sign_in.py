"""Tests of signing in through a real OpenID Connect provider, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import Visit, serving, visiting
from tests.browser.provider import CLIENT, PASSWORDS, SECRET, running_provider
from tests.browser.test_accessibility import RULES
from tests.conftest import ROOT
from tests.servers import free_port
from tests.sites import HTML, Response, Website, running_website

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture(scope="module")
def intranet() -> Iterator[Website]:
    """A website whose origin differs from the server's. It is allowed to embed the assistant."""
    with running_website() as website:
        yield website


@pytest.fixture(scope="module")
def protected_url(intranet: Website, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that requires users to sign in through an OpenID Connect provider."""
    url = f"http://127.0.0.1:{free_port()}"
    folder = tmp_path_factory.mktemp("provider")
    with running_provider(folder, f"{url}/login/callback") as provider:
        settings = {
            "ASSISTANT_ACCESS": "oidc", "ASSISTANT_OIDC_ISSUER": provider.issuer, "ASSISTANT_OIDC_CLIENT": CLIENT,
            "ASSISTANT_OIDC_SECRET": SECRET, "ASSISTANT_OIDC_SCOPE": "openid profile groups",
            "ASSISTANT_PUBLIC_URL": url, "ASSISTANT_OWNERS": "group:editors",
            "ASSISTANT_ALLOWED_ORIGINS": intranet.url,
        }  # fmt: skip
        port = int(url.rsplit(":", 1)[1])
        with serving(tmp_path_factory.mktemp("protected"), ROOT / "corpus", port, **settings):
            yield url


def sign_in(page: Page, name: str) -> None:
    """Sign in as the user `name` with the provider's form, and wait to be sent back to the requested page."""
    page.get_by_label("Login").fill(name)
    page.keyboard.press("Enter")
    page.locator("input[type=password]").fill(PASSWORDS[name])
    page.keyboard.press("Enter")
    page.wait_for_url("**/texts/**")


@pytest.fixture
def visit(browser: Browser, protected_url: str) -> Iterator[Visit]:
    with visiting(browser, protected_url) as visit:
        yield visit


def test_users_return_to_the_requested_page_and_can_ask(visit: Visit) -> None:
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
    assert Axe().run(visit.page, options=RULES).response["violations"] == []


def test_only_owners_see_the_owners_page(visit: Visit, browser: Browser) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "anna")
    assert visit.page.goto(visit.url + "/owners/").status == 200  # type: ignore[union-attr]
    with visiting(browser, visit.url) as other:
        other.page.goto(visit.url + "/texts/")
        sign_in(other.page, "bo")
        assert other.page.goto(visit.url + "/owners/").status == 403  # type: ignore[union-attr]
        assert "This page is only for document owners." in other.page.locator("main").inner_text()


def test_the_widget_uses_the_session_only_with_the_sign_in_attribute(visit: Visit, intranet: Website) -> None:
    for name, attribute in (("with", "sign-in"), ("without", "")):
        page = (
            f'<!doctype html><html lang="en"><title>Host</title><script src="{visit.url}/widget.js" defer></script>'
            f'<gms-assistant mode="inline" {attribute}></gms-assistant></html>'
        )
        intranet.responses[f"/{name}.html"] = Response(page.encode(), headers={"Content-Type": HTML})

    def ask_widget(name: str) -> Locator:
        visit.page.goto(f"{intranet.url}/{name}.html")
        visit.page.locator("gms-assistant input").fill("What is NBIS?")
        visit.page.keyboard.press("Enter")
        return visit.page.locator("gms-assistant .answer")

    ask_widget("with").get_by_role("link", name="Sign in to ask").wait_for()
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    answer = ask_widget("with").locator("blockquote").first
    answer.wait_for()
    assert "(NBIS)" in answer.inner_text()
    ask_widget("without").get_by_role("link", name="Sign in to ask").wait_for()


def test_signing_out_ends_the_session(visit: Visit) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    visit.open("/chat/")
    visit.page.get_by_role("button", name="Sign out").click()
    assert visit.page.locator("h1").inner_text() == "You are signed out"
    response = visit.page.request.post(visit.url + "/api/v1/ask", data={"question": "What is NBIS?"})
    assert response.status == 401


def test_an_expired_session_asks_the_user_to_sign_in(visit: Visit) -> None:
    visit.page.goto(visit.url + "/texts/")
    sign_in(visit.page, "bo")
    visit.open("/chat/")
    visit.page.context.clear_cookies(name="assistant")
    visit.page.locator("#question textarea").fill("What is NBIS?")
    visit.page.keyboard.press("Enter")
    message = visit.page.get_by_text("Sign in to continue.").first
    message.wait_for()
    assert message.inner_text() == "Sign in to continue."


def test_unsolicited_provider_responses_are_rejected(protected_url: str) -> None:
    with httpx2.Client(base_url=protected_url) as client:
        for query in ("code=x&state=y", "error=access_denied&error_description=<b>no</b>", ""):
            response = client.get(f"/login/callback?{query}", headers={"Accept": "text/html"})
            assert response.status_code == 502
            assert "<b>no</b>" not in response.text
            assert client.get("/texts/").status_code == 401
