"""The blocks of a document (paragraphs, headings, lists and tables), which are joined into one text with offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from assistant.schema import Heading, Span

_CONTROL_CHARACTERS = re.compile(r"[^\S \t\n\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LIST_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")


@dataclass(frozen=True, slots=True)
class DocumentBlock:
    """A block of text: a paragraph, list or table (with `heading_level` 0), or a heading (with level 1 to 6)."""

    text: str
    heading_level: int = 0


def join_blocks(blocks: Iterable[DocumentBlock]) -> tuple[str, tuple[Heading, ...]]:
    """Join blocks, with an empty line between each two. Return the text, and the headings with their offsets in it."""
    parts: list[str] = []
    headings: list[Heading] = []
    offset = 0
    for block in blocks:
        text = _clean(block.text).strip()
        if not text:
            continue
        if block.heading_level:
            headings.append(Heading(Span(offset, offset + len(text)), block.heading_level, text))
        parts.append(text)
        offset += len(text) + 2
    return "\n\n".join(parts), tuple(headings)


def _clean(text: str) -> str:
    """Replace control characters other than line breaks and tabs with spaces, and lone surrogates with "?"."""
    return _CONTROL_CHARACTERS.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))


def join_wrapped_lines(text: str) -> list[str]:
    """Split plain text into paragraphs, and join lines that were broken only to fit the page width.

    A line break is kept if the line is clearly shorter than the paragraph's widest line, if a sentence ends at the
    break, or if the next line is a list item. If a word was hyphenated at a line break, its two parts are joined.
    """
    return [_unwrap(block) for block in re.split(r"\n\s*\n", text) if block.strip()]


def _unwrap(block: str) -> str:
    lines = [line.rstrip() for line in block.strip("\n").split("\n")]
    widest = max(len(line) for line in lines)
    paragraph = lines[0].strip()
    for previous, line in pairwise(lines):
        ends_line = len(previous) < 0.6 * widest or previous.endswith((".", "!", "?", ":"))
        if ends_line or _LIST_ITEM.match(line):
            paragraph += "\n" + line.strip()
        elif previous.endswith("-") and line.lstrip()[:1].islower():
            paragraph = paragraph[:-1] + line.strip()
        else:
            paragraph += " " + line.strip()
    return paragraph
