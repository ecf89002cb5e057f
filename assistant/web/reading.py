"""The reading page: a whole document with one stretch marked, as plain HTML without a script."""

from __future__ import annotations

from html import escape

from assistant.schema import Document, Heading, Span

_WORDS = {
    "en": {"marked": "The marked words are the source.", "public": "Public page", "back": "To the assistant"},
    "sv": {"marked": "De markerade orden är källan.", "public": "Publik sida", "back": "Till assistenten"},
}


def reading_page(document: Document, marked: Span) -> str:
    """HTML of `document` with `marked` in a `<mark id="quote">`. Every word of it is escaped."""
    words = _WORDS.get(document.language, _WORDS["en"])
    link = (
        f'<p><a href="{escape(document.url)}" rel="noreferrer">{words["public"]}: {escape(document.url)}</a></p>'
        if document.url
        else ""
    )
    return f"""<!doctype html>
<html lang="{escape(document.language)}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document.title)}</title>
<link rel="stylesheet" href="../static/reading.css">
</head>
<body>
<header><p><a href="../chat/">{words["back"]}</a></p><h1>{escape(document.title)}</h1>{link}
<p class="note">{words["marked"]}</p></header>
<main>
{"".join(_blocks(document, marked))}
</main>
</body>
</html>
"""


def _blocks(document: Document, marked: Span) -> list[str]:
    headings = {heading.span.start: heading for heading in document.headings}
    made, at, first = [], 0, True
    for block in document.text.split("\n\n"):
        span = Span(at, at + len(block))
        inner, has_mark = _marked(document.text, span, marked, first)
        first = first and not has_mark
        made.append(_element(headings.get(at), inner))
        at = span.end + 2
    return made


def _element(heading: Heading | None, inner: str) -> str:
    if heading is None:
        return f"<p>{inner}</p>\n"
    level = min(heading.level + 1, 6)  # the page's own h1 is the title
    return f"<h{level}>{inner}</h{level}>\n"


def _marked(text: str, block: Span, marked: Span, first: bool) -> tuple[str, bool]:
    """The block's words, escaped, with its share of `marked` in a mark; and whether it has one."""
    start, end = max(block.start, marked.start), min(block.end, marked.end)
    if start >= end:
        return _lines(text[block.start : block.end]), False
    name = ' id="quote"' if first else ""
    middle = f"<mark{name}>{_lines(text[start:end])}</mark>"
    return _lines(text[block.start : start]) + middle + _lines(text[end : block.end]), True


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
