"""The routes `GET /api/v1/documents` and `GET /api/v1/passages/{id}`."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from assistant.index.loading import Index
from assistant.schema import Passage
from assistant.web.shared.links import fragment_url
from assistant.web.shared.request_context import TextOffset
from assistant.web.shared.site import Site

_CONTEXT_CHARACTERS = 600  # how much text is returned before a passage, and how much after it


class PassageResponse(BaseModel):
    """A passage with its context: `before + text + after` is a contiguous part of the document."""

    passage_id: str
    document_id: str
    title: str
    url: str | None
    language: str
    heading: list[str]
    text: str
    before: str
    after: str
    start: int
    end: int
    retrieved: str | None
    changed: str
    public_url: str | None


class DocumentResponse(BaseModel):
    """A document in the corpus."""

    document_id: str
    title: str
    url: str | None
    language: str
    source: str | None
    characters: int
    passages: int


def _find_passage(index: Index, passage_id: str) -> Passage:
    row = index.row_by_passage_id.get(passage_id)
    if row is None:
        raise HTTPException(404, "no such passage; the document may have changed since it was cited")
    return index.passages[row]


def add_document_routes(app: FastAPI, site: Site) -> None:
    """Register `GET /api/v1/documents` and `GET /api/v1/passages/{id}`."""

    @app.get("/api/v1/passages/{passage_id}", tags=["texts"])
    def passage(
        passage_id: str,
        start: TextOffset | None = None,
        end: TextOffset | None = None,
    ) -> PassageResponse:
        """Return a passage with its context.

        `public_url` links to the text from the offset `start` to the offset `end`, or to the whole passage if these are
        missing or lie outside the passage.
        """
        assistant = site.assistant
        index = assistant.index
        result = _find_passage(index, passage_id)
        document = index.documents[result.document_id]
        quote = result.text
        if start is not None and end is not None and result.start <= start < end <= result.end:
            quote = document.text[start:end]
        copied_fields = ("passage_id", "document_id", "title", "url", "language", "text", "start", "end")
        values = asdict(result)
        return PassageResponse(
            **{key: values[key] for key in copied_fields},
            heading=list(result.heading),
            before=document.text[max(0, result.start - _CONTEXT_CHARACTERS) : result.start],
            after=document.text[result.end : result.end + _CONTEXT_CHARACTERS],
            retrieved=document.retrieved,
            changed=assistant.detect_document_change(result.document_id),
            public_url=fragment_url(result.url, quote) if result.url else None,
        )

    @app.get("/api/v1/documents", tags=["texts"])
    def documents() -> list[DocumentResponse]:
        """List all documents in the corpus."""
        index = site.assistant.index
        return [
            DocumentResponse(
                document_id=item.document_id, title=item.title, url=item.url, language=item.language,
                source=item.source, characters=len(item.text),
                passages=len(range(*index.document_row_range(item.document_id))),
            )
            for item in index.documents.values()
        ]  # fmt: skip
