"""`GET /api/v1/search`: search over the passages, beside the chat."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from assistant.answering.sentence_selection import score_sentences
from assistant.conversation.assistant import Assistant
from assistant.conversation.question import MAX_QUESTION_CHARACTERS, validate_question
from assistant.errors import QuestionError
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Passage, Span
from assistant.text.language import detect_question_language
from assistant.web.site.site import Site

DEFAULT_HITS = 10


class SearchHit(BaseModel):
    """A passage that was found: `before + quote + after` is its text, `quote` its nearest sentence."""

    passage_id: str
    document_id: str
    title: str
    heading: list[str]
    language: str
    quote: str
    start: int
    end: int
    before: str
    after: str


def search_passages(assistant: Assistant, text: str, count: int, default: str) -> list[SearchHit]:
    """The passages nearest to `text`, best first; [] for one without words."""
    try:
        asked = validate_question(text)
    except QuestionError:
        return []
    query = make_query(assistant.index, assistant.encoder, asked, detect_question_language(asked, default))
    retrieved = retrieve(assistant.index, query, count)
    best = {}
    for evidence in reversed(score_sentences(assistant.index, query, retrieved)):
        best[evidence.passage.passage_id] = evidence.span
    found = []
    for item in retrieved:
        passage = item.passage
        span = best[passage.passage_id]
        found.append(_to_hit(passage, span.start, span.end))
    return found


def _to_hit(passage: Passage, start: int, end: int) -> SearchHit:
    return SearchHit(
        passage_id=passage.passage_id, document_id=passage.document_id, title=passage.title,
        heading=list(passage.heading), language=passage.language, quote=passage.quote(Span(start, end)),
        start=start, end=end, before=passage.text[: start - passage.start], after=passage.text[end - passage.start :],
    )  # fmt: skip


def add_search(app: FastAPI, site: Site) -> None:
    """Add `/api/v1/search`."""

    @app.get("/api/v1/search", tags=["texts"])
    def search_json(
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION_CHARACTERS)],
        k: Annotated[int, Query(ge=1, le=50)] = DEFAULT_HITS,
    ) -> list[SearchHit]:
        """The passages nearest to some words or a question, best first, whether they answer it or not."""
        return search_passages(site.assistant, q, k, site.assistant.language)
