"""Reading pages: a whole text with its passages as anchors and one stretch marked, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from assistant.schema import Document, Passage, Span
from assistant.web.site.links import fragment_url
from assistant.web.site.rendering import paginate, render_page
from assistant.web.site.request_context import Offset
from assistant.web.site.site import Site, Snapshot

_DOCUMENTS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph (`level` 0) or heading of a text.

    `pieces` are pairs of a kind and words: "text"; "mark" and, for the first of them, "first"; or
    "anchor" with the id of the passage that begins there.
    """

    level: int
    anchor: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def plain(self) -> str:
        """Its words."""
        return "".join(words for kind, words in self.pieces if kind != "anchor")


def split_into_blocks(document: Document, passages: Sequence[Passage], marked: Span | None) -> list[TextBlock]:
    """The text of `document` in blocks, each divided where a passage begins and where `marked` does."""
    levels = {heading.span.start: heading.level for heading in document.headings}
    anchors = {passage.start: passage.passage_id for passage in passages}
    cuts = sorted({*anchors, *((marked.start, marked.end) if marked else ())})
    made, at, first = [], 0, True
    for number, text in enumerate(document.text.split("\n\n")):
        span = Span(at, at + len(text))
        pieces: list[tuple[str, str]] = []
        inside = [cut for cut in cuts if span.start < cut < span.end]
        for start, end in pairwise([span.start, *inside, span.end]):
            if start in anchors:
                pieces.append(("anchor", anchors[start]))
            is_marked = marked is not None and marked.start <= start and end <= marked.end and start < end
            pieces.append(
                ("first" if is_marked and first else "mark" if is_marked else "text", document.text[start:end])
            )
            first = first and not is_marked
        level = min(levels[at] + 1, 6) if at in levels else 0  # the page's own h1 is the title
        made.append(TextBlock(level, f"h-{number}", tuple(pieces)))
        at = span.end + 2
    return made


def add_reading(app: FastAPI, site: Site) -> None:
    """Add `/texts/`, `/texts/{document_id}` and `/sources/{passage_id}`."""

    def shown(request: Request, snapshot: Snapshot, document: Document, marked: Span | None) -> HTMLResponse:
        blocks = split_into_blocks(
            document, list(snapshot.assistant.index.passages_of(document.document_id).values()), marked
        )
        quote = document.text[marked.start : marked.end] if marked else ""
        public = fragment_url(document.url, quote) if document.url and quote else document.url
        return render_page(
            site, request, "reading.html", document=document, blocks=blocks, marked=marked, public=public,
            headings=[block for block in blocks if block.level],
            changed=snapshot.assistant.document_change(document.document_id),
        )  # fmt: skip

    @app.get("/sources/{passage_id}", response_class=HTMLResponse, tags=["texts"])
    def source(
        request: Request,
        passage_id: str,
        start: Offset | None = None,
        end: Offset | None = None,
    ) -> HTMLResponse:
        """The text of a passage as a page, with the passage, or a quote in it, marked."""
        edition = site.snapshot
        index = edition.assistant.index
        row = index.rows.get(passage_id)
        if row is None:
            raise HTTPException(404, "no such passage; the text may have changed since it was cited")
        found = index.passages[row]
        marked = Span(found.start, found.end)
        if start is not None and end is not None and found.start <= start < end <= found.end:
            marked = Span(start, end)
        return shown(request, edition, index.documents[found.document_id], marked)

    @app.get("/texts/", response_class=HTMLResponse, include_in_schema=False)
    def all_texts(request: Request) -> HTMLResponse:
        texts = site.assistant.index.documents
        part, previous, following = paginate(request, list(texts), _DOCUMENTS_PER_PAGE)
        documents = [texts[document_id] for document_id in part]
        return render_page(site, request, "texts.html", documents=documents, previous=previous, following=following)

    @app.get("/texts/{document_id:path}", response_class=HTMLResponse, include_in_schema=False)
    def text(request: Request, document_id: str) -> HTMLResponse:
        edition = site.snapshot
        document = edition.assistant.index.documents.get(document_id)
        if document is None:
            raise HTTPException(404, "no such text; it may have been removed")
        return shown(request, edition, document, None)
