from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.citations import check_verbatim
from assistant.conversation.assistant import Assistant
from assistant.conversation.suggestions import related_questions
from assistant.errors import CorpusError
from assistant.onboarding.glossary import defined_term, make_glossary
from assistant.onboarding.introduction import (
    introduction_as_json,
    introduction_citations,
    introduction_from_json,
    introduction_name,
    make_introduction,
    questions_from_json,
)
from assistant.onboarding.names import find_abbreviations, find_names
from assistant.onboarding.partners import find_connections, listed_partners
from assistant.onboarding.questions import _PRESENT, example_questions
from assistant.onboarding.roles import Role, documents_in_order, read_roles
from assistant.onboarding.self_test import BLANK, make_self_test
from assistant.onboarding.summaries import stands_alone, summarise
from assistant.schema import SuggestedQuestion, Verdict
from tests.conftest import document, guided, index_of
from tests.fakes import ANSWERABILITY, BagOfWords

TEXT = (
    "The National Weather Institute (NWI) is a public agency that measures rain in every valley of the country. "
    "NWI collaborates with Harbour University on better gauges for heavy rain and snow. "
    "Together with farmers, the private sector and local councils, NWI warns of floods in spring.\n\n"
    "Harbour University trains students in the art of reading gauges and clouds. "
    "Since 2011 the students have visited Harbour University in the first week of every autumn term."
)


def names(sentence: str) -> list[str]:
    return [name for name, _ in find_names(sentence)]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The Science for Life Laboratory works with GMS.", ["Science for Life Laboratory", "GMS"]),
        ("Starting in 2019, NBIS’s Research Community Programs grew.", ["NBIS", "Research Community Programs"]),
        ("Another way is to ask.", []),
        ("På Karolinska universitetssjukhuset finns ett centrum.", ["Karolinska universitetssjukhuset"]),
        ("Within SciLifeLab and GMS it is done.", ["SciLifeLab", "GMS"]),
        ("", []),
    ],
)  # fmt: skip
def test_names_are_found_by_their_spelling(sentence: str, found: list[str]) -> None:
    assert names(sentence) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("the National Rain Infrastructure (NRIS) helps", [("NRIS", "National Rain Infrastructure")]),
        ("with Science for Life Laboratory (SciLifeLab).", [("SciLifeLab", "Science for Life Laboratory")]),
        ("a kind of acute lymphoblastic leukemia (ALL)", [("ALL", "acute lymphoblastic leukemia")]),
        ("the report (Appendix) and the year (2019)", []),
        ("nothing (XYZ) fits", []),
        ("(GMS) stands first", []),
    ],
)  # fmt: skip
def test_abbreviations_are_found_with_what_they_stand_for(sentence: str, found: list[tuple[str, str]]) -> None:
    assert list(find_abbreviations(sentence)) == found


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("Achondroplasia is a form of short-limbed dwarfism.", "Achondroplasia"),
        ("GMS är ett nationellt initiativ.", "GMS"),
        ("The National Weather Institute (NWI) is a public agency.", "National Weather Institute"),
        ("This is a test.", ""),
        ("There was a time.", ""),
        ("It rains in spring.", ""),
    ],
)
def test_a_definition_is_known_by_its_form(sentence: str, term: str) -> None:
    assert defined_term(sentence) == term


def test_the_glossary_prefers_the_sentence_that_defines(tmp_path: Path) -> None:
    index = index_of([document(text="NWI sends rain maps. " + TEXT, title="Weather")], tmp_path)
    terms = {term.name: term for term in make_glossary(index)}
    assert list(terms) == sorted(terms, key=str.casefold)
    assert terms["NWI"].long == "National Weather Institute"
    assert terms["NWI"].kind == "defined"
    assert terms["NWI"].citation.quote.startswith("The National Weather Institute (NWI) is")
    assert terms["NWI"].mentions == 4
    assert terms["Harbour University"].kind == "mentioned"


def test_what_is_defined_in_small_letters_counts_when_the_text_is_about_it(tmp_path: Path) -> None:
    text = "Achondroplasia is a form of dwarfism. Cartilage is a soft tissue that gives the body its shape."
    index = index_of([document(text=text, title="Achondroplasia")], tmp_path)
    assert [term.name for term in make_glossary(index)] == ["Achondroplasia"]


@pytest.mark.parametrize(
    ("after", "items"),
    [
        ("healthcare providers, academia, the private sector and patient organizations we create",
         ["healthcare providers", "academia", "the private sector", "patient organizations"]),
        ("universities and healthcare providers, the Clinical facilities are",
         ["universities", "healthcare providers"]),
        ("the diagnostics platform, GMS also collaborates", ["the diagnostics platform"]),
        ("other facilities within SciLifeLab", []),
        ("GMS’s national diagnosis groups, are able to develop and validate new methods", []),
        ("kommuner, regioner och patienter som", ["kommuner", "regioner", "patienter"]),
    ],
)  # fmt: skip
def test_a_list_of_partners_ends_where_the_sentence_goes_on(after: str, items: list[str]) -> None:
    assert listed_partners(after) == items


def test_connections_come_with_the_sentence_that_makes_them(tmp_path: Path) -> None:
    found = find_connections(index_of([document(text=TEXT)], tmp_path))
    pairs = {frozenset((item.first, item.second)): item for item in found}
    assert frozenset(("NWI", "Harbour University")) in pairs
    assert frozenset(("NWI", "farmers")) in pairs
    assert frozenset(("NWI", "local councils")) in pairs
    for item in found:
        assert item.second in item.citation.quote


def test_who_says_we_is_the_source_of_the_text(tmp_path: Path) -> None:
    text = "The Rain Council (RC) meets often. We work closely with schools and libraries."
    said = find_connections(index_of([document(text=text, source="Rain Council, web page")], tmp_path / "a"))
    assert {(item.first, item.second) for item in said} == {("RC", "schools"), ("RC", "libraries")}
    assert find_connections(index_of([document(text=text)], tmp_path / "b")) == ()


def test_a_summary_is_made_of_whole_sentences_in_their_order(tmp_path: Path) -> None:
    index = index_of([document(text=TEXT)], tmp_path)
    made = summarise(index, index.documents["alpha.md"])
    starts = [citation.start for citation in made.citations]
    assert starts == sorted(starts)
    assert 1 <= len(starts) <= 3
    check_verbatim(made.citations, index.texts)
    assert all(stands_alone(citation.quote) for citation in made.citations)


def test_the_self_test_hides_every_form_of_the_answer(tmp_path: Path) -> None:
    index = index_of([document(text=TEXT)], tmp_path)
    questions = make_self_test(index, make_glossary(index))
    assert questions
    for item in questions:
        assert BLANK in item.text
        assert item.answer in item.options
        assert item.answer not in item.text
        assert "National Weather Institute" not in item.text or item.answer != "NWI"
        assert len(set(item.options)) == len(item.options) >= 3
        wrong = [option for option in item.options if option != item.answer]
        assert all(option not in item.citation.quote for option in wrong)


def test_a_text_without_names_gives_an_empty_guide(tmp_path: Path) -> None:
    index = index_of([document(text="it rains. it snows.", title="weather")], tmp_path)
    assistant = Assistant(index, BagOfWords(), ANSWERABILITY)
    guide = make_introduction(index, assistant.ask, "empty")
    assert (guide.terms, guide.connections, guide.cloze, guide.questions) == ((), (), (), ())


def test_every_question_of_the_guide_is_answered_from_where_it_was_made(tmp_path: Path) -> None:
    assistant, guide = guided(Assistant(index_of([document(text=TEXT)], tmp_path), BagOfWords(), ANSWERABILITY))
    assert {question.language for question in guide.questions} <= {"en", "sv"}
    assert "What is NWI?" in [question.question for question in guide.questions]
    assert make_introduction(assistant.index, assistant.ask, "guide", threads=3) == guide
    for question in guide.questions:
        answer = assistant.ask(question.question)
        assert answer.verdict is Verdict.ANSWERED
        assert question.passage_id in {citation.passage_id for citation in answer.citations}


def test_a_swedish_verb_keeps_its_particle_behind_the_name(tmp_path: Path) -> None:
    text = "RIF collects samples of rain in all seasons. RIF (Rain In Fall) is a club. Rain In Fall (RIF) is old."
    _, guide = guided(Assistant(index_of([document(text=text)], tmp_path), BagOfWords(), ANSWERABILITY))
    assert "Vad samlar in RIF?" not in [question.question for question in guide.questions]
    assert _PRESENT["samlar in"] == ("collect", "collects", "samlar+in")


def test_examples_are_of_different_passages_first() -> None:
    questions = [SuggestedQuestion(f"Q{number}?", "en", passage) for number, passage in enumerate("aab")]
    assert example_questions(questions, "en", 2) == ["Q0?", "Q2?"]
    assert example_questions(questions, "en", 4) == ["Q0?", "Q2?", "Q1?"]
    assert example_questions(questions, "sv") == []


def test_related_questions_come_from_what_was_found_and_are_not_the_one_that_was_asked() -> None:
    questions = [
        SuggestedQuestion("What is A?", "en", "p1"), SuggestedQuestion("What is B?", "en", "p2"),
        SuggestedQuestion("Vad är A?", "sv", "p1"), SuggestedQuestion("What is C?", "en", "p3"),
    ]  # fmt: skip
    assert related_questions(questions, ["p2", "p1"], "What is X?", "en") == ("What is B?", "What is A?")
    assert related_questions(questions, ["p1"], "what is a", "en") == ()
    assert related_questions(questions, ["p1"], "Vad?", "sv") == ("Vad är A?",)
    assert related_questions(questions, ["p1"], "Was?", "de") == ("What is A?",)


def test_an_answer_suggests_what_is_answered(tmp_path: Path) -> None:
    assistant, _ = guided(Assistant(index_of([document(text=TEXT)], tmp_path), BagOfWords(), ANSWERABILITY))
    for asked in ("What is NWI?", "zebra xylophone"):
        suggestions = assistant.ask(asked).suggestions
        assert asked not in suggestions
        assert all(assistant.ask(question).verdict is Verdict.ANSWERED for question in suggestions)


def test_a_guide_is_the_same_after_saving_and_refused_when_a_quote_is_not_there(tmp_path: Path) -> None:
    index = index_of([document(text=TEXT)], tmp_path)
    guide = make_introduction(index, Assistant(index, BagOfWords(), ANSWERABILITY).ask, "name")
    saved = introduction_as_json(guide)
    assert introduction_from_json(saved, index.texts) == guide
    assert questions_from_json(saved) == guide.questions
    assert introduction_from_json(saved, {"alpha.md": "another text"}) is None
    assert introduction_from_json("{}", index.texts) is None
    assert introduction_from_json("no json", index.texts) is None
    assert questions_from_json("[]") == ()


def test_every_line_of_a_guide_is_verbatim(tmp_path: Path) -> None:
    index = index_of([document(text=TEXT)], tmp_path)
    guide = make_introduction(index, Assistant(index, BagOfWords(), ANSWERABILITY).ask, "name")
    cited = introduction_citations(guide)
    assert len(cited) > 5
    check_verbatim(cited, index.texts)


def test_another_corpus_or_threshold_is_another_guide(tmp_path: Path) -> None:
    one, two = index_of([document()], tmp_path / "a"), index_of([document(text=TEXT)], tmp_path / "b")
    assert introduction_name(one, ANSWERABILITY) != introduction_name(two, ANSWERABILITY)
    assert introduction_name(one, ANSWERABILITY) != introduction_name(one, replace(ANSWERABILITY, answer_threshold=0.6))
    assert introduction_name(one, ANSWERABILITY) == introduction_name(replace(one), replace(ANSWERABILITY))


ROLES = '[[role]]\nname = "Researcher"\nname_sv = "Forskare"\ntexts = ["b/", "a.md"]\n[[role]]\nname = "Nurse"\n'


def test_roles_put_their_texts_first(tmp_path: Path) -> None:
    (tmp_path / "onboarding.toml").write_text(ROLES, encoding="utf-8")
    documents = ["a.md", "b/c.md", "d.md"]
    researcher, nurse = read_roles(tmp_path, documents)
    assert (researcher.name("sv"), researcher.name("en"), nurse.name("sv")) == ("Forskare", "Researcher", "Nurse")
    assert documents_in_order(researcher, documents) == ["b/c.md", "a.md", "d.md"]
    assert documents_in_order(nurse, documents) == documents_in_order(None, documents) == documents


def test_without_a_file_there_are_no_roles(tmp_path: Path) -> None:
    assert read_roles(tmp_path, ["a.md"]) == ()
    assert isinstance(Role("1", {"en": "x"}, ()), Role)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("role = 1", r"\[\[role\]\]"),
        ("[[role]\n", "not valid TOML"),
        ("[[role]]\ntexts = []", "needs a name"),
        ('[[role]]\nname = "A"\ncolour = "red"', "nothing else"),
        ('[[role]]\nname = "A"\ntexts = ["gone.md"]', "'gone.md'"),
        ('[[role]]\nname = "A"\ntexts = "a.md"', "list"),
        ('[other]\nname = "A"', r"\[\[role\]\]"),
    ],
)
def test_a_bad_file_of_roles_is_named_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "onboarding.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=complaint):
        read_roles(tmp_path, ["a.md"])


@pytest.mark.real
def test_the_guide_of_the_seed_texts_makes_sense(seed_assistant: Assistant) -> None:
    _, guide = guided(seed_assistant)
    terms = {term.name: term for term in guide.terms}
    assert terms["NBIS"].long == "National Bioinformatics Infrastructure"
    assert terms["GMS"].long == "Genomic Medicine Sweden"
    assert terms["GMS"].kind == "defined"
    pairs = {frozenset((item.first, item.second)) for item in guide.connections}
    assert frozenset(("GMS", "SciLifeLab")) in pairs
    assert frozenset(("GMS", "patient organizations")) in pairs
    assert len(guide.cloze) >= 5
    assert {question.language for question in guide.questions} == {"en", "sv"}


@pytest.mark.real
def test_no_suggested_question_of_the_seed_texts_is_refused(seed_assistant: Assistant) -> None:
    assistant, guide = guided(seed_assistant)
    refused = []
    for question in guide.questions:
        answer = assistant.ask(question.question)
        suggested = [question.question, *answer.suggestions]
        refused += [asked for asked in suggested if assistant.ask(asked).verdict is not Verdict.ANSWERED]
    assert refused == []
    assert len(guide.questions) >= 10
