from __future__ import annotations

import pytest

from assistant.chat import MOST_CHARACTERS, Assistant
from assistant.citations import markers_in
from assistant.errors import QuestionError
from assistant.schema import Turn, Verdict
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def test_an_answer_quotes_the_sentence_that_answers(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("When was the Alpha Institute founded in Lund?")
    assert answer.verdict is Verdict.ANSWERED
    assert not answer.abstained
    quotes = [citation.quote for citation in answer.citations]
    assert "It was founded in 1998 in Lund." in quotes
    assert markers_in(answer.answer) == list(range(1, len(quotes) + 1))


def test_a_question_beside_the_texts_is_refused_without_sources(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("zebra xylophone quartz")
    assert answer.verdict is Verdict.NOT_COVERED
    assert (answer.abstained, answer.citations, answer.closest) == (True, (), ())
    assert "the office" in answer.answer
    assert answer.suggestions == ("Alpha", "Gamma")


def test_talk_about_the_assistant_needs_no_source(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("Vad kan du göra?")
    assert (answer.verdict, answer.language, answer.citations) == (Verdict.ABOUT_ME, "sv", ())
    assert "Alpha; Gamma" in answer.answer


def test_a_follow_up_is_resolved_with_the_turn_before(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("When was it founded?", [Turn("What does the Alpha Institute develop?")])
    assert answer.resolved_question == "When was Alpha Institute founded?"
    assert {citation.document_id for citation in answer.citations} == {"alpha.md"}


@pytest.mark.parametrize("question", ["", "  ", "?!"])
def test_an_empty_question_is_an_error(small_assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        small_assistant.ask(question)


def test_a_question_that_is_too_long_is_an_error_without_an_echo(small_assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="2001 characters") as error:
        small_assistant.ask("a" * (MOST_CHARACTERS + 1))
    assert "aaa" not in str(error.value)


def test_the_same_question_has_the_same_answer(small_assistant: Assistant) -> None:
    first, second = (small_assistant.ask("Who trains nurses?") for _ in range(2))
    assert (first.answer, first.citations, first.confidence) == (second.answer, second.citations, second.confidence)


def test_an_index_of_nothing_but_headings_refuses(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assistant = Assistant(index_of([document(text="")], tmp_path), BagOfWords())
    assert assistant.ask("What is Alpha?").verdict is Verdict.NOT_COVERED


def test_the_time_of_each_stage_is_told(small_assistant: Assistant) -> None:
    timings = small_assistant.ask("Who trains nurses?").timings_ms
    assert {"resolve", "encode", "retrieve", "answer", "total"} == timings.keys()
