"""Rankings and outcomes -> figures, by ir-measures, SciPy and scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from assistant.evaluation.data_sets import DataSet
from assistant.evaluation.runner import Outcome
from assistant.schema import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RESAMPLES = 1000
_BINS = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % bootstrap interval, over `count` questions."""

    value: float
    low: float
    high: float
    count: int


def retrieval_metrics(data: DataSet, found: dict[str, list[str]]) -> dict[str, Estimate]:
    """nDCG@10, recall@5 and @10, MRR and hit@1 over the queries with grades."""
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    names = {"nDCG@10": nDCG @ 10, "recall@5": R @ 5, "recall@10": R @ 10, "MRR": RR, "hit@1": Success @ 1}
    grades = [ir_measures.Qrel(key, document, grade) for key in found for document, grade in data.qrels[key].items()]
    run = [
        ir_measures.ScoredDoc(key, document, -float(rank))
        for key, documents in found.items()
        for rank, document in enumerate(documents)
    ]
    values: dict[str, dict[str, float]] = {name: {} for name in names}
    shown = {str(measure): name for name, measure in names.items()}
    for metric in cast(Iterable[Any], ir_measures.iter_calc(list(names.values()), grades, run)):
        values[shown[str(metric.measure)]][metric.query_id] = metric.value
    return {name: mean_with_interval([of.get(key, 0.0) for key in found]) for name, of in values.items()}


def answer_metrics(found: Sequence[Outcome]) -> dict[str, Estimate]:
    """Figures of the questions with answers; see the README of a report for what each means."""
    can = [item for item in found if item.answerable]
    cannot = [item for item in found if item.answerable is False]
    answered = [item for item in can if item.verdict == Verdict.ANSWERED]
    figures: dict[str, list[float]] = {
        "supported": [item.supported for item in can],
        "supported and shown": [item.supported and item.verdict == Verdict.ANSWERED for item in can],
        "best sentence supports": [item.first_supported for item in can],
        "citation precision": [item.precision for item in answered if item.precision is not None],
        "false refusals": [item.verdict != Verdict.ANSWERED for item in can],
        "refused unanswerable": [item.verdict != Verdict.ANSWERED for item in cannot],
    }
    made = {name: mean_with_interval(values) for name, values in figures.items() if values}
    if can and cannot:
        balanced = (1 - made["false refusals"].value + made["refused unanswerable"].value) / 2
        made["balanced accuracy"] = Estimate(balanced, balanced, balanced, len(can) + len(cannot))
        made["AUC answerable"] = _auc(can, cannot)
    judged = [*can, *cannot]
    if judged:
        error = calibration_error([item.confidence for item in judged], [item.supported for item in judged])
        made["calibration error"] = Estimate(error, error, error, len(judged))
    return made


def mean_with_interval(values: Sequence[float]) -> Estimate:
    """The mean and its percentile bootstrap interval (Efron & Tibshirani 1993), always the same."""
    import numpy as np

    data = np.asarray(values, dtype=float)
    if len(data) == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    random = np.random.default_rng(0)
    means = data[random.integers(0, len(data), (_RESAMPLES, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))


def _auc(can: Sequence[Outcome], cannot: Sequence[Outcome]) -> Estimate:
    """How well `confidence` tells answerable from unanswerable questions (area under the ROC curve)."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    labels = np.array([1] * len(can) + [0] * len(cannot))
    scores = np.array([item.confidence for item in [*can, *cannot]])
    random = np.random.default_rng(0)
    resampled = []
    for _ in range(200):
        rows = random.integers(0, len(labels), len(labels))
        if 0 < labels[rows].sum() < len(rows):
            resampled.append(roc_auc_score(labels[rows], scores[rows]))
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(roc_auc_score(labels, scores)), float(low), float(high), len(labels))


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error over ten equal bins (Guo et al. 2017, arXiv:1706.04599)."""
    import numpy as np

    values, labels = np.asarray(confidences), np.asarray(right, dtype=float)
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    gaps = [abs(values[bins == number].sum() - labels[bins == number].sum()) for number in range(_BINS)]
    return float(sum(gaps) / len(values))


def risk_coverage(found: Sequence[Outcome]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and risk as fewer questions are answered (El-Yaniv & Wiener 2010), by falling confidence.

    Risk is the share of answered questions whose quotes don't hold a right answer.
    """
    import numpy as np

    judged = sorted((item for item in found if item.answerable is not None), key=lambda item: -item.confidence)
    wrong = np.cumsum([not item.supported for item in judged], dtype=float)
    counts = np.arange(1, len(judged) + 1)
    return counts / max(len(judged), 1), wrong / counts


def latency_percentiles(found: Sequence[Outcome]) -> dict[str, float]:
    """Time per question, median and 95th percentile, in ms."""
    import numpy as np

    times: Any = [item.milliseconds for item in found]
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))} if times else {}
