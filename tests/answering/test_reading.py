from __future__ import annotations

from assistant.answering.reading import compute_reading_features, read_sentences
from assistant.answering.sentence_selection import ScoredSentence
from assistant.schema import RetrievedPassage
from tests.fakes import WordReader
from tests.reader.test_windows import passage_of

PASSAGES = [
    passage_of("The office is in Lund.", passage_id="lund"),
    passage_of("It opened in 1998.", passage_id="opened"),
    passage_of("It has a garden.", passage_id="garden"),
    passage_of("It closed in 2020.", passage_id="closed"),
]


def scored(*scores: float) -> list[ScoredSentence]:
    """One sentence of each passage, with these scores."""
    return [
        ScoredSentence(RetrievedPassage(passage, score, 0.5, 0.5, 0.5), passage.sentences[0], 0.5, 0.5, score)
        for passage, score in zip(PASSAGES, scores, strict=True)
    ]


def test_sentence_that_answers_comes_before_one_that_scores_slightly_higher() -> None:
    sentences = read_sentences(WordReader(), "When did the office open?", scored(1.52, 1.5, 0.9, 0.1))
    assert [item.passage.passage_id for item in sentences] == ["opened", "lund", "garden", "closed"]


def test_sentence_that_scores_much_lower_stays_behind() -> None:
    sentences = read_sentences(WordReader(), "When did the office open?", scored(2.5, 1.5, 0.9, 0.1))
    assert sentences[0].passage.passage_id == "lund"


def test_words_that_answer_are_marked_and_others_are_not() -> None:
    sentences = read_sentences(WordReader(), "When did the office open?", scored(1.52, 1.5, 0.9, 0.1))
    assert [item.answer and item.passage.quote(item.answer) for item in sentences[:2]] == ["1998", None]


def test_nothing_is_read_after_a_clear_answer() -> None:
    sentences = read_sentences(WordReader(), "When did the office open?", scored(1.52, 1.5, 0.9, 0.1))
    assert [item.reading is None for item in sentences] == [False, False, True, True]


def test_features_describe_the_best_sentence_and_the_best_of_all() -> None:
    sentences = read_sentences(WordReader(), "When did the office open?", scored(2.5, 1.5, 0.9, 0.1))
    features = compute_reading_features("When did the office open?", "en", sentences)
    assert (features.answer_logit, features.span_margin) == (-3.0, -6.0)
    assert (features.highest_answer_logit, features.highest_span_margin) == (3.0, 6.0)


def test_words_of_the_question_are_no_answer() -> None:
    sentences = read_sentences(WordReader(), "Is the office in Lund?", scored(2.5, 0, 0, 0))
    features = compute_reading_features("Is the office in Lund?", "sv", sentences)
    assert features.answer_in_question == 0.0  # the best words are "The", which has no content
    assert (features.is_open, features.logit_if_open, features.logit_if_other_language) == (1.0, -3.0, -3.0)


def test_features_are_lowest_if_nothing_was_read() -> None:
    features = compute_reading_features("Lund?", "en", [])
    assert (features.answer_logit, features.span_margin) == (-5.0, -8.0)


def test_without_sentences_nothing_is_read() -> None:
    assert read_sentences(WordReader(), "When?", []) == []
