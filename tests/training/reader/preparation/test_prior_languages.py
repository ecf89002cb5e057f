from __future__ import annotations

import pytest

from training.reader.preparation.prior_languages import PriorLanguage, english, finnish, words_in


@pytest.mark.parametrize(
    ("language", "question", "answer_type"),
    [
        (english(), "In what year was the mill built?", "time"),
        (english(), "How many mills are there?", "number"),
        (english(), "Who owns it?", "person"),
        (english(), "Where is it?", "place"),
        (english(), "Why did it burn?", "reason"),
        (english(), "What turns the wheel?", "other"),
        (finnish(), "Milloin mylly rakennettiin?", "time"),
        (finnish(), "Kuka omistaa myllyn?", "person"),
    ],
)
def test_the_question_words_tell_the_type_of_the_answer(
    language: PriorLanguage, question: str, answer_type: str
) -> None:
    assert language.answer_type(question) == answer_type


def test_forms_of_a_word_have_the_same_stem_and_function_words_are_left_out() -> None:
    assert english().content_stems("The mills were milling in 1847") == ["mill", "mill", "1847"]
    assert finnish().content_stems("Mylly ja myllyn") == ["myll", "myll"]


def test_words_have_their_character_ranges() -> None:
    assert words_in("old mill") == [(0, 3, "old"), (4, 8, "mill")]
