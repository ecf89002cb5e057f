"""Reading pages, which work without JavaScript.

A reading page shows a whole document, with an anchor at each passage. One span of the text can be highlighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from assistant.schema import Document, Passage, Span
from assistant.web.shared.links import fragment_url
from assistant.web.shared.rendering import paginate, render_page
from assistant.web.shared.request_context import TextOffset
from assistant.web.shared.site import IndexSnapshot, Site

_DOCUMENTS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph or heading in a document.

    Attributes:
        heading_level: the heading's level on the page, or 0 for a paragraph.
        element_id: the id of the block's HTML element.
        highlighted_pieces: (kind, string) pairs, in order. The kind is "text" for text without a highlight, "first" for
            the document's first highlighted piece and "mark" for any other highlighted piece. Where a passage starts,
            there is also a pair whose kind is "anchor" and whose string is the passage's id.
    """

    heading_level: int
    element_id: str
    highlighted_pieces: tuple[tuple[str, str], ...]

    @property
    def plain_text(self) -> str:
        """The text of the block, without highlights and anchors."""
        return "".join(text for kind, text in self.highlighted_pieces if kind != "anchor")


def split_into_blocks(document: Document, passages: Sequence[Passage], highlight: Span | None) -> list[TextBlock]:
    """Split a document into blocks, and each block into pieces wherever a passage or the highlight begins or ends.

    Args:
        document: the document, whose blocks are separated by blank lines.
        passages: the document's passages.
        highlight: the span of the document's text to highlight, or None.
    """
    levels = {heading.span.start: heading.level for heading in document.headings}
    anchors = {passage.start: passage.passage_id for passage in passages}
    cuts = sorted({*anchors, *((highlight.start, highlight.end) if highlight else ())})
    blocks, offset, first = [], 0, True
    for number, text in enumerate(document.text.split("\n\n")):
        block = Span(offset, offset + len(text))
        pieces: list[tuple[str, str]] = []
        inner_cuts = [cut for cut in cuts if block.start < cut < block.end]
        for start, end in pairwise([block.start, *inner_cuts, block.end]):
            if start in anchors:
                pieces.append(("anchor", anchors[start]))
            highlighted = highlight is not None and highlight.start <= start < end <= highlight.end
            kind = ("first" if first else "mark") if highlighted else "text"
            pieces.append((kind, document.text[start:end]))
            first = first and not highlighted
        level = min(levels[offset] + 1, 6) if offset in levels else 0  # + 1 because the title is the page's h1
        blocks.append(TextBlock(level, f"h-{number}", tuple(pieces)))
        offset = block.end + 2
    return blocks


def add_reading_routes(app: FastAPI, site: Site) -> None:
    """Add `/texts/`, `/texts/{document_id}` and `/sources/{passage_id}`."""

    @app.get("/sources/{passage_id}", response_class=HTMLResponse, tags=["texts"])
    def source(
        request: Request,
        passage_id: str,
        start: TextOffset | None = None,
        end: TextOffset | None = None,
    ) -> HTMLResponse:
        """Show the document that contains a passage as a page, and highlight the passage or a quote from it."""
        snapshot = site.snapshot
        index = snapshot.assistant.index
        row = index.row_by_passage_id.get(passage_id)
        if row is None:
            raise HTTPException(404, "no such passage; the document may have changed since it was cited")
        passage = index.passages[row]
        highlight = Span(passage.start, passage.end)
        if start is not None and end is not None and passage.start <= start < end <= passage.end:
            highlight = Span(start, end)
        return _reading_page(site, request, snapshot, index.documents[passage.document_id], highlight)

    @app.get("/texts/", response_class=HTMLResponse, include_in_schema=False)
    def document_list(request: Request) -> HTMLResponse:
        stored = site.assistant.index.documents
        page, previous, following = paginate(request, list(stored), _DOCUMENTS_PER_PAGE)
        documents = [stored[document_id] for document_id in page]  # loads only these documents from disk
        return render_page(site, request, "documents.html", documents=documents, previous=previous, following=following)

    @app.get("/texts/{document_id:path}", response_class=HTMLResponse, include_in_schema=False)
    def document(request: Request, document_id: str) -> HTMLResponse:
        snapshot = site.snapshot
        found = snapshot.assistant.index.documents.get(document_id)
        if found is None:
            raise HTTPException(404, "no such document; it may have been removed")
        return _reading_page(site, request, snapshot, found, None)


def _reading_page(
    site: Site, request: Request, snapshot: IndexSnapshot, document: Document, highlight: Span | None
) -> HTMLResponse:
    passages = list(snapshot.assistant.index.document_passages(document.document_id).values())
    blocks = split_into_blocks(document, passages, highlight)
    quote = document.text[highlight.start : highlight.end] if highlight else ""
    return render_page(
        site, request, "reading.html", document=document, blocks=blocks, highlight=highlight,
        public_url=fragment_url(document.url, quote) if document.url and quote else document.url,
        headings=[block for block in blocks if block.heading_level],
        change=snapshot.assistant.detect_document_change(document.document_id),
    )  # fmt: skip
