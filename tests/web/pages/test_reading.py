from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from assistant.schema import Heading, Span
from assistant.web.pages.reading import split_into_blocks
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.conftest import document
from tests.web.pages.conftest import PUBLIC_URL, main_part


def test_a_document_is_one_page_with_its_passages_as_anchors(client: TestClient, weather_site: Site) -> None:
    page = client.get("/texts/rain.md").text
    for passage in weather_site.assistant.index.passages:
        assert f'id="p-{passage.passage_id}"' in page
    assert "as of 2026-01-31" in page
    assert '<mark id="quote">' not in page
    assert f'href="{PUBLIC_URL}"' in page


def test_a_quote_is_highlighted_and_linked_to_its_public_page(client: TestClient, weather_site: Site) -> None:
    citation = weather_site.assistant.ask("What is NWI?").citations[0]
    page = client.get(f"/sources/{citation.passage_id}?start={citation.start}&end={citation.end}").text
    assert f'<mark id="quote">{citation.quote}</mark>' in page
    assert f"{PUBLIC_URL}#:~:text=The%20National%20Weather%20Institute%20%28NWI%29%20is," in page
    assert "<script" not in page


@pytest.mark.parametrize("offsets", ["?start=0&end=99999", "?start=5&end=5", "?start=7&end=2", "?start=1"])
def test_offsets_outside_the_passage_highlight_the_whole_passage(
    client: TestClient, weather_site: Site, offsets: str
) -> None:
    passage = weather_site.assistant.index.passages[0]
    page = client.get(f"/sources/{passage.passage_id}{offsets}").text
    assert page.count('<mark id="quote">') == 1
    assert page.count("<mark") == passage.text.count("\n\n") + 1


@pytest.mark.parametrize("name", ["unknown", "..%2f..%2fetc%2fpasswd", "%00", "a" * 10_000])
@pytest.mark.parametrize("path", ["/sources/", "/texts/"])
def test_an_unknown_passage_or_document_is_not_found(client: TestClient, path: str, name: str) -> None:
    assert client.get(path + name).status_code == 404


def test_a_changed_document_has_a_notice(weather_site: Site) -> None:
    assistant = replace(weather_site.assistant, detect_document_change=lambda _: "changed")
    changed = replace(weather_site, snapshot=replace(weather_site.snapshot, assistant=assistant))
    with TestClient(create_app(changed)) as client:
        assert translate("en", "notice_changed") in main_part(client.get("/texts/rain.md").text)


def test_the_document_list_links_every_document(client: TestClient, site: Site) -> None:
    assert re.findall(r'<li><a href="\.\./texts/([\w.]+)">', client.get("/texts/").text) == ["rain.md"]
    with TestClient(create_app(site)) as other:
        links = re.findall(r'<li><a href="\.\./texts/([\w.]+)">', other.get("/texts/").text)
    assert links == ["alpha.md", "gamma.md"]


def test_a_highlight_across_paragraphs_and_passages_keeps_all_text(weather_site: Site) -> None:
    index = weather_site.assistant.index
    item = index.documents["rain.md"]
    highlight = Span(item.text.index("Together"), item.text.index("Since"))
    blocks = split_into_blocks(item, index.passages, highlight)
    assert "\n\n".join(block.plain_text for block in blocks) == item.text
    highlighted = [text for block in blocks for kind, text in block.highlighted_pieces if kind in {"first", "mark"}]
    assert "".join(highlighted) == item.text[highlight.start : highlight.end].replace("\n\n", "")
    assert [kind for block in blocks for kind, _ in block.highlighted_pieces].count("first") == 1


def test_headings_become_blocks_one_level_below_the_title() -> None:
    item = document(
        text="Rain\n\nIt rains.\n\nSnow",
        headings=(Heading(Span(0, 4), 1, "Rain"), Heading(Span(17, 21), 6, "Snow")),
    )
    blocks = split_into_blocks(item, [], None)
    assert [(block.heading_level, block.element_id, block.plain_text) for block in blocks] == [
        (2, "h-0", "Rain"),
        (0, "h-1", "It rains."),
        (6, "h-2", "Snow"),
    ]
