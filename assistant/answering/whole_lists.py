"""A list is quoted whole: its introduction and all its items, or none."""

from __future__ import annotations

import re

from assistant.schema import Passage, Span

_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_MOST_CHARACTERS = 1200  # a longer list is quoted by the sentence


def expand_to_list(passage: Passage, span: Span) -> Span:
    """`span` widened to the list that it introduces (it ends with a colon) or is an item of.

    The introduction counts only when it ends with a colon; a list that is too long isn't widened to.
    """
    lines = _lines(passage)
    at = next((number for number, line in enumerate(lines) if line.start <= span.start < line.end), None)
    if at is None:
        return span
    first = last = at
    if _is_item(passage, lines[at]):
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
    start = span.start if first == at else lines[first].start
    if last == first or lines[last].end - start > _MOST_CHARACTERS:
        return span
    return Span(start, lines[last].end)


def _is_item(passage: Passage, line: Span) -> bool:
    return bool(_ITEM.match(passage.quote(line)))


def _lines(passage: Passage) -> list[Span]:
    """The spans of the lines that aren't empty."""
    found, at = [], passage.start
    for line in passage.text.split("\n"):
        if line.strip():
            found.append(Span(at, at + len(line)))
        at += len(line) + 1
    return found
