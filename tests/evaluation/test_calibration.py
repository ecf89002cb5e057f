from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.calibration import best_threshold, threshold_outcomes, thresholds_as_table
from assistant.evaluation.runner import QuestionOutcome
from tests.evaluation.conftest import CORRECT, CORRECTLY_REFUSED, WRONG, WRONGLY_ANSWERED, WRONGLY_REFUSED

SEPARABLE = [
    CORRECT,
    replace(WRONGLY_REFUSED, confidence=0.6),
    CORRECTLY_REFUSED,
    replace(WRONGLY_ANSWERED, confidence=0.5),
]


def test_best_threshold_separates_the_probes() -> None:
    best = best_threshold(threshold_outcomes(SEPARABLE))
    assert 0.5 < best.answer_threshold <= 0.6
    assert best.balanced_accuracy == 1


def test_best_threshold_is_the_middle_of_equally_good_ones() -> None:
    outcomes = threshold_outcomes([replace(CORRECT, confidence=0.62), replace(CORRECTLY_REFUSED, confidence=0.38)])
    assert best_threshold(outcomes).answer_threshold == 0.5


def test_each_threshold_counts_both_kinds_of_errors() -> None:
    outcomes = {
        item.answer_threshold: item for item in threshold_outcomes([CORRECT, WRONG, WRONGLY_REFUSED, *SEPARABLE])
    }
    at_70_percent = outcomes[0.7]
    assert at_70_percent.refused_answerable_rate == pytest.approx(2 / 5)
    assert at_70_percent.answered_unanswerable_rate == 0
    assert at_70_percent.supported_rate == pytest.approx(2 / 5)
    assert at_70_percent.balanced_accuracy == pytest.approx(0.8)
    assert outcomes[0.05].answered_unanswerable_rate == 1


def test_confidence_at_the_threshold_is_answered() -> None:
    probes = [replace(CORRECT, confidence=0.5), replace(CORRECTLY_REFUSED, confidence=0.5)]
    outcomes = {item.answer_threshold: item for item in threshold_outcomes(probes)}
    assert (outcomes[0.5].refused_answerable_rate, outcomes[0.5].answered_unanswerable_rate) == (0, 1)


def test_probes_without_a_label_are_ignored() -> None:
    unlabelled = replace(WRONG, answerable=None)
    assert threshold_outcomes([*SEPARABLE, unlabelled]) == threshold_outcomes(SEPARABLE)


@pytest.mark.parametrize("probes", [[CORRECT, WRONG], [CORRECTLY_REFUSED], []])
def test_probes_of_one_kind_are_rejected(probes: list[QuestionOutcome]) -> None:
    with pytest.raises(CorpusError, match="answerable and unanswerable"):
        threshold_outcomes(probes)


def test_table_marks_the_best_threshold() -> None:
    thresholds = threshold_outcomes(SEPARABLE)
    best = best_threshold(thresholds)
    table = thresholds_as_table(thresholds, best).splitlines()
    assert len(table) == 2 + len(thresholds)
    assert [line for line in table if "←" in line] == [
        f"| {best.answer_threshold:.2f} ← | 0.00 | 0.00 | 1.00 | 1.00 |"
    ]  # fmt: skip
