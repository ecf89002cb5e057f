from __future__ import annotations

from pathlib import Path

import pytest

from assistant.onboarding import glossary
from assistant.onboarding.glossary import alphabetical_sort_key, defined_term, make_glossary
from tests.onboarding.conftest import WEATHER, index_of_text


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("Achondroplasia is a form of short-limbed dwarfism.", "Achondroplasia"),
        ("GMS är ett nationellt initiativ.", "GMS"),
        ("The National Weather Institute (NWI) is a public agency.", "National Weather Institute"),
        ("This is a test.", ""),
        ("There was a time.", ""),
        ("It rains in spring.", ""),
        ("Rain that falls on every second autumn day is a nuisance.", ""),
    ],
)
def test_definitions_are_recognised_by_their_form(sentence: str, term: str) -> None:
    assert defined_term(sentence) == term


def test_glossary_prefers_the_defining_sentence(tmp_path: Path) -> None:
    index = index_of_text("NWI sends rain maps. " + WEATHER, tmp_path, title="Weather")
    terms = {term.name: term for term in make_glossary(index)}
    assert list(terms) == sorted(terms, key=str.casefold)
    assert terms["NWI"].long_form == "National Weather Institute"
    assert terms["NWI"].definition_kind == "defined"
    assert terms["NWI"].citation.quote.startswith("The National Weather Institute (NWI) is")
    assert terms["NWI"].mention_count == 4
    assert terms["Harbour University"].definition_kind == "mentioned"


def test_sentence_that_spells_out_the_term_is_preferred_to_a_mention(tmp_path: Path) -> None:
    index = index_of_text("We met RIF in May. They visited Rain In Fall (RIF).", tmp_path)
    [term] = make_glossary(index)
    assert (term.name, term.long_form, term.definition_kind, term.mention_count) == (
        "RIF",
        "Rain In Fall",
        "spelled out",
        2,
    )
    assert term.citation.quote == "They visited Rain In Fall (RIF)."


def test_lower_case_terms_count_only_as_the_subject_of_the_document(tmp_path: Path) -> None:
    text = "Achondroplasia is a form of dwarfism. Cartilage is a soft tissue that gives the body its shape."
    index = index_of_text(text, tmp_path, title="Achondroplasia")
    assert [term.name for term in make_glossary(index)] == ["Achondroplasia"]


def test_glossary_is_limited_to_the_best_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glossary, "_MAX_TERMS", 2)
    index = index_of_text("We asked ABC, DEF, DEF and XYZ. XYZ is a club. We like DEF.", tmp_path)
    assert [term.name for term in make_glossary(index)] == ["DEF", "XYZ"]


def test_swedish_letters_follow_z() -> None:
    names = ["Ö-vik", "zebra", "Ärlig", "Åre", "alpha"]
    assert sorted(names, key=alphabetical_sort_key) == ["alpha", "zebra", "Åre", "Ärlig", "Ö-vik"]
