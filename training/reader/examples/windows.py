"""Windows: runs of consecutive sentences of a text."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.reader.examples.example import CandidateSpan

_SIZE_SHARES = (0.4, 0.35, 0.2, 0.05)  # the shares of windows of one, two, three and four sentences


def draw_window(
    rng: Generator, sentences: NDArray[np.uint8], including: int | None = None, excluding: int | None = None
) -> slice | None:
    """Draw a window of one to four sentences of a text, and return its tokens; None if there is no such window.

    Args:
        rng: the source of randomness.
        sentences: the number of the sentence of each token of the text, `[tokens]`.
        including: a sentence that the window must contain.
        excluding: a sentence that the window must not contain, unless `including` is given.
    """
    count = int(sentences[-1]) + 1 if len(sentences) else 1
    low, high = 0, count - 1  # the first and the last sentence that the window may contain
    if including is None:
        if excluding is None:
            including = int(rng.integers(count))
        elif count == 1:
            return None
        else:
            is_before = rng.random() * (count - 1) < excluding
            low, high = (0, excluding - 1) if is_before else (excluding + 1, count - 1)
    size = min(high - low + 1, 1 + int(rng.choice(len(_SIZE_SHARES), p=_SIZE_SHARES)))
    if including is not None:
        low, high = max(low, including - size + 1), min(high, including + size - 1)
    return window_tokens(sentences, int(rng.integers(low, high - size + 2)), size)


def window_tokens(sentences: NDArray[np.uint8], first: int, size: int) -> slice | None:
    """Return the tokens of `size` sentences from number `first` on, or None if there are none."""
    tokens = np.flatnonzero((sentences >= first) & (sentences < first + size))
    return slice(int(tokens[0]), int(tokens[-1]) + 1) if len(tokens) else None


def spans_within(spans: tuple[CandidateSpan, ...], window: slice) -> tuple[CandidateSpan, ...]:
    """Return the spans inside `window`, counted from its beginning."""
    return tuple(
        CandidateSpan(span.first - window.start, span.last - window.start, span.log_prior)
        for span in spans
        if window.start <= span.first and span.last < window.stop
    )
