"""Measures how well the reader tells whether a text answers a question, and where.

    python -m training.reader.evaluate DATA WEIGHTS

Each question of the development sets is read together with the text that answers it or, if none does, with one on its
topic.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.reader.data import SpanData, load_development_sets
from training.reader.examples.example import Example, make_example
from training.reader.inference import Reader, Readings, choose_device, load_reader, read_examples

DEFAULT_MOST = 600
FALSE_REFUSALS = 0.1


@dataclass(frozen=True)
class EvaluationSet:
    """Questions with their texts.

    Attributes:
        examples: the questions with their texts.
        labels: 1 if the text answers the question, else 0, `[questions]`.
        spans: first and last token of the correct answers in each text, each `[answers, 2]`.
    """

    examples: list[Example]
    labels: NDArray[np.int8]
    spans: list[NDArray[np.uint16]]


@dataclass(frozen=True)
class Metrics:
    """How well a reader does on a set.

    Attributes:
        answer_auc: the area under the ROC curve of the answerability logit.
        margin_auc: that of the span's margin.
        score_auc: that of both together, see `Readings.scores`.
        refused: the share of the unanswerable questions that are refused at the threshold of the score at which
            `FALSE_REFUSALS` of the answerable ones are.
        overlap: the share of the questions with known answers whose best span overlaps one of them.
    """

    answer_auc: float
    margin_auc: float
    score_auc: float
    refused: float
    overlap: float


def load_evaluation_sets(data: Path, most: int = DEFAULT_MOST) -> dict[str, EvaluationSet]:
    """Load at most `most` questions of each development set, evenly spaced, from the folder that `prepare` wrote."""
    return {name: _make_evaluation_set(rows, most) for name, rows in load_development_sets(data).items()}


def _make_evaluation_set(rows: SpanData, most: int) -> EvaluationSet:
    count = len(rows.labels)
    chosen = np.linspace(0, count - 1, min(count, most)).astype(int)
    examples = [make_example(rows.questions[number], rows.texts[number]) for number in chosen]
    return EvaluationSet(examples, rows.labels[chosen], [rows.spans[number] for number in chosen])


def measure(readings: Readings, labels: NDArray[np.int8], spans: Sequence[NDArray[np.uint16]]) -> Metrics:
    """Compare `readings` with the labels and the correct answers of an `EvaluationSet`."""
    threshold = np.quantile(readings.scores[labels == 1], FALSE_REFUSALS)
    overlaps = [
        ((first <= answers[:, 1]) & (last >= answers[:, 0])).any()
        for (first, last), answers in zip(readings.spans, spans, strict=True)
        if len(answers)
    ]
    return Metrics(
        answer_auc=float(roc_auc_score(labels, readings.answer_logits)),
        margin_auc=float(roc_auc_score(labels, readings.margins)),
        score_auc=float(roc_auc_score(labels, readings.scores)),
        refused=float((readings.scores[labels == 0] < threshold).mean()),
        overlap=float(np.mean(overlaps)),
    )


def evaluate(reader: Reader, sets: Mapping[str, EvaluationSet]) -> str:
    """Measure `reader` on each set, and format the metrics as a Markdown table."""
    lines = [
        f"| set | AUC of answer logit | of span margin | of both | refused at {FALSE_REFUSALS:.0%} false refusals "
        "| words overlap an answer |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in sets.items():
        metrics = measure(read_examples(reader, rows.examples), rows.labels, rows.spans)
        aucs = f"{metrics.answer_auc:.3f} | {metrics.margin_auc:.3f} | {metrics.score_auc:.3f}"
        lines.append(f"| {name} | {aucs} | {metrics.refused:.2f} | {metrics.overlap:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that training.reader.prepare wrote")
    parser.add_argument("weights", type=Path, help="folder of the weights")
    parser.add_argument("--most", type=int, default=DEFAULT_MOST, help="questions of each set (default: %(default)s)")
    options = parser.parse_args()
    reader = load_reader(options.data, options.weights, choose_device())
    print(evaluate(reader, load_evaluation_sets(options.data, options.most)))


if __name__ == "__main__":
    main()
