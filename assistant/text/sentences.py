"""Sentence spans of a text, exact to the character.

sentencex (Wikimedia) proposes the boundaries; this module takes back those that an abbreviation, a
decimal point, a clock time or a lower-case continuation made, and ends a sentence at each line
break, since a line of an indexed text is a list item, a table row or a whole paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.schema import Span

# Abbreviations that stand before the word they belong to, English and Swedish: never an end.
_LEADING = frozenset(
    "dr prof mr mrs ms fig figs e.g i.e cf vs approx c:a t.ex tex bl.a s.k d.v.s dvs kl nr jfr p.g.a "
    "pga fr.o.m t.o.m f.d resp inkl exkl univ.lekt jr sr".split()
)
# Abbreviations that may also close a sentence: an end only before a capital letter.
_TRAILING = frozenset("etc m.m mm m.fl mfl osv o.s.v al inc ltd corp co kr st tr mln mdr u.s".split())
_LAST_WORD = re.compile(r"([^\s(\[\"'”»]+)\.[\"'”»)\]]*\s*$")
_LOOK = 60  # characters looked at on either side of a boundary
_ITEM = re.compile(r"(?:[-*•–]|\d{1,3}[.)])\s+")


def sentence_spans(text: str, language: str, offset: int = 0) -> tuple[Span, ...]:
    """Spans of the sentences of `text`, without surrounding white space and list marks.

    Args:
        text: any text; a line break always ends a sentence.
        language: its language code; one that sentencex doesn't know falls back by its own rules.
        offset: added to every position, to give document offsets for a piece of a document.
    """
    spans = []
    at = 0
    for line in text.split("\n"):
        mark = _ITEM.match(line)
        skipped = mark.end() if mark else 0
        for start, end in _in_line(line[skipped:], language):
            spans.append(Span(offset + at + skipped + start, offset + at + skipped + end))
        at += len(line) + 1
    return tuple(spans)


def _in_line(line: str, language: str) -> Iterator[tuple[int, int]]:
    if not line.strip():
        return
    start = 0
    for end in [*_boundaries(line, language), len(line)]:
        left, right = start, end
        while left < right and line[left].isspace():
            left += 1
        while right > left and line[right - 1].isspace():
            right -= 1
        if right > left:
            yield left, right
        start = end


def _boundaries(line: str, language: str) -> Iterator[int]:
    """Inner positions where a sentence of `line` ends."""
    import sentencex

    at = 0
    for piece in sentencex.segment(language, line):
        at += len(piece)
        if at < len(line) and _ends(line[max(0, at - _LOOK) : at], line[at : at + _LOOK].lstrip()):
            yield at


def _ends(before: str, after: str) -> bool:
    if not after or after[0].islower():
        return False
    match = _LAST_WORD.search(before)
    if not match:
        return True
    word = match.group(1).lower().lstrip("(")
    if word in _LEADING or (len(word) == 1 and word.isalpha()):
        return False
    if word in _TRAILING:
        return after[0].isupper()
    return not (word.isdigit() and after[0].isdigit())
