from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi import Request

from assistant.web.shared.identity import Identity
from assistant.web.shared.rendering import paginate, relative_root_url, render_page, render_template
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate


def make_scope(path: str, query: str = "", **values: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": [], **values}


@pytest.mark.parametrize(
    ("path", "root_path", "root"),
    [
        ("/", "", "./"),
        ("/start", "", "./"),
        ("/start/", "", "../"),
        ("/start/test", "", "../"),
        ("/texts/a/b.md", "", "../../"),
        ("/intranet/start/", "/intranet", "../"),
    ],
)
def test_relative_root_works_under_any_sub_path(path: str, root_path: str, root: str) -> None:
    assert relative_root_url(make_scope(path, root_path=root_path)) == root


def test_template_is_rendered_in_the_requested_language(site: Site) -> None:
    swedish = render_template(site, make_scope("/nothing", "lang=sv"), "error.html", status=404, allowed=True)
    assert '<html lang="sv">' in swedish
    assert 'href="./chat/?lang=sv"' in swedish
    english = render_template(site, make_scope("/nothing"), "error.html", status=404, allowed=True)
    assert '<html lang="en">' in english
    assert 'href="./chat/"' in english


def test_values_are_escaped(site: Site) -> None:
    branded = replace(site, branding=replace(site.branding, organisation="<script>alert(1)</script>"))
    identity = Identity("bo", "<b>Bo</b>")
    scope = make_scope("/nothing", state={"identity": identity})
    page = render_template(branded, scope, "error.html", status=404, allowed=True)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;Bo&lt;/b&gt;" in page


def test_scripts_receive_their_texts_in_the_page_language(site: Site) -> None:
    page = render_template(site, make_scope("/nothing", "lang=sv"), "error.html", status=404, allowed=True)
    match = re.search(r'<meta name="assistant-words" content="([^"]*)">', page)
    assert match
    assert json.loads(html.unescape(match.group(1)))["close"] == translate("sv", "close")


def test_page_has_the_given_status(site: Site) -> None:
    response = render_page(site, Request(make_scope("/x")), "error.html", status=403, allowed=False)
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("query", "items", "previous", "following"),
    [
        ("", [0, 1, 2, 3], 0, 2),
        ("page=2", [4, 5, 6, 7], 1, 3),
        ("page=3", [8, 9], 2, 0),
        ("page=99", [8, 9], 2, 0),
        ("page=0", [0, 1, 2, 3], 0, 2),
        ("page=-1", [0, 1, 2, 3], 0, 2),
        ("page=٢", [0, 1, 2, 3], 0, 2),
        ("page=" + "1" * 20, [0, 1, 2, 3], 0, 2),
    ],
)
def test_pagination_falls_back_to_an_existing_page(query: str, items: list[int], previous: int, following: int) -> None:
    request = Request({**make_scope("/texts/"), "query_string": query.encode()})
    assert paginate(request, range(10), 4) == (range(items[0], items[-1] + 1), previous, following)


def test_empty_list_has_one_page() -> None:
    assert paginate(Request(make_scope("/texts/")), [], 4) == ([], 0, 0)
