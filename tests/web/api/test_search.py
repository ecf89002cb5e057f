from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.web.api.search import search_passages
from tests.conftest import TEXT


def test_hit_consists_of_its_quote_and_the_rest_of_the_passage(client: TestClient) -> None:
    [hit] = client.get("/api/v1/search", params={"q": "patients", "k": 1}).json()
    assert hit["quote"] == "Beta Hospital tests the methods with patients."
    assert hit["before"] + hit["quote"] + hit["after"] in TEXT
    assert TEXT[hit["start"] : hit["end"]] == hit["quote"]


def test_best_hit_comes_first_even_if_it_answers_nothing(small_assistant: Assistant) -> None:
    hits = search_passages(small_assistant, "zebra library at night", 10, "en")
    assert hits[0].quote == "Its library is open at night."
    assert {hit.document_id for hit in hits} == {"alpha.md", "gamma.md"}


@pytest.mark.parametrize("text", ["?!", " ", ""])
def test_text_without_words_has_no_hits(small_assistant: Assistant, text: str) -> None:
    assert search_passages(small_assistant, text, 10, "en") == []


@pytest.mark.parametrize("parameters", [{"q": ""}, {"q": "x" * 2001}, {"q": "x", "k": 0}, {"q": "x", "k": 51}, {}])
def test_invalid_parameters_are_rejected(client: TestClient, parameters: dict[str, str]) -> None:
    assert client.get("/api/v1/search", params=parameters).status_code == 422
