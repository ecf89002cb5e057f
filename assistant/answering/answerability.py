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
ANSWER_FROM = 0.24
_TOPIC_FROM, _TOPIC_FROM_ACROSS = 0.4, 0.2
_ALL = 0.999  # where every word of the question stands beside the sentence, the texts aren't silent about it


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with the probabilities behind it: that the quotes answer, and that it is the topic.

    `topic_from` is the least probability of the topic that counted.
    """

    verdict: Verdict
    answers: float
    on_topic: float
    topic_from: float


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model: an intercept and a weight for each feature it uses."""

    intercept: float
    weights: Mapping[str, float]

    def __call__(self, values: Mapping[str, float]) -> float:
        score = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides on the features of the best sentence; `answer_from` is the least probability of an answer."""

    answers: Logistic
    on_topic: Logistic
    answer_from: float = ANSWER_FROM

    def decide(self, features: Features | None) -> Decision:
        """The verdict on `features`; without any sentence, nothing is covered."""
        if features is None:
            return Decision(Verdict.NOT_COVERED, 0.0, 0.0, _TOPIC_FROM)
        values = asdict(features)
        answers, on_topic = self.answers(values), self.on_topic(values)
        topic_from = _TOPIC_FROM_ACROSS if features.across else _TOPIC_FROM
        if on_topic < topic_from and features.cover < _ALL:
            return Decision(Verdict.NOT_COVERED, min(answers, on_topic), on_topic, topic_from)
        verdict = Verdict.ANSWERED if answers >= self.answer_from else Verdict.UNCLEAR
        return Decision(verdict, answers, on_topic, topic_from)


def load_judge(answer_from: float | None = None) -> Judge:
    """The judge with the weights that come with the program, and the operator's threshold if there is one."""
    text = (resources.files("assistant.answering") / _WEIGHTS).read_text(encoding="utf-8")
    weights: dict[str, Any] = json.loads(text)
    answers, on_topic = (Logistic(**weights[name]) for name in ("answers", "on_topic"))
    return Judge(answers, on_topic, ANSWER_FROM if answer_from is None else answer_from)
