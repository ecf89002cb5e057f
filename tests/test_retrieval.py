from __future__ import annotations

from pathlib import Path

import pytest

from assistant.chat import Assistant
from assistant.index.loaded import Index
from assistant.retrieval import make_query, retrieve, word_match
from assistant.schema import Retrieved
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def search(index: Index, question: str, count: int = 5) -> list[Retrieved]:
    return retrieve(index, make_query(index, BagOfWords(), question, "en"), count)


def test_the_passage_with_the_asked_words_comes_first(small_index: Index) -> None:
    found = search(small_index, "Which university teaches statistics?")
    assert found[0].passage.document_id == "gamma.md"
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_a_question_that_matches_no_word_has_no_lexical_score(small_index: Index) -> None:
    assert {item.lexical for item in search(small_index, "zzzz qqqq")} == {0.0}


def test_no_more_passages_than_asked_for_and_than_there_are(small_index: Index) -> None:
    assert len(search(small_index, "statistics", 1)) == 1
    assert len(search(small_index, "statistics", 99)) == len(small_index.passages)


def test_a_misspelt_word_is_found_by_its_parts(small_index: Index) -> None:
    best = int(small_index.lexical.shares("statistcs universty").argmax())
    assert small_index.passages[best].document_id == "gamma.md"


def test_a_swedish_compound_is_found_by_its_part(tmp_path: Path) -> None:
    documents = [
        document("a.md", "Regionen betalar för helgenomsekvensering av prover.", language="sv", title="A"),
        document("b.md", "Kommunen betalar för skolmat och bibliotek.", language="sv", title="B"),
    ]
    shares = index_of(documents, tmp_path).lexical.shares("sekvensering")
    assert shares[0] > shares[1] == 0


def test_the_title_counts_for_a_text_that_does_not_name_its_subject(tmp_path: Path) -> None:
    text = "This condition affects many organs."
    documents = [document(f"{name}.md", text, title=f"{name} syndrome") for name in ("Aarskog", "Bloom", "Cowden")]
    assert (
        search(index_of(documents, tmp_path), "What does Bloom syndrome affect?")[0].passage.title == "Bloom syndrome"
    )


def test_words_are_matched_one_by_one(small_index: Index) -> None:
    query = make_query(small_index, BagOfWords(), "nurses trained", "en")
    rows = {passage.document_id: row for row, passage in enumerate(small_index.passages)}
    assert word_match(small_index, query, rows["alpha.md"]) > word_match(small_index, query, rows["gamma.md"])
    assert float(query.weights.sum()) == pytest.approx(1)


@pytest.mark.real
def test_a_swedish_question_finds_the_english_passage(seed_assistant: Assistant) -> None:
    index, encoder = seed_assistant.index, seed_assistant.encoder
    query = make_query(index, encoder, "Vem finansierar nationella forskningsprojekt om akut leukemi?", "sv")
    assert "acute leukemias" in retrieve(index, query, 1)[0].passage.text
