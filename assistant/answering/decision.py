"""Answered, unclear or not covered: a probability that the quotes answer the question."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from assistant.answering.evidence import Evidence
from assistant.schema import Verdict

ANSWER_FROM = 0.5
CLOSE_FROM = 0.05
_STEEPNESS, _EVEN = 20.0, 0.46  # of the logistic curve, and the word match at which it is even


def confidence(evidence: Sequence[Evidence]) -> float:
    """Probability, 0..1, that the best sentence answers.

    A first honest rule: the word match of the best sentence through a logistic curve.
    """
    if not evidence:
        return 0.0
    return 1 / (1 + exp(-_STEEPNESS * (evidence[0].match - _EVEN)))


def verdict_of(probability: float) -> Verdict:
    """The verdict at `probability`."""
    if probability >= ANSWER_FROM:
        return Verdict.ANSWERED
    return Verdict.UNCLEAR if probability >= CLOSE_FROM else Verdict.NOT_COVERED
