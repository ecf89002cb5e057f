"""Answered, unclear or not covered: calibrated probabilities from the features of the best sentence.

Two logistic models (training/answerability.py): the probability that the quotes answer, and the
probability that the texts are about the question at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from math import exp
from typing import Any

from assistant.answering.features import Features
from assistant.schema import Verdict

_WEIGHTS = "answerability.json"
# Chosen on the held-out tables that training/answerability.py prints. From 0.24 on, one answerable
# question in ten is refused on SQuAD 2.0 and four of five are answered with a right quote. Below the
# other two, one answerable question in a hundred is taken for off topic, and six across languages,
# where words match less.
ANSWER_THRESHOLD = 0.24
_TOPIC_THRESHOLD, _TOPIC_THRESHOLD_ACROSS = 0.4, 0.2
_ALL = 0.999  # where every word of the question stands beside the sentence, the texts aren't silent about it


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with the probabilities behind it: that the quotes answer, and that it is the topic.

    `topic_threshold` is the least probability of the topic that counted.
    """

    verdict: Verdict
    answer_probability: float
    topic_probability: float
    topic_threshold: float


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A logistic model: an intercept and a weight for each feature it uses."""

    intercept: float
    weights: Mapping[str, float]

    def __call__(self, values: Mapping[str, float]) -> float:
        score = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class AnswerabilityModel:
    """Decides on the features of the best sentence; `answer_threshold` is the least probability of an answer."""

    answer_model: LogisticModel
    topic_model: LogisticModel
    answer_threshold: float = ANSWER_THRESHOLD

    def decide(self, features: Features | None) -> Decision:
        """The verdict on `features`; without any sentence, nothing is covered."""
        if features is None:
            return Decision(Verdict.NOT_COVERED, 0.0, 0.0, _TOPIC_THRESHOLD)
        values = asdict(features)
        answer, topic = self.answer_model(values), self.topic_model(values)
        topic_threshold = _TOPIC_THRESHOLD_ACROSS if features.cross_lingual else _TOPIC_THRESHOLD
        if topic < topic_threshold and features.word_coverage < _ALL:
            return Decision(Verdict.NOT_COVERED, min(answer, topic), topic, topic_threshold)
        verdict = Verdict.ANSWERED if answer >= self.answer_threshold else Verdict.UNCLEAR
        return Decision(verdict, answer, topic, topic_threshold)


def load_answerability_model(answer_threshold: float | None = None) -> AnswerabilityModel:
    """The model with its packaged weights, and the operator's threshold if there is one."""
    text = (resources.files("assistant.answering") / _WEIGHTS).read_text(encoding="utf-8")
    weights: dict[str, Any] = json.loads(text)
    answer_model, topic_model = (LogisticModel(**weights[name]) for name in ("answers", "on_topic"))
    return AnswerabilityModel(
        answer_model, topic_model, ANSWER_THRESHOLD if answer_threshold is None else answer_threshold
    )
