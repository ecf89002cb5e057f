"""Trains the logistic models of `assistant.answering.answerability` and writes their weights.

    python -m training.answerability ../shared/eval [--without-reader]

Two models are trained: one for the probability that the quotes answer the question, and one for the probability that
the documents cover the topic. The pair for the assistant without the reader is trained separately. Training needs the
development sets; their README lists the sources and licences. Only the weights are published. The metrics are computed
on articles or questions held out from training (group k-fold).
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

from assistant.evaluation.metrics import calibration_error
from training.collect import SETS, Rows, collect

TOPIC_FEATURES = (
    "sentence_cosine", "sentence_word_match", "passage_word_match", "unmatched_idf_share", "passage_lexical_score",
    "word_coverage", "max_missing_word_idf",
    "max_missing_word_rarity", "question_length", "is_cross_lingual", "word_match_if_cross_lingual",
)  # fmt: skip
READING_TOPIC_FEATURES = ("answer_logit", "span_margin", "highest_answer_logit")  # if the reader is used
FOLDS = 8
ANSWER_THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
TOPIC_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def make_model() -> Pipeline:
    """Create an untrained logistic model that standardises its features first."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))


def fit(x: NDArray[np.float64], labels: NDArray[np.float64], source: NDArray[np.str_]) -> Pipeline:
    """Train a model to predict `labels` from the features `x`.

    Rows are weighted so that the total weight of each data set is the square root of its number of rows.
    """
    sizes = {name: int((source == name).sum()) for name in set(source.tolist())}
    weights = np.array([1 / np.sqrt(sizes[name]) for name in source.tolist()])
    return make_model().fit(x, labels, logisticregression__sample_weight=weights)


def held_out_probabilities(
    x: NDArray[np.float64], labels: NDArray[np.float64], rows: Rows
) -> NDArray[np.float64]:  # fmt: skip
    """Predict each row's probability with a model trained on other groups than the row's own. Returns `[rows]`."""
    probabilities = np.zeros(len(labels))
    for train, test in GroupKFold(FOLDS).split(x, labels, rows.group):
        probabilities[test] = fit(x[train], labels[train], rows.source[train]).predict_proba(x[test])[:, 1]
    return probabilities


def select_rows(rows: Rows, mask: NDArray[np.bool_]) -> Rows:
    """Return the rows for which `mask` is true."""
    columns = {field.name: getattr(rows, field.name) for field in fields(rows)}
    return Rows(**{name: value if name == "feature_names" else value[mask] for name, value in columns.items()})


def feature_columns(rows: Rows, names: Sequence[str]) -> list[int]:
    """Return the numbers of the columns in `rows.x` that contain the named features."""
    all_names = rows.feature_names.tolist()
    return [all_names.index(name) for name in names]


def unscaled_weights(fitted: Pipeline, names: Sequence[str]) -> dict[str, object]:
    """Return the intercept and the weights, converted so that they apply to features that haven't been standardised."""
    scaler, logistic = fitted[0], fitted[1]
    weights = logistic.coef_[0] / scaler.scale_
    intercept = float(logistic.intercept_[0] - (weights * scaler.mean_).sum())
    pairs = zip(names, weights, strict=True)
    return {"intercept": round(intercept, 5), "weights": {name: round(float(weight), 5) for name, weight in pairs}}


def answer_table(rows: Rows, probabilities: NDArray[np.float64]) -> list[str]:
    """Format the answer model's held-out metrics on each data set as lines of Markdown."""
    head = ["set", "AUC", *(f"at {threshold}" for threshold in ANSWER_THRESHOLDS), "calibration error"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in SETS:
        in_set = rows.source == name
        answerable, unanswerable = in_set & (rows.answerable == 1), in_set & (rows.answerable == 0)
        has_both = unanswerable.any()
        auc = roc_auc_score(rows.answerable[in_set], probabilities[in_set]) if has_both else float("nan")
        cells = []
        for threshold in ANSWER_THRESHOLDS:
            falsely_refused = (probabilities[answerable] < threshold).mean()
            refused = (probabilities[unanswerable] < threshold).mean() if has_both else float("nan")
            shown = ((probabilities[answerable] >= threshold) & (rows.supported[answerable] == 1)).mean()
            cells.append(f"{falsely_refused:.2f} / {refused:.2f} / {shown:.2f}")
        error = calibration_error(probabilities[in_set].tolist(), [bool(value) for value in rows.supported[in_set]])
        lines.append(f"| {name} | {auc:.3f} | " + " | ".join(cells) + f" | {error:.3f} |")
    pooled = calibration_error(probabilities.tolist(), [bool(value) for value in rows.supported])
    lines += ["", "Cells: answerable refused / unanswerable refused / answered with support.",
              f"Calibration error over all sets: {pooled:.3f}", ""]  # fmt: skip
    return lines


def topic_table(rows: Rows, probabilities: NDArray[np.float64]) -> list[str]:
    """Format the topic model's held-out metrics as lines of Markdown."""
    lines = ["| topic threshold | answerable below it, same language | across languages "
             "| off topic below it, same language | across languages |",
             "|---|---|---|---|---|"]  # fmt: skip
    cross_lingual = rows.x[:, feature_columns(rows, ["is_cross_lingual"])[0]] == 1
    answerable, off_topic = rows.answerable == 1, rows.on_topic == 0
    parts = [
        answerable & ~cross_lingual, answerable & cross_lingual, off_topic & ~cross_lingual, off_topic & cross_lingual,
    ]  # fmt: skip
    for threshold in TOPIC_THRESHOLDS:
        cells = [f"{(probabilities[part] < threshold).mean():.3f}" for part in parts]
        lines.append(f"| {threshold} | " + " | ".join(cells) + " |")
    return lines


def load_or_collect(data: Path, cache: Path | None, with_reader: bool) -> Rows:
    """Load the rows from the file `cache` if it exists; otherwise collect them and save them to `cache`, if given."""
    if cache and cache.is_file():
        return Rows(**np.load(cache))
    rows = collect(data, with_reader)
    if cache:
        np.savez(cache, **{field.name: getattr(rows, field.name) for field in fields(rows)})
    return rows


def main() -> None:
    """Collect or load the rows, print the held-out metrics and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development sets")
    parser.add_argument("--without-reader", action="store_true", help="train the models for use without the reader")
    parser.add_argument(
        "--rows", type=Path, help="load the rows from this .npz file if it exists, else save them to it"
    )
    options = parser.parse_args()
    rows = load_or_collect(options.data, options.rows, not options.without_reader)
    topic_features = TOPIC_FEATURES if options.without_reader else TOPIC_FEATURES + READING_TOPIC_FEATURES
    topic_columns = feature_columns(rows, topic_features)
    on_topic = select_rows(rows, rows.on_topic == 1)
    answer_probabilities = held_out_probabilities(on_topic.x, on_topic.supported, on_topic)
    topic_probabilities = held_out_probabilities(rows.x[:, topic_columns], rows.on_topic, rows)
    print("\n".join([*answer_table(on_topic, answer_probabilities), *topic_table(rows, topic_probabilities)]))
    target = Path(str(resources.files("assistant.answering"))) / "answerability.json"
    weights = json.loads(target.read_text(encoding="utf-8"))
    weights["without_reader" if options.without_reader else "with_reader"] = {
        "answers": unscaled_weights(fit(on_topic.x, on_topic.supported, on_topic.source), rows.feature_names.tolist()),
        "on_topic": unscaled_weights(fit(rows.x[:, topic_columns], rows.on_topic, rows.source), topic_features),
    }
    target.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
