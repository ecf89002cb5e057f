"""`GET /api/v1/documents` and `GET /api/v1/passages/{id}`."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from assistant.index.loading import Index
from assistant.schema import Passage
from assistant.web.site.links import fragment_url
from assistant.web.site.request_context import Offset
from assistant.web.site.site import Site

_SURROUNDINGS = 600  # characters before and after a passage


class PassageResponse(BaseModel):
    """A passage with its surroundings: `before + text + after` is a stretch of the document."""

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
    """A document of the corpus."""

    document_id: str
    title: str
    url: str | None
    language: str
    source: str | None
    characters: int
    passages: int


def add_documents(app: FastAPI, site: Site) -> None:
    """Add both paths."""

    def find(index: Index, passage_id: str) -> Passage:
        row = index.rows.get(passage_id)
        if row is None:
            raise HTTPException(404, "no such passage; the text may have changed since it was cited")
        return index.passages[row]

    @app.get("/api/v1/passages/{passage_id}", tags=["texts"])
    def passage(
        passage_id: str,
        start: Offset | None = None,
        end: Offset | None = None,
    ) -> PassageResponse:
        """A passage with its surroundings; the public address leads to the quote at `start` to `end`."""
        assistant = site.assistant
        index = assistant.index
        found = find(index, passage_id)
        document = index.documents[found.document_id]
        quote = found.text
        if start is not None and end is not None and found.start <= start < end <= found.end:
            quote = document.text[start:end]
        keep = ("passage_id", "document_id", "title", "url", "language", "text", "start", "end")
        values = asdict(found)
        return PassageResponse(
            **{key: values[key] for key in keep},
            heading=list(found.heading),
            before=document.text[max(0, found.start - _SURROUNDINGS) : found.start],
            after=document.text[found.end : found.end + _SURROUNDINGS],
            retrieved=document.retrieved,
            changed=assistant.document_change(found.document_id),
            public_url=fragment_url(found.url, quote) if found.url else None,
        )

    @app.get("/api/v1/documents", tags=["texts"])
    def documents() -> list[DocumentResponse]:
        """The documents of the corpus."""
        index = site.assistant.index
        return [
            DocumentResponse(
                document_id=item.document_id, title=item.title, url=item.url, language=item.language,
                source=item.source, characters=len(item.text), passages=len(range(*index.rows_of(item.document_id))),
            )
            for item in index.documents.values()
        ]  # fmt: skip
