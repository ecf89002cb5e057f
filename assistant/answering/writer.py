"""Composes an extractive answer: verbatim sentences, each followed by its citation marker."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering import phrases
from assistant.answering.sentence_selection import ScoredSentence
from assistant.citations import citation_marker
from assistant.schema import AnswerSpan, Citation, RetrievedPassage, Span


def make_citations(sentences: Sequence[ScoredSentence]) -> tuple[Citation, ...]:
    """Return a citation for each sentence. The citations are numbered from 1, in the order of the sentences."""
    return tuple(
        _make_citation(number, item.retrieved_passage, item.span, item.score, item.answer)
        for number, item in enumerate(sentences, 1)
    )


def cite_whole_passages(retrieved: Sequence[RetrievedPassage]) -> tuple[Citation, ...]:
    """Cite whole passages. They are shown with an unclear verdict as the closest matches, not to support an answer."""
    return tuple(
        _make_citation(number, item, Span(item.passage.start, item.passage.end), item.score)
        for number, item in enumerate(retrieved, 1)
    )


def compose_answer(citations: Sequence[Citation], language: str, question: str) -> str:
    """Return the text of an answer: a lead-in in `language` if needed, then each quote and its citation marker."""
    quotes = " ".join(f"{citation.quote} {citation_marker(citation.number)}" for citation in citations)
    lead_in = phrases.quote_lead_in(language, citations[0].language, question)
    return f"{lead_in} {quotes}" if lead_in else quotes


def _make_citation(
    number: int, retrieved: RetrievedPassage, span: Span, score: float, answer: Span | None = None
) -> Citation:
    passage = retrieved.passage
    return Citation(
        number=number,
        document_id=passage.document_id,
        title=passage.title,
        url=passage.url,
        heading=passage.heading,
        passage_id=passage.passage_id,
        quote=passage.quote(span),
        start=span.start,
        end=span.end,
        score=round(score, 4),
        language=passage.language,
        answer=AnswerSpan(passage.quote(answer), answer.start, answer.end) if answer else None,
    )
