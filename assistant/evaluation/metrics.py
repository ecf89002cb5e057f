"""Computes evaluation metrics from rankings and outcomes, using ir-measures and scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from assistant.evaluation.data_sets import DataSet
from assistant.evaluation.runner import QuestionOutcome
from assistant.schema import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MEAN_RESAMPLES, _AUC_RESAMPLES = 1000, 200
_INTERVAL = [2.5, 97.5]  # in percentiles
_BINS = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % bootstrap interval, computed from `count` questions."""

    value: float
    low: float
    high: float
    count: int


def retrieval_metrics(data: DataSet, rankings: dict[str, list[str]]) -> dict[str, Estimate]:
    """Compute nDCG@10, recall@5, recall@10, MRR and hit@1.

    Args:
        data: the data set that contains the relevance grades.
        rankings: for each query id, the ids of the retrieved documents, best first.
    """
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    measures = {"nDCG@10": nDCG @ 10, "recall@5": R @ 5, "recall@10": R @ 10, "MRR": RR, "hit@1": Success @ 1}
    grades = [
        ir_measures.Qrel(query, document, grade) for query in rankings for document, grade in data.qrels[query].items()
    ]
    run = [
        ir_measures.ScoredDoc(query, document, -float(rank))
        for query, documents in rankings.items()
        for rank, document in enumerate(documents)
    ]
    values: dict[str, dict[str, float]] = {name: {} for name in measures}
    name_of = {str(measure): name for name, measure in measures.items()}
    for metric in cast(Iterable[Any], ir_measures.iter_calc(list(measures.values()), grades, run)):
        values[name_of[str(metric.measure)]][metric.query_id] = metric.value
    return {
        name: mean_with_interval([by_query.get(query, 0.0) for query in rankings]) for name, by_query in values.items()
    }


def answer_metrics(outcomes: Sequence[QuestionOutcome]) -> dict[str, Estimate]:
    """Compute answer quality, refusal rates and calibration. Metrics that don't apply to any question are left out."""
    answerable = [item for item in outcomes if item.answerable]
    unanswerable = [item for item in outcomes if item.answerable is False]
    answered = [item for item in answerable if item.verdict == Verdict.ANSWERED]
    values_by_name: dict[str, list[float]] = {
        "supported": [item.supported for item in answerable],
        "supported and shown": [item.supported and item.verdict == Verdict.ANSWERED for item in answerable],
        "best sentence supports": [item.first_supported for item in answerable],
        "citation precision": [item.precision for item in answered if item.precision is not None],
        "highlighted words correct": [item.mark_correct for item in answered if item.mark_correct is not None],
        "false refusals": [item.verdict != Verdict.ANSWERED for item in answerable],
        "refused unanswerable": [item.verdict != Verdict.ANSWERED for item in unanswerable],
    }
    estimates = {name: mean_with_interval(values) for name, values in values_by_name.items() if values}
    if answerable and unanswerable:
        accuracy = (1 - estimates["false refusals"].value + estimates["refused unanswerable"].value) / 2
        estimates["balanced accuracy"] = Estimate(accuracy, accuracy, accuracy, len(answerable) + len(unanswerable))
        estimates["AUC answerable"] = _auc(answerable, unanswerable)
    labelled = [*answerable, *unanswerable]
    if labelled:
        error = calibration_error([item.confidence for item in labelled], [item.supported for item in labelled])
        estimates["calibration error"] = Estimate(error, error, error, len(labelled))
    return estimates


def mean_with_interval(values: Sequence[float]) -> Estimate:
    """Compute the mean and, with a fixed seed, its percentile bootstrap interval (Efron & Tibshirani 1993)."""
    import numpy as np

    data = np.asarray(values, dtype=float)
    if len(data) == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    random = np.random.default_rng(0)
    means = data[random.integers(0, len(data), (_MEAN_RESAMPLES, len(data)))].mean(axis=1)
    low, high = np.percentile(means, _INTERVAL)
    return Estimate(float(data.mean()), float(low), float(high), len(data))


def _auc(answerable: Sequence[QuestionOutcome], unanswerable: Sequence[QuestionOutcome]) -> Estimate:
    """Compute the area under the ROC curve (AUC) for predicting from `confidence` whether a question is answerable."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    labels = np.array([1] * len(answerable) + [0] * len(unanswerable))
    scores = np.array([item.confidence for item in [*answerable, *unanswerable]])
    random = np.random.default_rng(0)
    resampled = []
    for _ in range(_AUC_RESAMPLES):
        rows = random.integers(0, len(labels), len(labels))
        if 0 < labels[rows].sum() < len(rows):
            resampled.append(roc_auc_score(labels[rows], scores[rows]))
    low, high = np.percentile(resampled, _INTERVAL)
    return Estimate(float(roc_auc_score(labels, scores)), float(low), float(high), len(labels))


def calibration_error(confidences: Sequence[float], correct: Sequence[bool]) -> float:
    """Compute the expected calibration error over ten bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    import numpy as np

    values, labels = np.asarray(confidences), np.asarray(correct, dtype=float)
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    gaps = [abs(values[bins == number].sum() - labels[bins == number].sum()) for number in range(_BINS)]
    return float(sum(gaps) / len(values))


def risk_coverage_curve(outcomes: Sequence[QuestionOutcome]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the risk-coverage curve (El-Yaniv & Wiener 2010).

    Returns:
        The coverage and the risk, each as an array `[questions]` in order of decreasing confidence. The coverage is the
        proportion of questions that are answered; the risk is the proportion of the answers that lack a correct quote.
    """
    import numpy as np

    labelled = sorted((item for item in outcomes if item.answerable is not None), key=lambda item: -item.confidence)
    errors = np.cumsum([not item.supported for item in labelled], dtype=float)
    counts = np.arange(1, len(labelled) + 1)
    return counts / max(len(labelled), 1), errors / counts


def latency_percentiles(outcomes: Sequence[QuestionOutcome]) -> dict[str, float]:
    """Compute the median and the 95th percentile of the time taken to answer a question, in milliseconds."""
    import numpy as np

    times: Any = [item.milliseconds for item in outcomes]
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))} if times else {}
