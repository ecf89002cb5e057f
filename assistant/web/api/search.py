"""The route `GET /api/v1/search`, which finds passages but does not answer questions."""

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
from assistant.web.shared.site import Site

DEFAULT_HIT_COUNT = 10


class SearchHit(BaseModel):
    """A search result: `before + quote + after` is the passage, and `quote` is its best-matching sentence."""

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


def search_passages(assistant: Assistant, text: str, count: int, default_language: str) -> list[SearchHit]:
    """Find the passages that best match `text`.

    Args:
        assistant: the live assistant.
        text: search words or a question.
        count: the maximum number of hits.
        default_language: the code of the language to assume if the language of `text` can't be detected.

    Returns:
        The hits, best first. There are none if `text` is not a valid question.
    """
    try:
        question = validate_question(text)
    except QuestionError:
        return []
    query = make_query(
        assistant.index, assistant.encoder, question, detect_question_language(question, default_language)
    )
    retrieved = retrieve(assistant.index, query, count)
    best_sentences = {}
    # In reverse order, the best sentence of each passage comes last and overwrites the others.
    for sentence in reversed(score_sentences(assistant.index, query, retrieved)):
        best_sentences[sentence.passage.passage_id] = sentence.span
    return [_to_hit(item.passage, best_sentences[item.passage.passage_id]) for item in retrieved]


def _to_hit(passage: Passage, sentence: Span) -> SearchHit:
    start, end = sentence.start, sentence.end
    return SearchHit(
        passage_id=passage.passage_id, document_id=passage.document_id, title=passage.title,
        heading=list(passage.heading), language=passage.language, quote=passage.quote(sentence),
        start=start, end=end, before=passage.text[: start - passage.start], after=passage.text[end - passage.start :],
    )  # fmt: skip


def add_search_route(app: FastAPI, site: Site) -> None:
    """Register `GET /api/v1/search`."""

    @app.get("/api/v1/search", tags=["texts"])
    def search_json(
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION_CHARACTERS)],
        k: Annotated[int, Query(ge=1, le=50)] = DEFAULT_HIT_COUNT,
    ) -> list[SearchHit]:
        """Search the passages for words or a question. Hits are listed best first, but may not answer the question."""
        return search_passages(site.assistant, q, k, site.assistant.default_language)
