"""Widens a quote from a list to the whole list: the introductory line and all items."""

from __future__ import annotations

import re

from assistant.schema import Passage, Span

_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_MAX_CHARACTERS = 1200  # lists longer than this aren't quoted in full


def expand_to_list(passage: Passage, span: Span) -> Span:
    """Widen `span` to the whole list if it is the introduction to a list or part of one.

    Returns:
        A span that covers the list and its introductory line, which must end with a colon. If there is no such list
        or the list is too long, `span` is returned unchanged.
    """
    lines = _lines(passage)
    position = next((number for number, line in enumerate(lines) if line.start <= span.start < line.end), None)
    if position is None:
        return span
    first = last = position
    if _is_item(passage, lines[position]):
        while first > 0 and _is_item(passage, lines[first - 1]):
            first -= 1
        if first > 0 and passage.quote(lines[first - 1]).rstrip().endswith(":"):
            first -= 1
        else:
            return span
    elif not passage.quote(span).endswith(":"):
        return span
    while last + 1 < len(lines) and _is_item(passage, lines[last + 1]):
        last += 1
    start = span.start if first == position else lines[first].start
    if last == first or lines[last].end - start > _MAX_CHARACTERS:
        return span
    return Span(start, lines[last].end)


def _is_item(passage: Passage, line: Span) -> bool:
    return bool(_ITEM.match(passage.quote(line)))


def _lines(passage: Passage) -> list[Span]:
    """Return the spans of the non-blank lines of `passage`."""
    lines, start = [], passage.start
    for line in passage.text.split("\n"):
        if line.strip():
            lines.append(Span(start, start + len(line)))
        start += len(line) + 1
    return lines
