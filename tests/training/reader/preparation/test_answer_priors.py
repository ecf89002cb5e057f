from __future__ import annotations

import pytest

from training.reader.preparation.answer_priors import WordWeights, estimate_priors
from training.reader.preparation.prior_languages import english
from training.reader.preparation.text_spans import find_pieces

TEXT = (
    "The mill was built by Anna Berg in 1847. It ground rye for the town of Norrtälje. "
    "A fire destroyed the roof in 1901, and the owners sold the wheel to a museum."
)
PIECES = ["Anna Berg", "1847", "rye", "1901", "a museum"]
QUESTIONS = [
    "Who built the mill?",
    "When was the mill built?",
    "What did it grind for the town?",
    "In what year did a fire destroy the roof?",
    "To whom did the owners sell the wheel?",
]


@pytest.fixture
def weights() -> WordWeights:
    return WordWeights.of_texts(
        [TEXT, "The bridge and the mill.", "In the town.", "The roof of the town hall."], english()
    )


def test_the_likeliest_piece_answers_the_question(weights: WordWeights) -> None:
    priors = estimate_priors(TEXT, find_pieces(TEXT, PIECES), QUESTIONS, weights)
    assert priors.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def test_the_probabilities_of_each_question_sum_to_one(weights: WordWeights) -> None:
    priors = estimate_priors(TEXT, find_pieces(TEXT, PIECES), QUESTIONS, weights)
    assert priors.sum(axis=1) == pytest.approx([1.0] * 5)


def test_a_second_question_about_a_piece_makes_it_less_likely_for_the_first(weights: WordWeights) -> None:
    pieces = find_pieces(TEXT, PIECES)
    alone = estimate_priors(TEXT, pieces, QUESTIONS[1:2], weights)
    together = estimate_priors(TEXT, pieces, [QUESTIONS[1], "When was it built?"], weights)
    assert together[0, 1] < alone[0, 1]


def test_without_pieces_there_are_no_priors(weights: WordWeights) -> None:
    assert estimate_priors(TEXT, [], QUESTIONS, weights).shape == (5, 0)


def test_rare_words_weigh_more(weights: WordWeights) -> None:
    assert weights["museum"] > weights["the"]
