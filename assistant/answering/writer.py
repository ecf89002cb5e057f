"""The extractive writer: sentences of the corpus, word for word, each with its marker."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering import phrases
from assistant.answering.sentence_selection import ScoredSentence
from assistant.citations import marker
from assistant.schema import Citation, RetrievedPassage, Span


def make_citations(evidence: Sequence[ScoredSentence]) -> tuple[Citation, ...]:
    """One numbered citation for each sentence, in the order given."""
    return tuple(_citation(number, item) for number, item in enumerate(evidence, 1))


def closest_passages(retrieved: Sequence[RetrievedPassage]) -> tuple[Citation, ...]:
    """Whole passages as the closest there is, never as sources."""
    return tuple(
        _quote(number, item, Span(item.passage.start, item.passage.end), item.score)
        for number, item in enumerate(retrieved, 1)
    )


def compose_answer(citations: Sequence[Citation], language: str, question: str) -> str:
    """The text of an answer in `language`: the quotes in order, each followed by its marker."""
    quotes = " ".join(f"{citation.quote} {marker(citation.number)}" for citation in citations)
    lead = phrases.lead_in(language, citations[0].language, question)
    return f"{lead} {quotes}" if lead else quotes


def _citation(number: int, item: ScoredSentence) -> Citation:
    return _quote(number, item.retrieved, item.span, item.score)


def _quote(number: int, item: RetrievedPassage, span: Span, score: float) -> Citation:
    passage = item.passage
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
    )
