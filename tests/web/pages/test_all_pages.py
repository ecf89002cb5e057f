"""Tests of what all pages have in common: the user's language, links that stay on the server, and escaped markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote as url_quote

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.onboarding.roles import Role
from assistant.schema import Heading, Span
from assistant.web.server.app import create_app
from assistant.web.shared.site import IndexSnapshot, Site
from assistant.web.shared.translations import translate
from tests.conftest import assistant_with_introduction, document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.web.pages.conftest import HOSTILE, HTML, PUBLIC_URL

PAGES = (
    "/texts/", "/texts/rain.md", "/search/?q=gauges", "/start/", "/start/glossary", "/start/partners", "/start/test",
    "/about/", "/nothing",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_is_in_the_users_language_with_internal_links(client: TestClient, path: str, language: str) -> None:
    response = client.get(path, headers={**HTML, "Accept-Language": language})
    assert response.status_code == (404 if path == "/nothing" else 200)
    assert f'<html lang="{language}">' in response.text
    assert translate(language, "nav_start") in response.text
    links = re.findall(r'(?:href|src|action)="([^"]*)"', response.text)
    assert len(links) > 5
    assert [link for link in links if "/" in link and not link.startswith((".", "#", "?", PUBLIC_URL))] == []


def test_a_selected_language_is_kept_in_links(client: TestClient) -> None:
    page = client.get("/start/?lang=sv", headers={"Accept-Language": "en"}).text
    assert '<html lang="sv">' in page
    assert 'href="../texts/?lang=sv"' in page
    assert re.search(r'href="\.\./sources/\w+\?start=\d+&amp;end=\d+&amp;lang=sv#quote"', page)
    assert 'href="?lang=en"' in page
    assert 'href="?q=a%20%26b&amp;lang=sv"' in client.get("/search/?q=a%20%26b").text


@pytest.fixture
def hostile_site(site: Site, tmp_path: Path) -> Site:
    """A site whose document, role and branding contain markup wherever they can."""
    text = (
        f"{HOSTILE} Institute\n\nThe {HOSTILE} Weather Office (WO) is a {HOSTILE} office. "
        f"WO works with {HOSTILE} Rain Office."
    )
    item = document(
        '"><script>.md', text, title=HOSTILE, language='"><script>', source=HOSTILE, retrieved=HOSTILE,
        url="https://x.example/?a=<script>", headings=(Heading(Span(0, len(HOSTILE) + 10), 1, HOSTILE),),
    )  # fmt: skip
    assistant = Assistant(index_of([item], tmp_path / "hostile"), BagOfWords(), ANSWERABILITY, contact=HOSTILE)
    snapshot = IndexSnapshot(*assistant_with_introduction(assistant), roles=(Role("1", {"en": HOSTILE}, ()),))
    return replace(site, snapshot=snapshot, branding=replace(site.branding, organisation=HOSTILE))


def test_markup_in_the_corpus_is_escaped_on_every_page(hostile_site: Site) -> None:
    index = hostile_site.assistant.index
    [document_id] = index.documents
    paths = (
        *PAGES, f"/sources/{index.passages[0].passage_id}", f"/texts/{url_quote(document_id)}",
        f"/search/?q={url_quote(HOSTILE)}",
    )  # fmt: skip
    with TestClient(create_app(hostile_site)) as client:
        for path in paths:
            page = client.get(path, headers=HTML).text
            assert "<img" not in page.replace('<img src="', ""), path
            assert "<script>" not in page, path
            assert "onerror=alert(1)>" not in page, path
            scripts = re.findall(r"<script[^>]*>", page)
            assert all('src="../static/start.js"' in script for script in scripts), path
