"""Splitting text into sentences with exact character offsets.

The library sentencex (Wikimedia) proposes sentence boundaries. This module rejects any boundary that follows an
abbreviation, a decimal point or a clock time, or that precedes a lower-case letter. A line break always ends a
sentence, because each line of a document is a list item, a table row or a whole paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.schema import Span

# English and Swedish abbreviations that are always followed by another word and so never end a sentence.
_NEVER_FINAL = frozenset(
    "dr prof mr mrs ms fig figs e.g i.e cf vs approx c:a t.ex tex bl.a s.k d.v.s dvs kl nr jfr p.g.a "
    "pga fr.o.m t.o.m f.d resp inkl exkl univ.lekt jr sr".split()
)
# Abbreviations that may end a sentence. They are assumed to do so if a capital letter follows.
_MAYBE_FINAL = frozenset("etc m.m mm m.fl mfl osv o.s.v al inc ltd corp co kr st tr mln mdr u.s".split())
_LAST_WORD = re.compile(r"([^\s(\[\"'”»]+)\.[\"'”»)\]]*\s*$")
_CONTEXT_CHARACTERS = 60  # number of characters examined on either side of a boundary
_LIST_MARK = re.compile(r"(?:[-*•–]|\d{1,3}[.)])\s+")


def sentence_spans(text: str, language: str, offset: int = 0) -> tuple[Span, ...]:
    """Return the spans of the sentences in `text`, without surrounding white space and list markers.

    Args:
        text: the text to split; a line break always ends a sentence.
        language: the language code of `text`. If sentencex doesn't support the language, it uses a related one.
        offset: a number to add to every position, for example to convert passage offsets to document offsets.
    """
    spans = []
    line_start = offset
    for line in text.split("\n"):
        mark = _LIST_MARK.match(line)
        content_start = mark.end() if mark else 0
        for start, end in _line_sentences(line[content_start:], language):
            spans.append(Span(line_start + content_start + start, line_start + content_start + end))
        line_start += len(line) + 1
    return tuple(spans)


def _line_sentences(line: str, language: str) -> Iterator[tuple[int, int]]:
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
    """Yield the positions within `line` at which a sentence ends."""
    import sentencex

    position = 0
    for piece in sentencex.segment(language, line):
        position += len(piece)
        if position >= len(line):
            break
        before = line[max(0, position - _CONTEXT_CHARACTERS) : position]
        after = line[position : position + _CONTEXT_CHARACTERS].lstrip()
        if _is_boundary(before, after):
            yield position


def _is_boundary(before: str, after: str) -> bool:
    if not after or after[0].islower():
        return False
    match = _LAST_WORD.search(before)
    if not match:
        return True
    word = match.group(1).lower().lstrip("(")
    if word in _NEVER_FINAL or (len(word) == 1 and word.isalpha()):
        return False
    if word in _MAYBE_FINAL:
        return after[0].isupper()
    return not (word.isdigit() and after[0].isdigit())
