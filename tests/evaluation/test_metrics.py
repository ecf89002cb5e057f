from __future__ import annotations

import math

import pytest

from assistant.evaluation.data_sets import DataSet
from assistant.evaluation.metrics import (
    answer_metrics,
    calibration_error,
    latency_percentiles,
    mean_with_interval,
    retrieval_metrics,
    risk_coverage_curve,
)
from tests.evaluation.conftest import CORRECT, OUTCOMES, WRONGLY_REFUSED


def test_answer_metrics_match_their_definitions() -> None:
    values = {name: estimate.value for name, estimate in answer_metrics(OUTCOMES).items()}
    assert values["supported"] == pytest.approx(2 / 3)
    assert values["supported and shown"] == pytest.approx(1 / 3)
    assert values["best sentence supports"] == pytest.approx(2 / 3)
    assert values["false refusals"] == pytest.approx(1 / 3)
    assert values["refused unanswerable"] == pytest.approx(1 / 2)
    assert values["balanced accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert values["citation precision"] == pytest.approx(1 / 2)
    assert values["AUC answerable"] == pytest.approx(5 / 6)


def test_metrics_without_questions_are_left_out() -> None:
    metrics = answer_metrics([CORRECT, WRONGLY_REFUSED])
    assert "refused unanswerable" not in metrics
    assert "balanced accuracy" not in metrics
    assert metrics["false refusals"].count == 2
    assert answer_metrics([]) == {}


def test_interval_surrounds_the_mean_and_is_reproducible() -> None:
    estimate = mean_with_interval([0.0, 1.0] * 50)
    assert estimate.value == 0.5
    assert estimate == mean_with_interval([0.0, 1.0] * 50)
    assert 0.35 < estimate.low < 0.45 < 0.55 < estimate.high < 0.65


def test_mean_of_nothing_is_not_a_number() -> None:
    estimate = mean_with_interval([])
    assert math.isnan(estimate.value)
    assert estimate.count == 0


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert calibration_error([0.9, 0.9], [False, False]) == pytest.approx(0.9)


def test_calibration_error_is_computed_per_bin() -> None:
    assert calibration_error([0.95, 0.05], [False, True]) == pytest.approx(0.95)


def test_risk_is_the_proportion_of_wrong_answers_at_each_coverage() -> None:
    coverage, risk = risk_coverage_curve(OUTCOMES)
    assert coverage.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3, 2 / 4, 3 / 5])


def test_rankings_are_scored_against_the_grades() -> None:
    data = DataSet("d", (), {"q": "?"}, {"q": {"a": 1, "b": 1}}, ())
    values = {name: estimate.value for name, estimate in retrieval_metrics(data, {"q": ["x", "a"]}).items()}
    assert (values["hit@1"], values["MRR"], values["recall@5"], values["recall@10"]) == (0, 0.5, 0.5, 0.5)
    assert values["nDCG@10"] == pytest.approx(1 / math.log2(3) / (1 + 1 / math.log2(3)))


def test_query_without_ranking_counts_as_zero() -> None:
    data = DataSet("d", (), {"p": "?", "q": "?"}, {"p": {"a": 1}, "q": {"a": 1}}, ())
    estimate = retrieval_metrics(data, {"p": ["a"], "q": []})["hit@1"]
    assert (estimate.value, estimate.count) == (0.5, 2)


def test_latency_percentiles_are_in_milliseconds() -> None:
    assert latency_percentiles(OUTCOMES) == {"p50": 30.0, "p95": pytest.approx(48.0)}
    assert latency_percentiles([]) == {}
