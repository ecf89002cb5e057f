from __future__ import annotations

import pytest

from assistant.text.sentences import sentence_spans


def split(text: str, language: str) -> list[str]:
    return [text[span.start : span.end] for span in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dr. Smith works, e.g. in Fig. 3 of No. 5, with approx. 20 mg. "),
        ("en", "It rose by 3.5 percent vs. 2.1 before. "),
        ("en", "J. K. Rowling et al. wrote it. "),
        ("sv", "GMS finns, t.ex. i Lund, och har ca 3.5 miljoner kr per år. "),
        ("sv", "Dr. Svensson m.fl. kom kl. 14.30 bl.a. för att mäta. "),
        ("sv", "Det gäller s.k. Panelanalyser enl. bilaga. "),
    ],
)
def test_abbreviations_and_decimal_points_do_not_end_a_sentence(language: str, text: str) -> None:
    assert split(text + "Here is another.", language) == [text.strip(), "Here is another."]


def test_questions_exclamations_and_quotation_marks_end_sentences() -> None:
    assert split('Is it so? Yes! He said "stop." Then he left.', "en") == [
        "Is it so?", "Yes!", 'He said "stop."', "Then he left.",
    ]  # fmt: skip


def test_lines_are_split_and_list_markers_are_dropped() -> None:
    assert split("- first item\n- second. With more\n3. third", "en") == [
        "first item", "second.", "With more", "third",
    ]  # fmt: skip


def test_the_offset_is_added_to_every_span() -> None:
    (span,) = sentence_spans("  One.  ", "en", offset=100)
    assert (span.start, span.end) == (102, 106)


def test_white_space_has_no_sentences() -> None:
    assert sentence_spans(" \n\n", "en") == ()


def test_a_very_long_line_is_split() -> None:
    line = "A sentence with a few words in it. " * 4000
    assert len(sentence_spans(line, "en")) == 4000
