"""Questions of the development sets -> rows of features with what a right decision is."""

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
OFF_TOPIC = 150  # questions of each other set asked of a set's texts


@dataclass(frozen=True)
class Rows:
    """`x` `[n, features]`; `supported` and `on_topic` 0/1; `group` for held-out splits; `source` of each."""

    x: NDArray[np.float64]
    supported: NDArray[np.float64]
    answerable: NDArray[np.float64]
    on_topic: NDArray[np.float64]
    group: NDArray[np.str_]
    source: NDArray[np.str_]


def collect(folder: Path) -> Rows:
    """Ask every set its own questions, and a sample of the others' that is beside its texts."""
    sets = {name: read_data_set(folder / name) for name in SETS}
    found: list[tuple[object, ...]] = []
    for name, data in sets.items():
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        for asked in data.questions:
            found += _row(assistant, asked, True, _group(name, asked), name)
        for other in SETS:
            if other.split("_")[0] != name.split("_")[0]:
                sample = random.Random(0).sample(sets[other].questions, min(OFF_TOPIC, len(sets[other].questions)))
                for asked in sample:
                    beside = EvaluationQuestion(asked.identifier, asked.turns, False, ())
                    found += _row(assistant, beside, False, f"off-{asked.identifier}", f"{other} asked of {name}")
        print(name, len(found), file=sys.stderr)
    x, supported, answerable, on_topic, group, source = (np.array(column) for column in zip(*found, strict=True))
    return Rows(x, supported, answerable, on_topic, group, source)


def _row(
    assistant: Assistant, asked: EvaluationQuestion, on_topic: bool, group: str, source: str
) -> list[tuple[object, ...]]:
    question = asked.turns[-1]
    language = detect_question_language(question, assistant.language)
    found = assistant.gather_evidence(question, language)
    made = compute_features(assistant.index, found.query, found.retrieved, found.sentences)
    if made is None:
        return []
    supported = bool(asked.answerable) and any(
        is_correct_quote(item.quote, item.passage.document_id, asked) for item in found.selected
    )
    return [(astuple(made), float(supported), float(bool(asked.answerable)), float(on_topic), group, source)]


def _group(name: str, asked: EvaluationQuestion) -> str:
    """What must not be on both sides of a split: the article, or the question itself."""
    documents = sorted(asked.document_ids | asked.near_document_ids)
    return documents[0].split("#")[0] if documents and name.startswith("squad") else f"{name}-{asked.identifier}"
