from __future__ import annotations

import threading

import pytest

from assistant.conversation.assistant import Assistant
from assistant.onboarding import questions
from assistant.onboarding.glossary import GlossaryTerm, make_glossary
from assistant.onboarding.introduction import Introduction, make_introduction
from assistant.onboarding.partners import PartnerConnection
from assistant.onboarding.questions import make_verified_questions, select_example_questions
from assistant.schema import Answer, SuggestedQuestion, Verdict
from tests.conftest import assistant_with_introduction, document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.onboarding.conftest import citation, index_of_text

NAMES = "Harbour River Mountain Forest Desert Valley".split()
TEXT = " ".join(f"{name} Weather Institute ({name[0]}WI) is a public agency that measures rain." for name in NAMES)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return Assistant(index_of([document(text=TEXT)], tmp_path_factory.mktemp("index")), BagOfWords(), ANSWERABILITY)


def ask_candidates(assistant: Assistant, threads: int) -> tuple[list[str], list[str]]:
    """Return all candidate questions in alphabetical order, and the verified ones in their original order."""
    candidates: list[str] = []

    def ask(question: str) -> Answer:
        candidates.append(question)
        return assistant.ask(question)

    verified = make_verified_questions(assistant.index, make_glossary(assistant.index), (), ask, threads)
    return sorted(candidates), [item.question for item in verified]


def candidates_of(
    assistant: Assistant, terms: tuple[GlossaryTerm, ...] = (), connections: tuple[PartnerConnection, ...] = ()
) -> list[str]:
    """Return the questions made from `terms`, `connections` and the index, in the order in which they were asked."""
    candidates: list[str] = []

    def ask(question: str) -> Answer:
        candidates.append(question)
        return assistant.ask("zebra")

    assert make_verified_questions(assistant.index, terms, connections, ask) == ()
    return candidates


def test_candidates_are_asked_in_parallel(assistant: Assistant) -> None:
    barrier = threading.Barrier(3, timeout=20)

    def ask(question: str) -> Answer:
        if question.startswith("What is "):  # six such questions, so three threads do meet
            barrier.wait()
        return assistant.ask(question)

    assert make_verified_questions(assistant.index, make_glossary(assistant.index), (), ask, threads=3)


def test_number_of_threads_does_not_change_the_questions(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_BATCH_SIZE", 3)
    candidates, verified = ask_candidates(assistant, threads=1)
    assert len(candidates) == len(set(candidates)) > 6
    assert verified
    assert ask_candidates(assistant, threads=3) == (candidates, verified)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_limits_hold_for_every_batch_size(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    all_verified = ask_candidates(assistant, threads=1)[1]
    monkeypatch.setattr(questions, "_BATCH_SIZE", batch_size)
    monkeypatch.setattr(questions, "_MAX_QUESTIONS", 2)
    assert ask_candidates(assistant, threads=2)[1] == all_verified[:2]
    monkeypatch.setattr(questions, "_MAX_CANDIDATES", 5)
    monkeypatch.setattr(questions, "_MAX_QUESTIONS", 200)
    assert len(ask_candidates(assistant, threads=2)[0]) == 5


def test_every_question_is_answered_from_its_source(
    weather_assistant: Assistant, weather_introduction: Introduction
) -> None:
    suggested = weather_introduction.suggested_questions
    assert {question.language for question in suggested} <= {"en", "sv"}
    assert "What is NWI?" in [question.question for question in suggested]
    for question in suggested:
        answer = weather_assistant.ask(question.question)
        assert answer.verdict is Verdict.ANSWERED
        assert question.passage_id in {citation.passage_id for citation in answer.citations}


def test_three_threads_build_the_same_introduction(
    weather_assistant: Assistant, weather_introduction: Introduction
) -> None:
    name = weather_introduction.name
    assert make_introduction(weather_assistant.index, weather_assistant.ask, name, threads=3) == weather_introduction


def test_questions_suggested_after_an_answer_are_answered(weather_assistant: Assistant) -> None:
    for question in ("What is NWI?", "zebra xylophone"):
        suggestions = weather_assistant.ask(question).suggestions
        assert question not in suggestions
        assert all(weather_assistant.ask(suggestion).verdict is Verdict.ANSWERED for suggestion in suggestions)


def test_actions_become_questions_in_both_languages(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = "RIF collects samples of rain. The Rain Council (RC) also funds schools. Anna, RIF leads nothing."
    assistant = Assistant(index_of_text(text, tmp_path_factory.mktemp("index")), BagOfWords(), ANSWERABILITY)
    assert candidates_of(assistant) == [
        "What does RIF collect?", "Vad samlar RIF in?", "What does Rain Council fund?", "Vad finansierar Rain Council?",
    ]  # fmt: skip


def test_connections_become_questions_about_collaboration(assistant: Assistant) -> None:
    together = PartnerConnection("NWI", "Harbour University", True, citation())
    group = PartnerConnection("NWI", "farmers", True, citation())
    funded = PartnerConnection("NWI", "Rain Council", False, citation())
    assert candidates_of(assistant, connections=(together, group, funded)) == [
        "How do NWI and Harbour University work together?", "Hur samarbetar NWI och Harbour University?",
        "How do NWI and farmers work together?",
    ]  # fmt: skip


def test_terms_become_questions_with_number_and_article(assistant: Assistant) -> None:
    terms = (
        GlossaryTerm("Rain Gauges", "", "mentioned", 1, citation("Rain Gauges help.")),
        GlossaryTerm("Genomics", "", "mentioned", 2, citation("We study Genomics.")),
        GlossaryTerm("NWI", "", "defined", 1, citation("The NWI is old.")),
        GlossaryTerm("Rain", "", "mentioned", 1, citation("The Rain Council met.")),
    )
    assert [question for question in candidates_of(assistant, terms=terms) if question.startswith("What")] == [
        "What is the NWI?", "What is Genomics?", "What are Rain Gauges?", "What is Rain?",
    ]  # fmt: skip


def test_swedish_particle_follows_the_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = "RIF collects samples of rain in all seasons. RIF (Rain In Fall) is a club. Rain In Fall (RIF) is old."
    index = index_of_text(text, tmp_path_factory.mktemp("index"))
    _, introduction = assistant_with_introduction(Assistant(index, BagOfWords(), ANSWERABILITY))
    assert "Vad samlar in RIF?" not in [question.question for question in introduction.suggested_questions]
    assert questions._VERB_BY_PRESENT_FORM["samlar in"] == ("collect", "collects", "samlar+in")


def test_examples_come_from_different_passages_first() -> None:
    suggested = [SuggestedQuestion(f"Q{number}?", "en", passage) for number, passage in enumerate("aab")]
    assert select_example_questions(suggested, "en", 2) == ["Q0?", "Q2?"]
    assert select_example_questions(suggested, "en", 4) == ["Q0?", "Q2?", "Q1?"]
    assert select_example_questions(suggested, "sv") == []
