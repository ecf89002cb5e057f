from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.loading import Index
from assistant.onboarding.name_extraction import (
    find_abbreviations,
    find_names,
    indexed_sentences,
    is_glossary_term,
    long_forms_by_abbreviation,
)
from tests.onboarding.conftest import WEATHER, index_of_text


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("The Science for Life Laboratory works with GMS.", ["Science for Life Laboratory", "GMS"]),
        ("Starting in 2019, NBIS’s Research Community Programs grew.", ["NBIS", "Research Community Programs"]),
        ("Another way is to ask.", []),
        ("På Karolinska universitetssjukhuset finns ett centrum.", ["Karolinska universitetssjukhuset"]),
        ("Within SciLifeLab and GMS it is done.", ["SciLifeLab", "GMS"]),
        ("", []),
    ],
)  # fmt: skip
def test_names_are_recognised_by_their_spelling(sentence: str, names: list[str]) -> None:
    assert [name for name, _ in find_names(sentence)] == names


def test_span_of_a_name_covers_its_words() -> None:
    sentence = "In The Science for Life Laboratory, GMS measures."
    assert [sentence[span.start : span.end] for _, span in find_names(sentence)] == [
        "Science for Life Laboratory", "GMS",
    ]  # fmt: skip


def test_name_of_more_than_six_words_is_ignored() -> None:
    assert find_names("They met at " + " ".join(["Word"] * 7)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Harbour University", True), ("GMS", True), ("B12", True), ("SciLifeLab", True), ("Rain", False)],
)
def test_terms_have_several_words_or_a_distinctive_spelling(name: str, expected: bool) -> None:
    assert is_glossary_term(name) is expected


@pytest.mark.parametrize(
    ("sentence", "pairs"),
    [
        ("the National Rain Infrastructure (NRIS) helps", [("NRIS", "National Rain Infrastructure")]),
        ("with Science for Life Laboratory (SciLifeLab).", [("SciLifeLab", "Science for Life Laboratory")]),
        ("a kind of acute lymphoblastic leukemia (ALL)", [("ALL", "acute lymphoblastic leukemia")]),
        ("the report (Appendix) and the year (2019)", []),
        ("nothing (XYZ) fits", []),
        ("(GMS) stands first", []),
    ],
)  # fmt: skip
def test_abbreviations_are_paired_with_their_long_forms(sentence: str, pairs: list[tuple[str, str]]) -> None:
    assert list(find_abbreviations(sentence)) == pairs


def test_most_frequent_long_form_is_used(tmp_path: Path) -> None:
    text = "See Rain In Fall (RIF). See Rivers In Fall (RIF). See Rivers In Fall (RIF). See Good Man Sea (GMS)."
    index = index_of_text(text, tmp_path)
    assert long_forms_by_abbreviation(index) == {"RIF": "Rivers In Fall", "GMS": "Good Man Sea"}


def test_first_of_equally_frequent_long_forms_is_used(tmp_path: Path) -> None:
    index = index_of_text("See Rain In Fall (RIF). See Rivers In Fall (RIF).", tmp_path)
    assert long_forms_by_abbreviation(index) == {"RIF": "Rain In Fall"}


def test_indexed_sentences_are_verbatim_and_in_order(weather_index: Index) -> None:
    sentences = list(indexed_sentences(weather_index))
    assert len(sentences) == 5
    assert [WEATHER[item.span.start : item.span.end] for item in sentences] == [item.text for item in sentences]
    assert [item.span.start for item in sentences] == sorted(item.span.start for item in sentences)


def test_citation_of_a_sentence_has_its_position_and_passage(weather_index: Index) -> None:
    sentence = list(indexed_sentences(weather_index))[1]
    cited = sentence.make_citation(3)
    assert cited.number == 3
    assert cited.quote == "NWI collaborates with Harbour University on better gauges for heavy rain and snow."
    assert WEATHER[cited.start : cited.end] == cited.quote
    assert (cited.document_id, cited.title, cited.language) == ("alpha.md", "Alpha", "en")
    assert cited.passage_id == sentence.passage.passage_id
