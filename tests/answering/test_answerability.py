from __future__ import annotations

import pytest

from assistant.answering.answerability import (
    DEFAULT_ANSWER_THRESHOLD,
    Decision,
    LogisticClassifier,
    load_answerability_model,
)
from assistant.answering.features import Features
from assistant.answering.reading import ReadingFeatures
from assistant.schema import Verdict
from tests.fakes import ANSWERABILITY

FEATURES = Features.__dataclass_fields__


def decide(**values: float) -> Decision:
    """Return the test model's decision. Any feature that isn't given counts as 0."""
    return ANSWERABILITY.decide(Features(**{name: values.get(name, 0.0) for name in FEATURES}))


def test_verdict_rises_with_the_probabilities() -> None:
    order = [Verdict.NOT_COVERED, Verdict.UNCLEAR, Verdict.ANSWERED]
    verdicts = [order.index(decide(sentence_word_match=step / 100).verdict) for step in range(101)]
    assert verdicts == sorted(verdicts)
    assert set(verdicts) == {0, 1, 2}


def test_question_without_sentences_is_not_covered() -> None:
    decision = ANSWERABILITY.decide(None)
    assert (decision.verdict, decision.answer_probability) == (Verdict.NOT_COVERED, 0.0)


def test_question_is_never_off_topic_if_all_its_words_occur() -> None:
    assert decide(sentence_word_match=0.0, word_coverage=0.5).verdict is Verdict.NOT_COVERED
    assert decide(sentence_word_match=0.0, word_coverage=1.0).verdict is Verdict.UNCLEAR


def test_topic_threshold_is_lower_across_languages() -> None:
    same, other = decide(sentence_word_match=0.26), decide(sentence_word_match=0.26, is_cross_lingual=1.0)
    assert same.on_topic_probability == other.on_topic_probability
    assert same.on_topic_threshold > same.on_topic_probability > other.on_topic_threshold
    assert (same.verdict, other.verdict) == (Verdict.NOT_COVERED, Verdict.UNCLEAR)


def test_logistic_model_weights_its_features_and_ignores_others() -> None:
    model = LogisticClassifier(-1.0, {"cosine": 2.0})
    assert model({"cosine": 0.5, "word_match": 9.0}) == pytest.approx(0.5)
    assert model({"cosine": 1.0}) == pytest.approx(0.7310586)
    assert 0 < model({"cosine": -1e6}) < model({"cosine": 1e6}) < 1


def test_follow_up_to_an_answered_question_is_never_off_topic() -> None:
    features = Features(**dict.fromkeys(FEATURES, 0.0))
    assert ANSWERABILITY.decide(features).verdict is Verdict.NOT_COVERED
    assert ANSWERABILITY.decide(features, is_follow_up=True).verdict is Verdict.UNCLEAR


def test_packaged_models_use_existing_features_only() -> None:
    reading_features = ReadingFeatures.__dataclass_fields__
    for with_reader, names in ((False, FEATURES.keys()), (True, FEATURES.keys() | reading_features.keys())):
        model = load_answerability_model(with_reader=with_reader)
        assert set(model.answer_classifier.feature_weights) <= names
        assert set(model.topic_classifier.feature_weights) <= names


def test_packaged_model_trusts_a_reading_that_answers() -> None:
    features = Features(**dict.fromkeys(FEATURES, 0.0))
    reading = dict.fromkeys(ReadingFeatures.__dataclass_fields__, 0.0)
    model = load_answerability_model()
    high, low = (
        model.decide(features, ReadingFeatures(**{**reading, "answer_logit": logit, "span_margin": 2 * logit}), True)
        for logit in (4.0, -4.0)
    )
    assert high.answer_probability > 3 * low.answer_probability


def test_operators_answer_threshold_replaces_the_default() -> None:
    assert load_answerability_model().answer_threshold == DEFAULT_ANSWER_THRESHOLD
    assert load_answerability_model(0.7).answer_threshold == 0.7
    assert load_answerability_model(0.0).answer_threshold == 0.0
