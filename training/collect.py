"""Collects training data: features and labels for each question in the development sets."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.conversation.assistant import Assistant
from assistant.conversation.trace import Evidence
from assistant.evaluation.data_sets import EvaluationQuestion, read_data_set
from assistant.evaluation.runner import is_correct_quote
from assistant.factory import make_evaluation_assistant
from assistant.settings import load_settings
from assistant.text.language import detect_question_language

SETS = ("squad2_en", "squad2_sv_en", "clapnq", "medquad_genetics", "swefaq_dev")
MAX_OFF_TOPIC = 150  # maximum number of off-topic questions sampled from each other data set


@dataclass(frozen=True)
class Rows:
    """Training data, one row per question.

    Attributes:
        x: features, `[rows, features]`, in the order of `feature_names`.
        supported: 1 if a selected quote is correct, else 0.
        answerable: 1 if the question can be answered, else 0.
        on_topic: 1 if the question was asked about its own data set's documents, else 0.
        group: the name of the row's group. A split must never separate rows of the same group.
        source: the name of the question's data set; for an off-topic question, "X asked of Y" with both names.
        feature_names: the names of the features.
    """

    x: NDArray[np.float64]
    supported: NDArray[np.float64]
    answerable: NDArray[np.float64]
    on_topic: NDArray[np.float64]
    group: NDArray[np.str_]
    source: NDArray[np.str_]
    feature_names: NDArray[np.str_]


def collect(folder: Path, with_reader: bool, processes: int = 2) -> Rows:
    """Ask each data set's questions about its documents, and a sample of other sets' questions as off-topic ones.

    Args:
        folder: the folder of the data sets.
        with_reader: whether the assistant uses the reader.
        processes: the number of data sets that are processed at the same time.
    """
    with ProcessPoolExecutor(processes) as pool:
        parts = list(pool.map(_collect_set, SETS, repeat(folder), repeat(with_reader)))
    rows = [row for _, part in parts for row in part]
    x, supported, answerable, on_topic, group, source = (np.array(column) for column in zip(*rows, strict=True))
    return Rows(x, supported, answerable, on_topic, group, source, np.array(parts[0][0]))


def _collect_set(name: str, folder: Path, with_reader: bool) -> tuple[list[str], list[tuple[object, ...]]]:
    """Collect the rows for the documents of one data set. Returns the names of the features and the rows."""
    sets = {other: read_data_set(folder / other) for other in SETS}
    data = sets[name]
    assistant = make_evaluation_assistant(load_settings({}, {"reader": with_reader}), data, print, lambda rows, _: rows)
    rows: list[tuple[object, ...]] = []
    for question in data.questions:
        rows += _make_row(assistant, question, True, _split_group(name, question), name)
    for other in SETS:
        if other.split("_")[0] != name.split("_")[0]:
            questions = sets[other].questions
            for question in random.Random(0).sample(questions, min(MAX_OFF_TOPIC, len(questions))):
                off_topic = EvaluationQuestion(question.question_id, question.turns, False, ())
                group = f"off-{question.question_id}"
                rows += _make_row(assistant, off_topic, False, group, f"{other} asked of {name}")
    print(name, len(rows), file=sys.stderr)
    return list(_features_of(assistant, data.questions[0].turns[-1])), rows


def _features_of(assistant: Assistant, text: str) -> dict[str, float]:
    language = detect_question_language(text, assistant.default_language)
    return _merge_features(assistant.gather_evidence(text, language))


def _merge_features(evidence: Evidence) -> dict[str, float]:
    """Return all features of the best sentence by name, or an empty dictionary if nothing was retrieved."""
    parts = (evidence.best_sentence_features, evidence.reading_features)
    return {name: value for part in parts if part for name, value in asdict(part).items()}


def _make_row(
    assistant: Assistant, question: EvaluationQuestion, on_topic: bool, group: str, source: str
) -> list[tuple[object, ...]]:
    """Return a list that contains the row for `question`, or an empty list if nothing was retrieved."""
    text = question.turns[-1]
    evidence = assistant.gather_evidence(text, detect_question_language(text, assistant.default_language))
    features = _merge_features(evidence)
    if not features:
        return []
    answerable = bool(question.is_answerable)
    supported = answerable and any(
        is_correct_quote(item.quote, item.passage.document_id, question) for item in evidence.selected_sentences
    )
    row = (list(features.values()), float(supported), float(answerable), float(on_topic), group, source)
    return [row]


def _split_group(name: str, question: EvaluationQuestion) -> str:
    """Return the group of a question: its article in SQuAD, or the question itself in other data sets."""
    documents = sorted(question.correct_document_ids | question.on_topic_document_ids)
    return documents[0].split("#")[0] if documents and name.startswith("squad") else f"{name}-{question.question_id}"
