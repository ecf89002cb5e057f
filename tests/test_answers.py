from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.conversation.assistant import Assistant
from assistant.errors import QuestionError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Notice, Turn
from assistant.web.site.answer_cache import AnswerCache, AnswerResult, answer_question

QUESTION = "When was the Alpha Institute founded in Lund?"


class Asking:
    """Asks the assistant, and notes each question that reaches it."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.reached: list[str] = []

    def __call__(self, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None) -> AnswerResult:
        self.reached.append(question)
        return answer_question(self.assistant, question, turns, passage_filter)


@pytest.fixture
def asking(small_assistant: Assistant) -> Asking:
    return Asking(small_assistant)


def test_what_was_asked_before_is_given_again_without_being_made_again(asking: Asking) -> None:
    answers = AnswerCache(asking.assistant, asking)
    first, second = answers.answer(QUESTION), answers.answer(f"  {QUESTION} ")
    assert asking.reached == [QUESTION]
    assert replace(second.answer, timings_ms={}) == replace(first.answer, timings_ms={})
    assert second.nearest == first.nearest
    assert second.answer.timings_ms.keys() == {"total"}


def test_other_turns_or_another_filter_are_another_question(asking: Asking) -> None:
    answers = AnswerCache(asking.assistant, asking)
    answers.answer(QUESTION)
    answers.answer(QUESTION, [Turn("What does Gamma University teach?")])
    elsewhere = answers.answer(QUESTION, passage_filter=PassageFilter(("gamma.md",)))
    assert len(asking.reached) == 3
    assert {item.document_id for item in elsewhere.answer.citations} <= {"gamma.md"}


def test_a_text_that_changed_since_is_told_of_in_an_answer_that_was_kept(asking: Asking) -> None:
    state = {"alpha.md": ""}
    watching = replace(asking.assistant, document_change=lambda name: state.get(name, ""))
    answers = AnswerCache(watching, Asking(watching))
    assert answers.answer(QUESTION).answer.notices == ()
    state["alpha.md"] = "changed"
    assert answers.answer(QUESTION).answer.notices == (Notice("changed", (1,)),)
    state["alpha.md"] = ""
    assert answers.answer(QUESTION).answer.notices == ()


def test_a_question_that_is_not_to_be_stored_is_not_kept_either(asking: Asking) -> None:
    answers = AnswerCache(asking.assistant, asking)
    answers.answer(QUESTION, keep=False)
    answers.answer(QUESTION)
    assert asking.reached == [QUESTION, QUESTION]


def test_the_ones_not_asked_for_longest_go_first(asking: Asking) -> None:
    answers = AnswerCache(asking.assistant, asking, most=2)
    for question in (
        "Who is Alpha?",
        "Who is Beta?",
        "Who is Alpha?",
        "Who is Gamma?",
        "Who is Alpha?",
        "Who is Beta?",
    ):
        answers.answer(question)
    assert asking.reached == ["Who is Alpha?", "Who is Beta?", "Who is Gamma?", "Who is Beta?"]


def test_a_question_that_can_t_be_taken_is_refused_each_time(asking: Asking) -> None:
    answers = AnswerCache(asking.assistant, asking)
    for _ in range(2):
        with pytest.raises(QuestionError, match="empty"):
            answers.answer(" ?")
