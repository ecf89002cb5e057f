"""Blocks of text (paragraphs, headings, lists) -> one text with offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from assistant.schema import Heading, Span

_CONTROL = re.compile(r"[^\S \t\n\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BULLET = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list or table (`level` 0), or a heading (`level` 1 to 6)."""

    text: str
    level: int = 0


def join_blocks(blocks: Iterable[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Join blocks with an empty line between; returns the text and its headings with offsets."""
    parts: list[str] = []
    headings: list[Heading] = []
    at = 0
    for block in blocks:
        text = _plain(block.text).strip()
        if not text:
            continue
        if block.level:
            headings.append(Heading(Span(at, at + len(text)), block.level, text))
        parts.append(text)
        at += len(text) + 2
    return "\n\n".join(parts), tuple(headings)


def _plain(text: str) -> str:
    """Without control characters but for line breaks and tabs, and without halves of characters."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))


def reflow(text: str) -> list[str]:
    """Paragraphs of a plain text, with the line breaks undone that only wrap a line.

    A break is taken as the author's own when the line is clearly shorter than the block's widest,
    when it ends a sentence or the next starts a list item; a word cut by a hyphen is joined.
    """
    return [_unwrap(block) for block in re.split(r"\n\s*\n", text) if block.strip()]


def _unwrap(block: str) -> str:
    lines = [line.rstrip() for line in block.strip("\n").split("\n")]
    widest = max(len(line) for line in lines)
    out = lines[0].strip()
    for before, line in pairwise(lines):
        own = len(before) < 0.6 * widest or before.endswith((".", "!", "?", ":")) or _BULLET.match(line)
        if own:
            out += "\n" + line.strip()
        elif before.endswith("-") and line.lstrip()[:1].islower():
            out = out[:-1] + line.strip()
        else:
            out += " " + line.strip()
    return out
