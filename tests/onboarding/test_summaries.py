from __future__ import annotations

from pathlib import Path

import pytest

from assistant.citations import check_quotes_verbatim
from assistant.index.loading import Index
from assistant.onboarding.summaries import is_self_contained_sentence, summarise_document
from assistant.schema import Heading, Span
from tests.conftest import document, index_of
from tests.onboarding.conftest import index_of_text


def test_summary_has_whole_sentences_in_reading_order(weather_index: Index) -> None:
    summary = summarise_document(weather_index, weather_index.documents["alpha.md"])
    starts = [citation.start for citation in summary.citations]
    assert starts == sorted(starts)
    assert len(starts) == 3
    assert [citation.number for citation in summary.citations] == [1, 2, 3]
    check_quotes_verbatim(summary.citations, weather_index.document_texts)
    assert all(is_self_contained_sentence(citation.quote) for citation in summary.citations)


def test_summary_avoids_repeated_sentences(tmp_path: Path) -> None:
    rain = "Heavy rain falls on the green valley every single autumn day."
    snow = "Light snow covers the high mountains during all winter months."
    wind = "Strong wind moves small boats across the harbour before dawn."
    index = index_of_text(f"{rain} {rain} {snow} {wind}", tmp_path)
    quotes = [citation.quote for citation in summarise_document(index, index.documents["alpha.md"]).citations]
    assert quotes == [rain, snow, wind]


def test_first_sentence_is_used_if_none_is_self_contained(tmp_path: Path) -> None:
    index = index_of_text("It rains. It snows.", tmp_path)
    [citation] = summarise_document(index, index.documents["alpha.md"]).citations
    assert citation.quote == "It rains."


def test_document_without_sentences_has_an_empty_summary(tmp_path: Path) -> None:
    index = index_of([document(text="# Alpha", headings=(Heading(Span(0, 7), 1, "Alpha"),))], tmp_path)
    summary = summarise_document(index, index.documents["alpha.md"])
    assert (summary.title, summary.reading_minutes, summary.citations) == ("Alpha", 1, ())


@pytest.mark.parametrize(("words", "minutes"), [(10, 1), (500, 2), (1000, 5)])
def test_reading_time_is_at_least_a_minute(tmp_path: Path, words: int, minutes: int) -> None:
    index = index_of_text("It rains. " * (words // 2), tmp_path)
    assert summarise_document(index, index.documents["alpha.md"]).reading_minutes == minutes


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Heavy rain falls on the green valley every day.", True),
        ("This rain falls on the green valley every day.", False),
        ("However, rain falls on the green valley every day.", False),
        ("Dessa regn faller över den gröna dalen varje dag.", False),
        ("Heavy rain falls on the valley.", False),
        ("rain " * 46, False),
    ],
)
def test_self_contained_sentences_have_a_subject_of_their_own(sentence: str, expected: bool) -> None:
    assert is_self_contained_sentence(sentence) is expected
