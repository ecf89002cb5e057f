from __future__ import annotations

import pytest

from assistant.text.function_words import FUNCTION_WORDS, is_function_word


@pytest.mark.parametrize(
    ("word", "expected"),
    [("the", True), ("och", True), ("What", False), ("institute", False), ("sjukhus", False), ("", False)],
)
def test_function_words_of_both_languages_are_recognised(word: str, expected: bool) -> None:
    assert is_function_word(word) is expected


def test_the_word_lists_are_folded() -> None:
    assert all(word == word.casefold() for function_words in FUNCTION_WORDS.values() for word in function_words)
