"""The operator's own probes -> the threshold at which the assistant should answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import CorpusError
from assistant.evaluation.runner import Outcome

_STEPS = [step / 20 for step in range(1, 20)]


@dataclass(frozen=True, slots=True)
class ThresholdOutcome:
    """What answering from `answer_from` on would mean for the probes.

    `refused_answerable` and `answered_unanswerable` are the two kinds of mistakes, as shares;
    `supported` is the share of answerable probes that would be answered with a right quote.
    """

    answer_from: float
    refused_answerable: float
    answered_unanswerable: float
    supported: float

    @property
    def balanced_accuracy(self) -> float:
        """Mean of what is right on both kinds of probes."""
        return 1 - (self.refused_answerable + self.answered_unanswerable) / 2


def threshold_outcomes(probes: Sequence[Outcome]) -> list[ThresholdOutcome]:
    """What each threshold would mean for `probes`; those that don't say if they can be answered don't count.

    Raises:
        CorpusError: there is no answerable, or no unanswerable, probe.
    """
    can = [item for item in probes if item.answerable]
    cannot = [item for item in probes if item.answerable is False]
    if not can or not cannot:
        raise CorpusError("probes need answerable and unanswerable questions; add the missing kind to the file")
    return [
        ThresholdOutcome(
            answer_from=step,
            refused_answerable=sum(item.confidence < step for item in can) / len(can),
            answered_unanswerable=sum(item.confidence >= step for item in cannot) / len(cannot),
            supported=sum(item.supported and item.confidence >= step for item in can) / len(can),
        )
        for step in _STEPS
    ]


def best_threshold(thresholds: Sequence[ThresholdOutcome]) -> ThresholdOutcome:
    """The threshold with the best balanced accuracy; of equal ones the middle."""
    top = max(item.balanced_accuracy for item in thresholds)
    equal = [item for item in thresholds if item.balanced_accuracy > top - 1e-9]
    return equal[len(equal) // 2]


def thresholds_as_table(thresholds: Sequence[ThresholdOutcome], chosen: ThresholdOutcome) -> str:
    """The trade-off as Markdown, the chosen line marked."""
    lines = [
        "| answer from | answerable refused | unanswerable answered | supported | balanced accuracy |",
        "|---|---|---|---|---|",
    ]
    for item in thresholds:
        mark = " ←" if item is chosen else ""
        lines.append(
            f"| {item.answer_from:.2f}{mark} | {item.refused_answerable:.2f} | {item.answered_unanswerable:.2f} "
            f"| {item.supported:.2f} | {item.balanced_accuracy:.2f} |"
        )
    return "\n".join(lines)
