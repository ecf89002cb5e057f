"""A training example: a question, a text, and where the text answers the question, if it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.reader.network import SEPARATOR_ID, START_ID

Tokens = NDArray[np.uint16]

MAX_SPANS = 10  # of an example


class CandidateSpan(NamedTuple):
    """First and last token of what may be the answer, and the logarithm of the probability that it is."""

    first: int
    last: int
    log_prior: float = 0.0


@dataclass(frozen=True)
class Example:
    """A training example.

    Attributes:
        tokens: the start token, the question, two separators, the text and a separator, `[tokens]`.
        text_start: the number of the first token of the text.
        spans: what may be the answer; none if the text doesn't answer the question or the position isn't known.
        is_answerable: whether the text answers the question.
        weight: the weight of the example's loss.
    """

    tokens: NDArray[np.int64]
    text_start: int
    spans: tuple[CandidateSpan, ...]
    is_answerable: bool
    weight: float = 1.0


class ExampleMaker(Protocol):
    """Makes examples at random."""

    def make(self, rng: Generator) -> Example | None:
        """Make an example, or return None if none can be made of the question that was drawn."""


def make_example(
    question: Tokens,
    text: Tokens,
    spans: tuple[CandidateSpan, ...] = (),
    is_answerable: bool = False,
    weight: float = 1.0,
) -> Example:
    """Make an example from the tokens of a question and of a text; `spans` count from the beginning of the text."""
    start = len(question) + 3
    tokens = np.concatenate([[START_ID], question, [SEPARATOR_ID, SEPARATOR_ID], text, [SEPARATOR_ID]]).astype(np.int64)
    shifted = [CandidateSpan(span.first + start, span.last + start, span.log_prior) for span in spans]
    inside = tuple(span for span in shifted if span.last < len(tokens) - 1)
    return Example(tokens, start, inside[:MAX_SPANS], is_answerable, weight)
