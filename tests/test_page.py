"""The chat page without a browser: what its messages hold, and what its parts do."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.conversation.assistant import Assistant
from assistant.schema import Answer, Citation, Notice, Verdict
from assistant.web.chat.messages import answer_html, confidence_key, question_html, question_text
from assistant.web.chat.page import _Page, chat_frame
from assistant.web.chat.saved_conversations import parse_saved_conversations
from assistant.web.site.site import Site

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"
QUESTION = "When was the Alpha Institute founded in Lund?"
OFF: dict[str, Any] = {"on": False, "conversations": []}
SWEDISH: Any = SimpleNamespace(query_params={"lang": "sv"}, headers={})


def hostile_answer(**more: Any) -> Answer:
    citation = Citation(
        number=1, document_id=HOSTILE, title=HOSTILE, url="javascript:alert(1)", heading=(HOSTILE,),
        passage_id='"><script>', quote=f"{HOSTILE}\n\n[a](http://evil.example) ![b](http://evil.example/c.png)",
        start=0, end=9, score=1.0, language='"><script>',
    )  # fmt: skip
    values = {
        "question": HOSTILE, "resolved_question": HOSTILE, "language": "en", "verdict": Verdict.ANSWERED,
        "abstained": False, "answer": f"{citation.quote} [1]", "confidence": 0.9, "citations": (citation,),
        "suggestions": (HOSTILE,), "notices": (Notice("changed", (1,)),), "answer_id": '"><script>',
    }  # fmt: skip
    return Answer(**{**values, **more})


@pytest.mark.parametrize(
    "answer",
    [
        hostile_answer(),
        hostile_answer(question="other"),
        hostile_answer(verdict=Verdict.NOT_COVERED, abstained=True, citations=(), answer=HOSTILE, notices=()),
        hostile_answer(verdict=Verdict.UNCLEAR, abstained=True, citations=(), closest=hostile_answer().citations),
    ],
)
def test_words_are_never_markup_in_the_chat(answer: Answer, small_assistant: Assistant) -> None:
    html = list(answer_html(answer, small_assistant))[-1]
    assert set(re.findall(r"<(\w+)", html)) <= {"div", "p", "blockquote", "a", "span", "details", "summary", "ul", "li"}
    links = re.findall(r'href="([^"]*)"', html)
    assert all(link.startswith(("../sources/", "?q=", "#question")) for link in links), links
    assert "onerror=alert(1)>" not in html
    assert "\n" not in html


def test_the_answer_grows_and_ends_with_every_quote_and_source(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("Alpha Institute methods founded Lund patients")
    steps = list(answer_html(answer, small_assistant))
    assert steps[-1].count('class="marker"') == len(answer.citations) > 0
    assert steps[-1].count('class="reading"') == len(answer.citations)
    assert 'class="answer answered whole"' in steps[-1]
    assert all("whole" not in step for step in steps[:-1])


@pytest.mark.parametrize(
    ("confidence", "key"), [(0.95, "answer_clear"), (0.5, "answer_likely"), (0.3, "answer_unsure")]
)
def test_how_sure_an_answer_is_is_said_in_words(confidence: float, key: str, small_assistant: Assistant) -> None:
    answer = hostile_answer(confidence=confidence)
    assert confidence_key(answer) == key
    assert str(confidence) not in list(answer_html(answer, small_assistant))[-1]


def test_a_refusal_has_no_sources_and_offers_what_is_answered(site: Site) -> None:
    answer = site.assistant.ask("zebra xylophone")
    html = list(answer_html(answer, site.assistant))[-1]
    assert 'class="answer not_covered whole"' in html
    assert "Not in the texts" in html
    assert "sources" not in html
    assert "the office" in html


def test_notices_stand_with_the_answer(small_assistant: Assistant) -> None:
    html = list(answer_html(hostile_answer(notices=(Notice("disagree", (1, 2)),)), small_assistant))[-1]
    assert re.search(r"These passages disagree\. <a class=\"marker\"[^>]*>\[1\]</a>", html)


@pytest.mark.parametrize("words", ["Hi\n\n**bold** [x](http://evil.example)", "a\r\r# head", "a\u2028\u2028b", HOSTILE])
def test_a_question_is_one_line_of_html_and_comes_back_as_it_was(words: str) -> None:
    html = question_html(words)
    assert len(html.splitlines()) == 1
    assert " ".join(question_text(html).split()) == " ".join(words.split())


def steps(site: Site, asked: str, shown: Any = (), turns: Any = (), kept: Any = None, current: int = 0) -> Any:
    return list(_Page(site).respond(asked, list(shown), list(turns), kept or OFF, current, kept is not None, SWEDISH))


def test_a_follow_up_is_shown_as_it_was_understood(site: Site) -> None:
    shown, _, turns, *_ = steps(site, "What does the Alpha Institute develop?")[-1]
    shown, _, turns, *_ = steps(site, "When was it founded?", shown, turns)[-1]
    assert 'href="#question"' in shown[-1]["content"]
    assert "When was Alpha Institute founded?" in shown[-1]["content"]
    assert turns[-1].resolved_question == "When was Alpha Institute founded?"


def test_an_empty_message_changes_nothing_and_a_bad_one_is_explained(site: Site) -> None:
    [(shown, field, turns, *_)] = steps(site, "  ")
    assert (shown, field, turns) == ([], "", [])
    shown, _, turns, *_ = steps(site, "?!")[-1]
    assert 'lang="sv"' in shown[-1]["content"]
    assert "Skriv en fråga med ord" in shown[-1]["content"]
    assert turns == []


def test_the_field_says_stop_while_an_answer_comes_and_ask_after_it(site: Site) -> None:
    found = steps(site, QUESTION)
    first, last = found[0][1], found[-1][1]
    assert (first.value, first.submit_btn, bool(first.stop_btn)) == ("", False, True)
    assert (bool(last.submit_btn), last.stop_btn) == (True, False)


def test_retry_answers_the_last_question_in_its_place(site: Site) -> None:
    shown, _, turns, *_ = steps(site, QUESTION)[-1]
    again = list(_Page(site).again(shown, turns, OFF, 0, False, SWEDISH))[-1]
    assert [message["role"] for message in again[0]] == ["user", "assistant"]
    assert [turn.question for turn in again[2]] == [QUESTION]
    from_browser = [{"role": item["role"], "content": [{"type": "text", "text": item["content"]}]} for item in shown]
    assert list(_Page(site).again(from_browser, turns, OFF, 0, False, SWEDISH))[-1][2] == turns
    assert list(_Page(site).again([], [], OFF, 0, False, SWEDISH)) == []


def test_retry_leans_on_nothing_that_it_replaces(site: Site) -> None:
    shown, _, turns, *_ = steps(site, "What does the\n Alpha Institute  develop? ")[-1]
    again = list(_Page(site).again(shown, turns, OFF, 0, False, SWEDISH))[-1]
    assert [turn.question for turn in again[2]] == ["What does the Alpha Institute develop?"]


def test_a_conversation_is_kept_only_if_wanted_and_is_answered_anew(site: Site) -> None:
    page = _Page(site)
    *_, kept, current, _ = steps(site, QUESTION)[-1]
    assert (kept, current) == (OFF, 0)
    shown, _, turns, kept, current, _ = steps(site, QUESTION, kept=OFF)[-1]
    assert (kept, current) == ({"on": True, "conversations": [{"number": 1, "questions": [QUESTION]}]}, 1)
    again, past, _ = page.reopen(1, kept)
    strip = re.compile(r' id="answer-\w+"')
    assert [strip.sub("", item["content"]) for item in again] == [strip.sub("", item["content"]) for item in shown]
    assert past == turns
    assert page.forget()[0] == {"on": True, "conversations": []}
    assert page.keep(False, turns)[0] == OFF
    assert page.keep(True, turns)[0] == kept


def test_two_conversations_that_begin_alike_are_both_kept(site: Site) -> None:
    shown, _, turns, kept, current, _ = steps(site, QUESTION, kept=OFF)[-1]
    *_, kept, current, _ = steps(site, "What does it develop?", shown, turns, kept, current)[-1]
    *_, kept, current, _ = steps(site, QUESTION, kept=kept)[-1]
    assert [(item["number"], len(item["questions"])) for item in kept["conversations"]] == [(2, 1), (1, 2)]
    assert current == 2


@pytest.mark.parametrize(
    "kept",
    [
        None, [], {}, {"on": True}, {"on": True, "conversations": 7},
        {"on": True, "conversations": [1, {"number": "2"}, {"number": 1, "questions": []}]},
        {"on": True, "conversations": [{"number": 1, "questions": [HOSTILE, 3, "?!", None]}]},
    ],
)  # fmt: skip
def test_what_a_browser_sends_back_is_not_trusted(site: Site, kept: Any) -> None:
    shown, _, _ = _Page(site).reopen(1, kept)
    assert all("<img" not in item["content"] and "<script" not in item["content"] for item in shown)
    assert parse_saved_conversations(kept).on in {True, False}


def test_stopping_says_so_wherever_the_answer_was(site: Site) -> None:
    found = steps(site, QUESTION)
    for shown in (found[0][0], found[1][0]):
        said, field = _Page(site).stopped(shown, SWEDISH)
        assert said[:-1] == shown
        assert "Stoppat." in said[-1]["content"]
        assert bool(field.submit_btn)


def test_answers_on_the_page_are_recorded_with_their_id(site: Site) -> None:
    shown, *_ = steps(site, QUESTION)[-1]
    assert site.store is not None
    [row] = site.store.answers()
    assert f'id="answer-{row.answer_id}"' in shown[-1]["content"]
    assert row.channel == "page"


def test_the_frame_escapes_what_it_shows(site: Site) -> None:
    scope = {"type": "http", "path": "/chat/", "headers": [], "query_string": f"q={HOSTILE}&x={HOSTILE}".encode()}
    for part in chat_frame(site, scope):
        assert "<script" not in part
        assert "onerror=alert(1)>" not in part
