from __future__ import annotations

import pytest

from assistant.answering.phrases import partial_refusal_text, quote_lead_in, refusal_text, reply_language
from assistant.schema import Verdict


def test_refusal_names_topics_and_contact_in_the_users_language() -> None:
    text = refusal_text(Verdict.NOT_COVERED, "sv", ("Ämne", "Annat"), "Anna")
    assert text == (
        "Jag hittade inget svar på din fråga i dokumenten. Närliggande ämnen: Ämne; Annat. "
        "Du kan i stället kontakta Anna."
    )


def test_refusal_without_topics_or_contact_has_no_further_text() -> None:
    assert refusal_text(Verdict.NOT_COVERED, "en", (), "") == "I found no answer to this in the documents."


def test_unclear_refusal_points_to_the_closest_passages() -> None:
    assert refusal_text(Verdict.UNCLEAR, "en", (), "").endswith("but no clear answer.")
    assert refusal_text(Verdict.UNCLEAR, "sv", (), "").endswith("men inget tydligt svar.")


def test_note_beside_an_answer_shows_no_passages() -> None:
    assert "below" not in partial_refusal_text("en")
    assert "nedan" not in partial_refusal_text("sv")


def test_refusal_contains_no_citation_marker() -> None:
    text = refusal_text(Verdict.NOT_COVERED, "en", ("Report [1]",), "Anna [2]")
    assert text.endswith("Related topics: Report (1). You can contact Anna (2) instead.")


def test_unsupported_languages_are_answered_in_the_default_language() -> None:
    assert reply_language("fr", "sv") == "sv"
    assert reply_language("en", "sv") == "en"


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        ("en", "Was it founded in Lund?", "This is what the documents say:"),
        ("sv", "Finns det ett kontor?", "Så här står det i dokumenten:"),
        ("en", "When was it founded?", ""),
        ("sv", "Var och en?", ""),
    ],
)
def test_yes_or_no_questions_get_a_lead_in(language: str, question: str, expected: str) -> None:
    assert quote_lead_in(language, language, question) == expected


@pytest.mark.parametrize(
    ("language", "quote_language", "expected"),
    [
        ("en", "sv", "This is what the documents say, in Swedish:"),
        ("sv", "en", "Så här står det på engelska i dokumenten:"),
        ("en", "fi", "This is what the documents say, in the original language:"),
        ("sv", "fi", "Så här står det på originalspråket i dokumenten:"),
    ],
)
def test_quotes_in_another_language_get_a_lead_in(language: str, quote_language: str, expected: str) -> None:
    assert quote_lead_in(language, quote_language, "When?") == expected
