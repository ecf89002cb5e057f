"""Tests of the chat page's event handlers and of the frame around the page, run without a browser."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.web.chat.page import _Page, render_chat_frame
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.web.chat.conftest import HOSTILE

QUESTION = "When was the Alpha Institute founded in Lund?"
OFF: dict[str, Any] = {"on": False, "conversations": []}
SWEDISH_REQUEST: Any = SimpleNamespace(query_params={"lang": "sv"}, headers={})


def respond(
    site: Site, question: str, messages: Any = (), turns: Any = (), saved: Any = None, number: int = 0
) -> list[tuple[Any, ...]]:
    """Ask a question on the page. If `saved` is given, save the conversation too. Return every update to the page."""
    arguments = (question, list(messages), list(turns), saved or OFF, number, saved is not None, SWEDISH_REQUEST)
    return list(_Page(site).respond(*arguments))


def retry(site: Site, messages: Any, turns: Any) -> list[tuple[Any, ...]]:
    return list(_Page(site).retry(messages, turns, OFF, 0, False, SWEDISH_REQUEST))


def test_a_follow_up_shows_how_it_was_understood(site: Site) -> None:
    messages, _, turns, *_ = respond(site, "What does the Alpha Institute develop?")[-1]
    messages, _, turns, *_ = respond(site, "When was it founded?", messages, turns)[-1]
    assert 'href="#question"' in messages[-1]["content"]
    assert "When was Alpha Institute founded?" in messages[-1]["content"]
    assert turns[-1].resolved_question == "When was Alpha Institute founded?"


def test_an_empty_question_changes_nothing(site: Site) -> None:
    [(messages, question, turns, *_)] = respond(site, "  ")
    assert (messages, question, turns) == ([], "", [])


def test_an_invalid_question_is_explained_in_the_page_language(site: Site) -> None:
    messages, _, turns, *_ = respond(site, "?!")[-1]
    assert 'lang="sv"' in messages[-1]["content"]
    assert translate("sv", "bad_question") in messages[-1]["content"]
    assert turns == []


def test_small_talk_is_not_a_turn_of_the_conversation(site: Site) -> None:
    messages, _, turns, *_ = respond(site, "Hello!")[-1]
    assert "about_me" in messages[-1]["content"]
    assert turns == []


def test_the_button_says_stop_while_an_answer_grows(site: Site) -> None:
    steps = respond(site, QUESTION)
    first, last = steps[0][1], steps[-1][1]
    assert (first.value, first.submit_btn, bool(first.stop_btn)) == ("", False, True)
    assert (bool(last.submit_btn), last.stop_btn) == (True, False)


def test_retry_replaces_the_last_answer(site: Site) -> None:
    messages, _, turns, *_ = respond(site, QUESTION)[-1]
    retried_messages, _, retried_turns, *_ = retry(site, messages, turns)[-1]
    assert [message["role"] for message in retried_messages] == ["user", "assistant"]
    assert [turn.question for turn in retried_turns] == [QUESTION]
    from_browser = [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]
    assert retry(site, from_browser, turns)[-1][2] == turns
    assert retry(site, [], []) == []


def test_retry_uses_only_earlier_turns_as_history(site: Site) -> None:
    messages, _, turns, *_ = respond(site, "What does the\n Alpha Institute  develop? ")[-1]
    _, _, retried_turns, *_ = retry(site, messages, turns)[-1]
    assert [turn.question for turn in retried_turns] == ["What does the Alpha Institute develop?"]


def test_conversations_are_saved_only_if_saving_is_on(site: Site) -> None:
    page = _Page(site)
    *_, saved, number, _ = respond(site, QUESTION)[-1]
    assert (saved, number) == (OFF, 0)
    _, _, turns, saved, number, menu = respond(site, QUESTION, saved=OFF)[-1]
    assert (saved, number) == ({"on": True, "conversations": [{"number": 1, "questions": [QUESTION]}]}, 1)
    assert (menu.choices, menu.visible) == ([(QUESTION, 1)], True)
    assert page.switch_saving(True, turns)[0] == saved
    assert page.switch_saving(False, turns)[0] == OFF
    assert page.delete_saved()[0] == {"on": True, "conversations": []}


def test_a_reopened_conversation_is_answered_again(site: Site) -> None:
    messages, _, turns, saved, *_ = respond(site, QUESTION, saved=OFF)[-1]
    reopened, reopened_turns, number = _Page(site).reopen(1, saved)
    answer_id = re.compile(r' id="answer-\w+"')
    contents = [[answer_id.sub("", item["content"]) for item in chat] for chat in (messages, reopened)]
    assert contents[0] == contents[1]
    assert (reopened_turns, number) == (turns, 1)


def test_two_conversations_with_the_same_start_are_both_saved(site: Site) -> None:
    messages, _, turns, saved, number, _ = respond(site, QUESTION, saved=OFF)[-1]
    *_, saved, number, _ = respond(site, "What does it develop?", messages, turns, saved, number)[-1]
    *_, saved, number, _ = respond(site, QUESTION, saved=saved)[-1]
    assert [(item["number"], len(item["questions"])) for item in saved["conversations"]] == [(2, 1), (1, 2)]
    assert number == 2


def test_saved_conversations_are_offered_when_the_page_loads(site: Site) -> None:
    checkbox, menu, delete = _Page(site).load({"on": True, "conversations": [{"number": 4, "questions": ["a"]}]})
    assert (checkbox.value, menu.choices, delete.visible) == (True, [("a", 4)], True)


@pytest.mark.parametrize(
    ("saved", "count"),
    [
        (None, 0),
        ({"on": True, "conversations": [{"number": 1, "questions": [HOSTILE, 3, "?!", None]}]}, 3),
    ],
)
def test_values_from_the_browser_are_not_trusted(site: Site, saved: Any, count: int) -> None:
    messages, turns, _ = _Page(site).reopen(1, saved)
    assert len(turns) == count
    assert all("<img" not in item["content"] and "<script" not in item["content"] for item in messages)


def test_a_stopped_answer_is_marked_at_every_step(site: Site) -> None:
    steps = respond(site, QUESTION)
    for messages in (steps[0][0], steps[1][0]):
        stopped, question_box = _Page(site).stop(messages, SWEDISH_REQUEST)
        assert stopped[:-1] == messages
        assert translate("sv", "answer_stopped") in stopped[-1]["content"]
        assert bool(question_box.submit_btn)


def test_answers_are_recorded_with_the_id_on_the_page(site: Site) -> None:
    messages, *_ = respond(site, QUESTION)[-1]
    assert site.store is not None
    [row] = site.store.list_answers()
    assert f'id="answer-{row.answer_id}"' in messages[-1]["content"]
    assert row.channel == "page"


def test_the_frame_escapes_the_address(site: Site) -> None:
    scope = {"type": "http", "path": "/chat/", "headers": [], "query_string": f"q={HOSTILE}&x={HOSTILE}".encode()}
    for part in render_chat_frame(site, scope):
        assert "<script" not in part
        assert "onerror=alert(1)>" not in part


def test_the_frame_greets_in_the_requested_language(site: Site) -> None:
    scope = {"type": "http", "path": "/chat/", "headers": [], "query_string": b"lang=sv"}
    head, top, footer = render_chat_frame(site, scope)
    assert "assistant-words" in head
    assert translate("sv", "ask_heading") in top
    assert translate("sv", "ai_notice") in footer
