"""Finds sentences and pieces in a text, and the tokens of which they consist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAX_SENTENCES = 255  # so that the number of a sentence fits into 8 bits
_SENTENCE_END = re.compile(r'(?<=[.!?])["”’)\]]*\s+(?=[A-ZÅÄÖÉ0-9"“(\[])')

CharacterRange = tuple[int, int]  # start and end; the end is excluded


def sentence_ranges(text: str) -> list[CharacterRange]:
    """Return the character ranges of the sentences of `text`; together they cover it.

    A sentence ends after a full stop, a question mark or an exclamation mark if a capital letter, a digit or an
    opening mark follows. It includes the white space after it.
    """
    bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return list(pairwise(bounds))


def sentence_numbers(text: str, positions: Sequence[int]) -> NDArray[np.int64]:
    """Return the number of the sentence in which each character position of `text` lies, `[positions]`."""
    ends = np.array([end for _, end in sentence_ranges(text)])
    numbers = np.searchsorted(ends, np.asarray(positions, dtype=np.int64), side="right")
    return numbers.clip(0, min(MAX_SENTENCES, len(ends)) - 1)


def find_pieces(text: str, pieces: Iterable[str]) -> list[CharacterRange]:
    """Return the character ranges of `pieces`, which are given in reading order. A piece not found is left out."""
    ranges: list[CharacterRange] = []
    position = 0
    for piece in pieces:
        start = text.find(piece, position)
        if start < 0:
            start = text.find(piece)
        if start >= 0:
            position = start + len(piece)
            ranges.append((start, position))
    return ranges


def tokens_within(offsets: NDArray[np.int64], characters: CharacterRange) -> tuple[int, int] | None:
    """Return the first and the last token that overlap a range of characters, or None if none does.

    Args:
        offsets: the character range of each token, `[tokens, 2]`.
        characters: the range of characters.
    """
    overlapping = np.flatnonzero((offsets[:, 0] < characters[1]) & (offsets[:, 1] > characters[0]))
    return (int(overlapping[0]), int(overlapping[-1])) if len(overlapping) else None
