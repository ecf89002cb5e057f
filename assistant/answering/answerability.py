"""Decides the verdict on a question: answered, unclear or not covered.

Two logistic models, trained by training/answerability.py, compute calibrated probabilities from the features of the
best sentence. One is the probability that the quotes answer the question. The other is the probability that the
documents cover the topic of the question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from math import exp
from typing import Any

from assistant.answering.features import Features
from assistant.answering.reading import ReadingFeatures
from assistant.schema import Verdict

_WEIGHTS_FILE = "answerability.json"
# All thresholds were chosen from tables of results on held-out data; training/answerability.py prints them. With an
# answer threshold of 0.24, nine in a hundred answerable questions of SQuAD 2.0 are refused, and 85 are answered with a
# correct quote (without the reader, ten and 81).
DEFAULT_ANSWER_THRESHOLD = 0.24
# With these topic thresholds, the first for the same language and the second across languages, one answerable question
# in a hundred is misclassified as off topic. Without the reader, six in a hundred are across languages, because fewer
# words match.
_TOPIC_THRESHOLDS, _TOPIC_THRESHOLDS_WITHOUT_READER = (0.3, 0.15), (0.4, 0.2)
_FULL_COVERAGE = 0.999  # a question is never off topic if all its words occur in or near the best sentence


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the probabilities behind it.

    Attributes:
        verdict: ANSWERED, UNCLEAR or NOT_COVERED.
        answer_probability: the probability that the quotes answer the question.
        on_topic_probability: the probability that the documents cover the topic of the question.
        on_topic_threshold: the lowest `on_topic_probability` at which the question counts as on topic.
    """

    verdict: Verdict
    answer_probability: float
    on_topic_probability: float
    on_topic_threshold: float


@dataclass(frozen=True, slots=True)
class LogisticClassifier:
    """A logistic regression model, which has an intercept and a weight for each of its features."""

    intercept: float
    feature_weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """Return the probability computed from `features`, which maps feature names to values."""
        score = self.intercept + sum(weight * features[name] for name, weight in self.feature_weights.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class AnswerabilityModel:
    """Decides whether the best sentence answers the question.

    Attributes:
        answer_classifier: computes the probability that the quotes answer the question.
        topic_classifier: computes the probability that the documents cover the topic of the question.
        answer_threshold: the minimum answer probability for the verdict ANSWERED.
        topic_thresholds: the lowest topic probabilities at which a question counts as on topic, if it is in the
            language of the documents and if it isn't.
    """

    answer_classifier: LogisticClassifier
    topic_classifier: LogisticClassifier
    answer_threshold: float = DEFAULT_ANSWER_THRESHOLD
    topic_thresholds: tuple[float, float] = _TOPIC_THRESHOLDS_WITHOUT_READER

    def decide(
        self, features: Features | None, reading_features: ReadingFeatures | None = None, is_follow_up: bool = False
    ) -> Decision:
        """Return the decision based on the features. If `features` is None, the verdict is NOT_COVERED.

        Args:
            features: the features of the best sentence.
            reading_features: what the reader makes of it; needed if the model was loaded for use with the reader.
            is_follow_up: whether the question was appended to an earlier one, whose topic is then known to be covered.
        """
        if features is None:
            return Decision(Verdict.NOT_COVERED, 0.0, 0.0, self.topic_thresholds[0])
        values = asdict(features) | (asdict(reading_features) if reading_features else {})
        answer, topic = self.answer_classifier(values), self.topic_classifier(values)
        topic_threshold = self.topic_thresholds[1 if features.is_cross_lingual else 0]
        if not is_follow_up and topic < topic_threshold and features.word_coverage < _FULL_COVERAGE:
            return Decision(Verdict.NOT_COVERED, min(answer, topic), topic, topic_threshold)
        verdict = Verdict.ANSWERED if answer >= self.answer_threshold else Verdict.UNCLEAR
        return Decision(verdict, answer, topic, topic_threshold)


def load_answerability_model(answer_threshold: float | None = None, with_reader: bool = True) -> AnswerabilityModel:
    """Load the model that is shipped with the program.

    Args:
        answer_threshold: the threshold set by the operator; if None, the default is used.
        with_reader: whether the model decides on the basis of the reader's findings too.
    """
    text = (resources.files("assistant.answering") / _WEIGHTS_FILE).read_text(encoding="utf-8")
    weights: dict[str, Any] = json.loads(text)["with_reader" if with_reader else "without_reader"]
    answer_classifier, topic_classifier = (
        LogisticClassifier(weights[name]["intercept"], weights[name]["weights"]) for name in ("answers", "on_topic")
    )
    return AnswerabilityModel(
        answer_classifier,
        topic_classifier,
        DEFAULT_ANSWER_THRESHOLD if answer_threshold is None else answer_threshold,
        _TOPIC_THRESHOLDS if with_reader else _TOPIC_THRESHOLDS_WITHOUT_READER,
    )
