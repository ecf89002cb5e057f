from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.web.api.conftest import QUESTION


def test_documents_are_listed_with_their_size(client: TestClient, small_assistant: Assistant) -> None:
    documents = client.get("/api/v1/documents").json()
    assert [item["document_id"] for item in documents] == ["alpha.md", "gamma.md"]
    assert [item["characters"] for item in documents] == [
        len(item.text) for item in small_assistant.index.documents.values()
    ]
    assert sum(item["passages"] for item in documents) == len(small_assistant.index.passages)


def test_passage_includes_its_context(client: TestClient, small_assistant: Assistant) -> None:
    citation = small_assistant.ask(QUESTION).citations[0]
    passage = client.get(f"/api/v1/passages/{citation.passage_id}").json()
    text = small_assistant.index.document_texts[citation.document_id]
    assert passage["before"] + passage["text"] + passage["after"] in text
    start = passage["start"]
    assert passage["text"][citation.start - start : citation.end - start] == citation.quote


@pytest.mark.parametrize("passage_id", ["unknown", "..%2f..%2fetc%2fpasswd", "%00", "a" * 10_000])
def test_unknown_passage_is_not_found(client: TestClient, passage_id: str) -> None:
    assert client.get(f"/api/v1/passages/{passage_id}").status_code == 404


@pytest.mark.parametrize("offsets", ["?start=0.0&end=5", "?start=-1&end=5", "?start=٣&end=5", "?start=x"])
def test_offsets_must_be_whole_numbers(client: TestClient, small_assistant: Assistant, offsets: str) -> None:
    passage_id = small_assistant.index.passages[0].passage_id
    assert client.get(f"/api/v1/passages/{passage_id}{offsets}").status_code == 422


def test_public_url_points_at_the_quote_or_the_whole_passage(site: Site, tmp_path: Path) -> None:
    url = "https://example.org/rain"
    item = document("rain.md", "Rain falls in Bergen. Snow falls in Kiruna.", url=url, retrieved="2026-01-31")
    assistant = Assistant(index_of([item], tmp_path / "rain"), BagOfWords(), ANSWERABILITY)
    passage = assistant.index.passages[0]
    with TestClient(create_app(replace(site, snapshot=replace(site.snapshot, assistant=assistant)))) as client:
        quoted = client.get(f"/api/v1/passages/{passage.passage_id}?start=0&end=21").json()
        outside = client.get(f"/api/v1/passages/{passage.passage_id}?start=5&end=99999").json()
    assert quoted["public_url"] == f"{url}#:~:text=Rain%20falls%20in%20Bergen."
    assert outside["public_url"] == f"{url}#:~:text=Rain%20falls%20in%20Bergen.%20Snow%20falls%20in%20Kiruna."
    assert quoted["retrieved"] == "2026-01-31"


def test_passage_reports_a_changed_document(site: Site) -> None:
    assistant = replace(site.assistant, detect_document_change=lambda _: "changed")
    passage_id = assistant.index.passages[0].passage_id
    with TestClient(create_app(replace(site, snapshot=replace(site.snapshot, assistant=assistant)))) as client:
        assert client.get(f"/api/v1/passages/{passage_id}").json()["changed"] == "changed"
    with TestClient(create_app(site)) as client:
        assert client.get(f"/api/v1/passages/{passage_id}").json()["changed"] == ""
