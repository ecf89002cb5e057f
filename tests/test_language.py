from __future__ import annotations

import pytest

from assistant.text.language import detect_question_language, detect_text_language
from assistant.text.stemming import content_stems
from assistant.text.words import words


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is NBIS?", "en"),
        ("Vad är NBIS?", "sv"),
        ("Vem finansierar GMS?", "sv"),
        ("who funds it", "en"),
        ("och i Lund?", "sv"),
        ("akut leukemi helgenomsekvensering", "sv"),
        ("Qu'est-ce que NBIS et que fait cette infrastructure?", "fr"),
        ("Wer bezahlt diese Einrichtung und wie lange noch?", "de"),
    ],
)
def test_the_language_of_a_question_is_told(question: str, language: str) -> None:
    assert detect_question_language(question, "xx") == language


def test_a_name_alone_has_the_default_language() -> None:
    assert detect_question_language("NBIS", "sv") == "sv"


def test_the_language_of_a_text_is_told() -> None:
    assert detect_text_language("Samarbetet med universiteten är viktigt för sjukvården i hela landet.") == "sv"
    assert detect_text_language("Collaboration with the universities matters for healthcare everywhere.") == "en"


def test_words_are_folded_and_numbers_keep_their_decimals() -> None:
    assert words("Life-science\u00a0ＧＭＳ, SciLifeLab’s 3.5!") == ["life", "science", "gms", "scilifelab", "s", "3.5"]


def test_stems_join_the_forms_of_a_word_and_leave_function_words_out() -> None:
    assert content_stems("The collaborations of the centres", "en") == content_stems("collaboration centre", "en")
    assert content_stems("metoderna vid sjukhusen", "sv") == content_stems("metod sjukhus", "sv")
