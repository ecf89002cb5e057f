from __future__ import annotations

from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import ScoreWeights, passage_word_match, retrieve
from assistant.schema import RetrievedPassage
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def search(index: Index, question: str, count: int = 5, language: str = "en") -> list[RetrievedPassage]:
    return retrieve(index, make_query(index, BagOfWords(), question, language), count)


def test_passage_with_the_words_of_the_question_comes_first(shared_index: Index) -> None:
    results = search(shared_index, "Which university teaches statistics?")
    assert results[0].passage.document_id == "gamma.md"
    assert [item.score for item in results] == sorted((item.score for item in results), reverse=True)


def test_question_without_known_words_has_no_lexical_score(shared_index: Index) -> None:
    assert {item.lexical_score for item in search(shared_index, "zzzz qqqq")} == {0.0}


def test_count_limits_the_results(shared_index: Index) -> None:
    assert len(search(shared_index, "statistics", 1)) == 1
    assert len(search(shared_index, "statistics", 99)) == len(shared_index.passages)


def test_index_without_passages_has_no_results(tmp_path: Path) -> None:
    assert search(index_of([document(text="")], tmp_path), "What is Alpha?") == []


def test_misspelt_words_are_matched_by_their_parts(shared_index: Index) -> None:
    shares = {item.passage.document_id: item.lexical_score for item in search(shared_index, "statistcs universty")}
    assert shares["gamma.md"] > shares["alpha.md"]


def test_swedish_compounds_are_matched_by_their_parts(tmp_path: Path) -> None:
    documents = [
        document("a.md", "Regionen betalar för helgenomsekvensering av prover.", language="sv", title="A"),
        document("b.md", "Kommunen betalar för skolmat och bibliotek.", language="sv", title="B"),
    ]
    results = search(index_of(documents, tmp_path), "sekvensering", language="sv")
    shares = {item.passage.document_id: item.lexical_score for item in results}
    assert shares["a.md"] > shares["b.md"] == 0


def test_title_counts_for_passages_that_do_not_repeat_it(tmp_path: Path) -> None:
    text = "This condition affects many organs."
    documents = [document(f"{name}.md", text, title=f"{name} syndrome") for name in ("Aarskog", "Bloom", "Cowden")]
    results = search(index_of(documents, tmp_path), "What does Bloom syndrome affect?")
    assert results[0].passage.title == "Bloom syndrome"


def test_word_match_is_higher_for_the_passage_with_the_words(shared_index: Index) -> None:
    query = make_query(shared_index, BagOfWords(), "nurses trained", "en")
    rows = {passage.document_id: row for row, passage in enumerate(shared_index.passages)}
    alpha, gamma = (passage_word_match(shared_index, query, rows[name]) for name in ("alpha.md", "gamma.md"))
    assert 1.01 > alpha > gamma > -1.01


def test_question_without_content_words_has_no_word_match(shared_index: Index) -> None:
    assert passage_word_match(shared_index, make_query(shared_index, BagOfWords(), "What is it?", "en"), 0) == 0


def test_score_is_the_weighted_sum_of_its_parts(shared_index: Index) -> None:
    query = make_query(shared_index, BagOfWords(), "Which university teaches statistics?", "en")
    for item in retrieve(
        shared_index, query, 5, weights=ScoreWeights(sentence_share=0.4, lexical_score=2.0, word_match=3.0)
    ):
        row = shared_index.row_by_passage_id[item.passage.passage_id]
        sentence = max(shared_index.sentence_cosines(query.question_vector, row).tolist())
        parts = 0.6 * item.cosine + 0.4 * sentence + 2 * item.lexical_score + 3 * item.word_match
        assert item.score == pytest.approx(parts)


def test_filter_restricts_the_results(shared_index: Index) -> None:
    query = make_query(shared_index, BagOfWords(), "nurses", "en")
    results = retrieve(shared_index, query, 9, PassageFilter(("gamma.md",)))
    assert [item.passage.document_id for item in results] == ["gamma.md"]
    assert retrieve(shared_index, query, 9, PassageFilter(("none.md",))) == []


def test_near_duplicates_are_returned_once(tmp_path: Path) -> None:
    text = "The regional centre offers sequencing, analysis and advice to all hospitals of the country every day."
    documents = [document("a.md", text), document("b.md", text), document("c.md", text, title="Other subject here")]
    results = search(index_of(documents, tmp_path), "sequencing advice", 9)
    assert len(results) == 2
    assert "c.md" in {item.passage.document_id for item in results}


@pytest.mark.real
def test_swedish_questions_find_english_passages(seed_assistant: Assistant) -> None:
    index, encoder = seed_assistant.index, seed_assistant.encoder
    query = make_query(index, encoder, "Vem finansierar nationella forskningsprojekt om akut leukemi?", "sv")
    assert "acute leukemias" in retrieve(index, query, 1)[0].passage.text
