from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json

import pytest
from fastapi.testclient import TestClient

from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.widget.widget import integrity_hash
from tests.conftest import ROOT

SCRIPT = (ROOT / "assistant" / "web" / "widget" / "widget.js").read_bytes()
ATTRIBUTES = ("base", "mode", "lang", "theme", "position", "title-text", "open-on-load", "suggestions", "privacy-url")


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT, 9)) <= 8 * 1024


def test_integrity_is_the_sri_hash_of_the_file() -> None:
    assert base64.b64decode(integrity_hash(b"x").removeprefix("sha384-")) == hashlib.sha384(b"x").digest()


@pytest.mark.parametrize("path", ["/widget.js", "/widget/1/widget.js"])
def test_any_site_may_load_the_script(site: Site, path: str) -> None:
    with TestClient(create_app(site)) as client:
        response = client.get(path, headers={"Origin": "https://intranet.example"})
        unchanged = client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert response.content == SCRIPT
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["content-type"].startswith("text/javascript")
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_the_widget_page_documents_every_attribute(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        page = client.get("/widget/?lang=sv").text
    for name in (*ATTRIBUTES, "sign-in"):
        assert f"<code>{name}</code>" in page
        assert f'"{name}"'.encode() in SCRIPT
    assert html.escape(integrity_hash(SCRIPT)) in page
    assert "http://testserver/widget/1/widget.js" in page


def test_the_widget_page_suggests_questions_in_its_language(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        page = client.get("/widget/?lang=sv").text
    value = page.partition('suggestions="')[2].partition('"')[0]
    suggestions = json.loads(html.unescape(value))
    swedish = {item.question for item in site.introduction.suggested_questions if item.language == "sv"}
    assert 0 < len(suggestions) <= 3
    assert set(suggestions) <= swedish
