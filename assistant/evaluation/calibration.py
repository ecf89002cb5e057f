"""Fits the answer threshold to the operator's probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import CorpusError
from assistant.evaluation.runner import QuestionOutcome

_THRESHOLDS = [step / 20 for step in range(1, 20)]


@dataclass(frozen=True, slots=True)
class ThresholdOutcome:
    """The results on the probes when the assistant answers at a confidence of `answer_threshold` or higher.

    `refused_answerable_rate` and `answered_unanswerable_rate` are error rates, from 0 to 1. `supported_rate` is the
    proportion of answerable probes that would be answered with a correct quote.
    """

    answer_threshold: float
    refused_answerable_rate: float
    answered_unanswerable_rate: float
    supported_rate: float

    @property
    def balanced_accuracy(self) -> float:
        """The mean of the accuracy on answerable probes and the accuracy on unanswerable probes."""
        return 1 - (self.refused_answerable_rate + self.answered_unanswerable_rate) / 2


def threshold_outcomes(outcomes: Sequence[QuestionOutcome]) -> list[ThresholdOutcome]:
    """Compute the outcome for each threshold from 0.05 to 0.95.

    Probes that are marked neither as answerable nor as unanswerable are ignored.

    Raises:
        CorpusError: there are no answerable or no unanswerable probes.
    """
    answerable = [outcome for outcome in outcomes if outcome.answerable]
    unanswerable = [outcome for outcome in outcomes if outcome.answerable is False]
    if not answerable or not unanswerable:
        raise CorpusError(
            "the probes must include answerable and unanswerable questions; add the missing kind to the file"
        )
    return [
        ThresholdOutcome(
            answer_threshold=threshold,
            refused_answerable_rate=sum(outcome.confidence < threshold for outcome in answerable) / len(answerable),
            answered_unanswerable_rate=sum(outcome.confidence >= threshold for outcome in unanswerable)
            / len(unanswerable),
            supported_rate=sum(outcome.supported and outcome.confidence >= threshold for outcome in answerable)
            / len(answerable),
        )
        for threshold in _THRESHOLDS
    ]


def best_threshold(thresholds: Sequence[ThresholdOutcome]) -> ThresholdOutcome:
    """Return the threshold with the highest balanced accuracy. If several are equally good, return the middle one."""
    highest = max(item.balanced_accuracy for item in thresholds)
    equally_good = [item for item in thresholds if item.balanced_accuracy > highest - 1e-9]
    return equally_good[len(equally_good) // 2]


def thresholds_as_table(thresholds: Sequence[ThresholdOutcome], best: ThresholdOutcome) -> str:
    """Format the outcomes for all thresholds as a Markdown table. An arrow marks `best`."""
    lines = [
        "| answer from | answerable refused | unanswerable answered | supported | balanced accuracy |",
        "|---|---|---|---|---|",
    ]
    for item in thresholds:
        mark = " ←" if item is best else ""
        lines.append(
            f"| {item.answer_threshold:.2f}{mark} | {item.refused_answerable_rate:.2f} "
            f"| {item.answered_unanswerable_rate:.2f} "
            f"| {item.supported_rate:.2f} | {item.balanced_accuracy:.2f} |"
        )
    return "\n".join(lines)
