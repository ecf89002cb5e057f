from __future__ import annotations

import pytest

from assistant.answering.disagreement import disagreement_notices, sentences_disagree
from assistant.schema import Citation, Notice


@pytest.mark.parametrize(
    ("first", "second", "language"),
    [
        ("The office in Lund opens at 8 every morning.", "The office in Lund opens at 9 every morning.", "en"),
        (
            "The network was founded in 1998 by three regions.",
            "The network was founded in 1999 by three regions.",
            "en",
        ),
        ("Samples are stored in the cold room.", "Samples are not stored in the cold room.", "en"),
        ("Prov sparas i kylrummet på natten.", "Prov sparas aldrig i kylrummet på natten.", "sv"),
        ("Members don't pay for the yearly course.", "Members pay for the yearly course.", "en"),
    ],
)
def test_sentences_with_different_numbers_or_a_negation_disagree(first: str, second: str, language: str) -> None:
    assert sentences_disagree(first, second, language)
    assert sentences_disagree(second, first, language)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The office in Lund opens at 8 every morning.", "The office in Lund opens at 8 every morning."),
        ("The office in Lund opens at 8 every morning.", "The office in Umeå opens at 9 every morning."),
        ("In 2019 the network got 20 million kronor.", "In 2020 the network got 25 million kronor."),
        ("The course takes 3 days and costs 100 kronor.", "The course takes 3 days."),
        ("Rain fell.", "No rain fell."),
        ("Table 2 shows the samples of the rain network.", "Table 3 shows the samples of the rain network."),
        ("Call the rain office desk at 070-123 45 67.", "Call the rain office desk at 070-765 43 21."),
        ("The course is not only free but open to members.", "The course is free but open to members."),
        ("Samples without consent must not be stored here.", "Samples with consent must be stored here."),
        ("Samples are stored in the cold room.", "Doctors are not trained in the evening."),
    ],
)
def test_different_subjects_series_and_short_sentences_do_not_disagree(first: str, second: str) -> None:
    assert not sentences_disagree(first, second, "en")


def citation(number: int, quote: str, language: str = "en") -> Citation:
    return Citation(number, f"{number}.md", "Title", None, (), f"p{number}", quote, 0, len(quote), 1.0, language)


def test_each_contradicting_pair_of_quotes_gets_a_notice() -> None:
    quotes = [f"The office in Lund opens at {hour} every morning." for hour in (8, 8, 9)]
    notices = disagreement_notices([citation(number, quote) for number, quote in enumerate(quotes, 1)])
    assert notices == (Notice("disagree", (1, 3)), Notice("disagree", (2, 3)))


def test_quotes_in_different_languages_get_no_notice() -> None:
    first = citation(1, "The office in Lund opens at 8 every morning.")
    second = citation(2, "The office in Lund opens at 9 every morning.", "sv")
    assert disagreement_notices([first, second]) == ()
