from __future__ import annotations

import pytest

from assistant.text.language import detect_question_language, detect_text_language


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
def test_the_language_of_a_question_is_detected(question: str, language: str) -> None:
    assert detect_question_language(question, "xx") == language


def test_a_name_has_the_default_language() -> None:
    assert detect_question_language("NBIS", "sv") == "sv"


def test_the_language_of_a_text_is_detected() -> None:
    assert detect_text_language("Samarbetet med universiteten är viktigt för sjukvården i hela landet.") == "sv"
    assert detect_text_language("Collaboration with the universities matters for healthcare everywhere.") == "en"
