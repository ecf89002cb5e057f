from __future__ import annotations

import pytest

from assistant.answering import writer
from assistant.answering.sentence_selection import score_sentences, select_sentences
from assistant.index.loading import Index
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Citation
from tests.fakes import BagOfWords


@pytest.fixture
def citations(shared_index: Index) -> tuple[Citation, ...]:
    query = make_query(shared_index, BagOfWords(), "Alpha Institute founded", "en")
    sentences = score_sentences(shared_index, query, retrieve(shared_index, query, 5))
    return writer.make_citations(select_sentences(sentences))


def test_citations_are_numbered_and_verbatim(shared_index: Index, citations: tuple[Citation, ...]) -> None:
    assert [item.number for item in citations] == list(range(1, len(citations) + 1))
    for item in citations:
        assert shared_index.document_texts[item.document_id][item.start : item.end] == item.quote


def test_each_quote_is_followed_by_its_marker(citations: tuple[Citation, ...]) -> None:
    text = writer.compose_answer(citations, "en", "When?")
    assert text == " ".join(f"{item.quote} [{item.number}]" for item in citations)


@pytest.mark.parametrize(
    ("language", "question", "lead_in"),
    [
        ("sv", "När?", "Så här står det på engelska i dokumenten:"),
        ("en", "Was it founded?", "This is what the documents say:"),
    ],
)
def test_lead_in_comes_before_the_quotes(
    citations: tuple[Citation, ...], language: str, question: str, lead_in: str
) -> None:
    quotes = writer.compose_answer(citations, "en", "When?")
    assert writer.compose_answer(citations, language, question) == f"{lead_in} {quotes}"


def test_closest_passages_are_cited_whole(shared_index: Index) -> None:
    query = make_query(shared_index, BagOfWords(), "statistics", "en")
    retrieved = retrieve(shared_index, query, 2)
    closest = writer.cite_whole_passages(retrieved)
    assert [item.quote for item in closest] == [item.passage.text for item in retrieved]
    assert [item.number for item in closest] == [1, 2]
