from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.citations import check_quotes_verbatim
from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.onboarding.introduction import (
    Introduction,
    introduction_as_json,
    introduction_citations,
    introduction_from_json,
    introduction_name,
    make_introduction,
    suggested_questions_from_json,
)
from assistant.schema import Verdict
from tests.conftest import assistant_with_introduction
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.onboarding.conftest import index_of_text


def test_document_without_names_has_an_empty_introduction(tmp_path: Path) -> None:
    index = index_of_text("it rains. it snows.", tmp_path, title="weather")
    introduction = make_introduction(index, Assistant(index, BagOfWords(), ANSWERABILITY).ask, "empty")
    assert (introduction.glossary_terms, introduction.partner_connections) == ((), ())
    assert (introduction.self_test, introduction.suggested_questions) == ((), ())
    assert [summary.document_id for summary in introduction.summaries] == ["alpha.md"]


def test_saved_introduction_loads_unchanged(weather_index: Index, weather_introduction: Introduction) -> None:
    saved = introduction_as_json(weather_introduction)
    assert introduction_from_json(saved, weather_index.document_texts) == weather_introduction
    assert suggested_questions_from_json(saved) == weather_introduction.suggested_questions


def test_introduction_with_a_false_quote_is_rejected(weather_introduction: Introduction) -> None:
    saved = introduction_as_json(weather_introduction)
    assert introduction_from_json(saved, {"alpha.md": "another text"}) is None


@pytest.mark.parametrize("saved", ["{}", "[]", "no json", ""])
def test_malformed_introduction_is_rejected(weather_index: Index, saved: str) -> None:
    assert introduction_from_json(saved, weather_index.document_texts) is None
    assert suggested_questions_from_json(saved) == ()


def test_every_citation_is_verbatim(weather_index: Index, weather_introduction: Introduction) -> None:
    citations = introduction_citations(weather_introduction)
    assert len(citations) > 5
    check_quotes_verbatim(citations, weather_index.document_texts)


def test_name_depends_on_corpus_and_answerability(weather_index: Index, tmp_path: Path) -> None:
    name = introduction_name(weather_index, ANSWERABILITY)
    assert name == introduction_name(replace(weather_index), replace(ANSWERABILITY))
    assert name != introduction_name(index_of_text("It rains.", tmp_path), ANSWERABILITY)
    assert name != introduction_name(weather_index, replace(ANSWERABILITY, answer_threshold=0.6))


@pytest.mark.real
def test_introduction_to_the_seed_corpus_is_sensible(seed_assistant: Assistant) -> None:
    _, introduction = assistant_with_introduction(seed_assistant)
    terms = {term.name: term for term in introduction.glossary_terms}
    assert terms["NBIS"].long_form == "National Bioinformatics Infrastructure"
    assert terms["GMS"].long_form == "Genomic Medicine Sweden"
    assert terms["GMS"].definition_kind == "defined"
    pairs = {frozenset((item.first_partner, item.second_partner)) for item in introduction.partner_connections}
    assert frozenset(("GMS", "SciLifeLab")) in pairs
    assert frozenset(("GMS", "patient organizations")) in pairs
    assert len(introduction.self_test) >= 5
    assert {question.language for question in introduction.suggested_questions} == {"en", "sv"}


@pytest.mark.real
def test_no_question_about_the_seed_corpus_is_refused(seed_assistant: Assistant) -> None:
    assistant, introduction = assistant_with_introduction(seed_assistant)
    refused = []
    for item in introduction.suggested_questions:
        suggestions = [item.question, *assistant.ask(item.question).suggestions]
        refused += [question for question in suggestions if assistant.ask(question).verdict is not Verdict.ANSWERED]
    assert refused == []
    assert len(introduction.suggested_questions) >= 10
