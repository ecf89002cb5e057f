"""Collects training data: features and labels for each question in the development sets."""

from __future__ import annotations

import random
import sys
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.answering.features import compute_features
from assistant.conversation.assistant import Assistant
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
        x: features, `[rows, features]`.
        supported: 1 if a selected quote is correct, else 0.
        answerable: 1 if the question can be answered, else 0.
        on_topic: 1 if the question was asked about its own data set's documents, else 0.
        group: the name of the row's group. A split must never separate rows of the same group.
        source: the name of the question's data set; for an off-topic question, "X asked of Y" with both names.
    """

    x: NDArray[np.float64]
    supported: NDArray[np.float64]
    answerable: NDArray[np.float64]
    on_topic: NDArray[np.float64]
    group: NDArray[np.str_]
    source: NDArray[np.str_]


def collect(folder: Path) -> Rows:
    """Ask each data set's questions about its documents, and a sample of other sets' questions as off-topic ones."""
    sets = {name: read_data_set(folder / name) for name in SETS}
    rows: list[tuple[object, ...]] = []
    for name, data in sets.items():
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        for question in data.questions:
            rows += _make_row(assistant, question, True, _split_group(name, question), name)
        for other in SETS:
            if other.split("_")[0] != name.split("_")[0]:
                questions = sets[other].questions
                for question in random.Random(0).sample(questions, min(MAX_OFF_TOPIC, len(questions))):
                    off_topic = EvaluationQuestion(question.question_id, question.turns, False, ())
                    rows += _make_row(
                        assistant, off_topic, False, f"off-{question.question_id}", f"{other} asked of {name}"
                    )
        print(name, len(rows), file=sys.stderr)
    x, supported, answerable, on_topic, group, source = (np.array(column) for column in zip(*rows, strict=True))
    return Rows(x, supported, answerable, on_topic, group, source)


def _make_row(
    assistant: Assistant, question: EvaluationQuestion, on_topic: bool, group: str, source: str
) -> list[tuple[object, ...]]:
    """Return a list that contains the row for `question`, or an empty list if nothing was retrieved."""
    text = question.turns[-1]
    language = detect_question_language(text, assistant.default_language)
    evidence = assistant.gather_evidence(text, language)
    features = compute_features(assistant.index, evidence.query, evidence.retrieved_passages, evidence.scored_sentences)
    if features is None:
        return []
    answerable = bool(question.is_answerable)
    supported = answerable and any(
        is_correct_quote(item.quote, item.passage.document_id, question) for item in evidence.selected_sentences
    )
    return [(astuple(features), float(supported), float(answerable), float(on_topic), group, source)]


def _split_group(name: str, question: EvaluationQuestion) -> str:
    """Return the group of a question: its article in SQuAD, or the question itself in other data sets."""
    documents = sorted(question.correct_document_ids | question.on_topic_document_ids)
    return documents[0].split("#")[0] if documents and name.startswith("squad") else f"{name}-{question.question_id}"
