"""Trains the two logistic models of `assistant.answering.decision` and writes their weights.

    python -m training.answerability ../shared/eval

Needs the development sets (see their README for sources and licences); only weights leave them.
Figures are of questions from articles that the model didn't see (group k-fold).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.answering.features import Features
from assistant.evaluation.metrics import calibration_error
from training.collect import SETS, Rows, collect

NAMES = [field.name for field in fields(Features)]
TOPIC_FEATURES = (
    "cosine", "word_match", "passage_match", "unmatched_weight", "lexical_share", "word_coverage", "rarest_missing_idf",
    "strangest_missing_word", "question_length", "cross_lingual", "word_match_cross_lingual",
)  # fmt: skip
FOLDS = 8
STEPS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


def model() -> Pipeline:
    """A logistic model on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))


def fit(x: NDArray[np.float64], label: NDArray[np.float64], source: NDArray[np.str_]) -> Pipeline:
    """A model of `label`, each set counting by the square root of its size."""
    sizes = {name: int((source == name).sum()) for name in set(source.tolist())}
    weights = np.array([1 / np.sqrt(sizes[name]) for name in source.tolist()])
    return model().fit(x, label, logisticregression__sample_weight=weights)


def held_out(x: NDArray[np.float64], label: NDArray[np.float64], rows: Rows) -> NDArray[np.float64]:
    """A probability for each row from a model that saw no question of its group."""
    found = np.zeros(len(label))
    for train, test in GroupKFold(FOLDS).split(x, label, rows.group):
        found[test] = fit(x[train], label[train], rows.source[train]).predict_proba(x[test])[:, 1]
    return found


def only(rows: Rows, mask: NDArray[np.bool_]) -> Rows:
    """The rows where `mask` holds."""
    return Rows(**{field.name: getattr(rows, field.name)[mask] for field in fields(rows)})


def columns(names: Sequence[str]) -> list[int]:
    """Places of features in a row."""
    return [NAMES.index(name) for name in names]


def plain_weights(fitted: Pipeline, names: Sequence[str]) -> dict[str, object]:
    """Weights of the unscaled features, and the intercept."""
    scale, logistic = fitted[0], fitted[1]
    weights = logistic.coef_[0] / scale.scale_
    intercept = float(logistic.intercept_[0] - (weights * scale.mean_).sum())
    pairs = zip(names, weights, strict=True)
    return {"intercept": round(intercept, 5), "weights": {name: round(float(weight), 5) for name, weight in pairs}}


def table(on_topic: Rows, answers: NDArray[np.float64], rows: Rows, topic: NDArray[np.float64]) -> list[str]:
    """Held-out figures of each set, as Markdown."""
    head = ["set", "AUC", *(f"at {step}" for step in STEPS), "calibration error"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in SETS:
        own = on_topic.source == name
        can, cannot = own & (on_topic.answerable == 1), own & (on_topic.answerable == 0)
        auc = roc_auc_score(on_topic.answerable[own], answers[own]) if cannot.any() else float("nan")
        cells = []
        for step in STEPS:
            refused = (answers[cannot] < step).mean() if cannot.any() else float("nan")
            shown = ((answers[can] >= step) & (on_topic.supported[can] == 1)).mean()
            cells.append(f"{(answers[can] < step).mean():.2f} / {refused:.2f} / {shown:.2f}")
        error = calibration_error(answers[own].tolist(), [bool(value) for value in on_topic.supported[own]])
        lines.append(f"| {name} | {auc:.3f} | " + " | ".join(cells) + f" | {error:.3f} |")
    pooled = calibration_error(answers.tolist(), [bool(value) for value in on_topic.supported])
    lines += ["", "Cells: answerable refused / unanswerable refused / answered with support.",
              f"Calibration error over all: {pooled:.3f}", "",
              "| topic from | answerable below it, same language | across | off topic below it | across |",
              "|---|---|---|---|---|"]  # fmt: skip
    across = rows.x[:, NAMES.index("cross_lingual")] == 1
    can, off = rows.answerable == 1, rows.on_topic == 0
    for step in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        parts = [can & ~across, can & across, off & ~across, off & across]
        lines.append(f"| {step} | " + " | ".join(f"{(topic[part] < step).mean():.3f}" for part in parts) + " |")
    return lines


def main() -> None:
    """Collect or read rows, print held-out figures, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development sets")
    parser.add_argument("--rows", type=Path, help="keep the rows in this .npz file, or read them from it")
    options = parser.parse_args()
    if options.rows and options.rows.is_file():
        rows = Rows(**np.load(options.rows))
    else:
        rows = collect(options.data)
        if options.rows:
            np.savez(options.rows, **{field.name: getattr(rows, field.name) for field in fields(rows)})
    topic_columns = columns(TOPIC_FEATURES)
    on_topic = only(rows, rows.on_topic == 1)
    answers = held_out(on_topic.x, on_topic.supported, on_topic)
    topic = held_out(rows.x[:, topic_columns], rows.on_topic, rows)
    print("\n".join(table(on_topic, answers, rows, topic)))
    written = {
        "provenance": "python -m training.answerability; sets: " + ", ".join(SETS) + " and their questions off topic",
        "embedding_model": "multilingual-e5-small",
        "answers": plain_weights(fit(on_topic.x, on_topic.supported, on_topic.source), NAMES),
        "on_topic": plain_weights(fit(rows.x[:, topic_columns], rows.on_topic, rows.source), TOPIC_FEATURES),
    }
    target = Path(str(resources.files("assistant.answering"))) / "answerability.json"
    target.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
