from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve, word_match
from assistant.schema import RetrievedPassage
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def search(index: Index, question: str, count: int = 5) -> list[RetrievedPassage]:
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
    best = next(iter(small_index.lexical.search("statistcs universty", 1, np.zeros(0, dtype=np.int64))))
    assert small_index.passages[best].document_id == "gamma.md"


def test_a_swedish_compound_is_found_by_its_part(tmp_path: Path) -> None:
    documents = [
        document("a.md", "Regionen betalar för helgenomsekvensering av prover.", language="sv", title="A"),
        document("b.md", "Kommunen betalar för skolmat och bibliotek.", language="sv", title="B"),
    ]
    shares = index_of(documents, tmp_path).lexical.search("sekvensering", 9, np.arange(len(documents)))
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


def test_only_the_allowed_documents_and_languages_are_found(tmp_path: Path) -> None:
    documents = [
        document("north/a.md", "The hospital trains nurses."),
        document("north/b.md", "Sjukhuset utbildar nurses.", language="sv"),
        document("south.md", "Nurses are trained."),
    ]
    index = index_of(documents, tmp_path)
    query = make_query(index, BagOfWords(), "nurses", "en")

    def found(passage_filter: PassageFilter) -> set[str]:
        return {item.passage.document_id for item in retrieve(index, query, 9, passage_filter)}

    assert found(PassageFilter()) == {"north/a.md", "north/b.md", "south.md"}
    assert found(PassageFilter(("north",))) == {"north/a.md", "north/b.md"}
    assert found(PassageFilter(("south.md",))) == {"south.md"}
    assert found(PassageFilter(language="sv")) == {"north/b.md"}
    assert found(PassageFilter(("south.md",), "sv")) == set()
    assert found(PassageFilter(("nort",))) == set()


def test_a_passage_that_repeats_another_is_found_once(tmp_path: Path) -> None:
    text = "The regional centre offers sequencing, analysis and advice to all hospitals of the country every day."
    documents = [document("a.md", text), document("b.md", text), document("c.md", text, title="Other subject here")]
    found = search(index_of(documents, tmp_path), "sequencing advice", 9)
    assert len(found) == 2
    assert "c.md" in {item.passage.document_id for item in found}


@pytest.mark.real
def test_a_swedish_question_finds_the_english_passage(seed_assistant: Assistant) -> None:
    index, encoder = seed_assistant.index, seed_assistant.encoder
    query = make_query(index, encoder, "Vem finansierar nationella forskningsprojekt om akut leukemi?", "sv")
    assert "acute leukemias" in retrieve(index, query, 1)[0].passage.text
