from __future__ import annotations

import re
from dataclasses import replace

import pytest

from assistant.conversation.assistant import Assistant
from assistant.schema import Answer, AnswerSpan, Notice, Verdict
from assistant.web.chat.messages import (
    confidence_translation_key,
    error_html,
    question_from_html,
    question_to_html,
    stream_answer_html,
)
from assistant.web.shared.translations import translate
from tests.web.chat.conftest import HOSTILE, hostile_answer

QUESTION = "Alpha Institute methods founded Lund patients"


def complete_html(answer: Answer, assistant: Assistant) -> str:
    return list(stream_answer_html(answer, assistant))[-1]


@pytest.mark.parametrize(
    "answer",
    [
        hostile_answer(),
        hostile_answer(question="other"),
        hostile_answer(verdict=Verdict.NOT_COVERED, abstained=True, citations=(), answer=HOSTILE, notices=()),
        hostile_answer(verdict=Verdict.UNCLEAR, abstained=True, citations=(), closest=hostile_answer().citations),
    ],
)
def test_markup_in_an_answer_is_escaped(answer: Answer, shared_assistant: Assistant) -> None:
    html = complete_html(answer, shared_assistant)
    assert set(re.findall(r"<(\w+)", html)) <= {"div", "p", "blockquote", "a", "span", "details", "summary", "ul", "li"}
    links = re.findall(r'href="([^"]*)"', html)
    assert all(link.startswith(("../sources/", "?q=", "#question")) for link in links), links
    assert "onerror=alert(1)>" not in html
    assert "\n" not in html


def test_the_answer_grows_until_it_has_every_quote_and_source(shared_assistant: Assistant) -> None:
    answer = shared_assistant.ask(QUESTION)
    steps = list(stream_answer_html(answer, shared_assistant))
    assert [len(step) for step in steps] == sorted({len(step) for step in steps})
    assert steps[-1].count('class="marker"') == len(answer.citations) > 0
    assert steps[-1].count('class="reading"') == len(answer.citations)
    assert 'class="answer answered whole"' in steps[-1]
    assert all("whole" not in step for step in steps[:-1])


@pytest.mark.parametrize(
    ("confidence", "key"),
    [
        (0.95, "answer_clear"),
        (0.7, "answer_clear"),
        (0.5, "answer_likely"),
        (0.45, "answer_likely"),
        (0.3, "answer_unsure"),
    ],
)
def test_confidence_is_shown_in_words(confidence: float, key: str, shared_assistant: Assistant) -> None:
    answer = hostile_answer(confidence=confidence)
    assert confidence_translation_key(answer) == key
    html = complete_html(answer, shared_assistant)
    assert translate("en", key) in html
    assert str(confidence) not in html


def test_words_that_answer_are_highlighted_and_escaped(shared_assistant: Assistant) -> None:
    answer = shared_assistant.ask(QUESTION)
    quote = "It costs <b>5</b> crowns."
    citation = replace(
        answer.citations[0], quote=quote, start=100, end=100 + len(quote), answer=AnswerSpan("<b>5</b>", 109, 117)
    )
    html = complete_html(replace(answer, citations=(citation,), answer=f"{quote} [1]"), shared_assistant)
    assert "It costs <mark>&lt;b&gt;5&lt;/b&gt;</mark> crowns." in html


def test_without_words_that_answer_nothing_is_highlighted(shared_assistant: Assistant) -> None:
    assert "<mark>" not in complete_html(shared_assistant.ask(QUESTION), shared_assistant)


def test_a_refusal_has_no_sources_and_names_the_contact(shared_assistant: Assistant) -> None:
    answer = shared_assistant.ask("zebra xylophone")
    html = complete_html(answer, shared_assistant)
    assert confidence_translation_key(answer) == "answer_not_covered"
    assert 'class="answer not_covered whole"' in html
    assert translate("en", "answer_not_covered") in html
    assert "sources" not in html
    assert "the office" in html


@pytest.mark.parametrize(("abstained", "key"), [(True, "answer_instead"), (False, "answer_related")])
def test_suggestions_are_links_that_ask_the_question(abstained: bool, key: str, shared_assistant: Assistant) -> None:
    answer = hostile_answer(abstained=abstained, suggestions=("What is a & b?",))
    html = complete_html(answer, shared_assistant)
    assert translate("en", key) in html
    assert '<a class="ask" href="?q=What%20is%20a%20%26%20b%3F">What is a &amp; b?</a>' in html


def test_notices_cite_their_passages(shared_assistant: Assistant) -> None:
    html = complete_html(hostile_answer(notices=(Notice("disagree", (1, 2)),)), shared_assistant)
    notice = re.escape(translate("en", "notice_disagree"))
    assert re.search(rf"{notice} <a class=\"marker\"[^>]*>\[1\]</a>", html)


def test_quotes_show_title_headings_and_date(shared_assistant: Assistant) -> None:
    answer = shared_assistant.ask(QUESTION)
    citations = tuple(replace(item, heading=("Alpha", "History")) for item in answer.citations)
    html = complete_html(replace(answer, citations=citations), shared_assistant)
    assert '<p class="where"><span>Alpha › History</span></p>' in html


def test_a_quote_in_another_language_is_marked_and_explained(shared_assistant: Assistant) -> None:
    html = complete_html(replace(shared_assistant.ask(QUESTION), language="sv"), shared_assistant)
    assert '<span class="words" lang="en">' in html
    assert re.search(r'^<div class="[^"]*"[^>]* lang="sv">', html)
    assert translate("sv", "answer_sources") in html


def test_answers_about_the_assistant_have_no_actions(shared_assistant: Assistant) -> None:
    answer = shared_assistant.ask("Hello!")
    assert answer.verdict is Verdict.ABOUT_ME
    assert 'class="actions"' not in complete_html(answer, shared_assistant)
    assert 'class="actions"' in complete_html(shared_assistant.ask(QUESTION), shared_assistant)


@pytest.mark.parametrize("text", ["Hi\n\n**bold** [x](http://evil.example)", "a\r\r# head", "a\u2028\u2028b", HOSTILE])
def test_a_question_can_be_read_back_from_its_html(text: str) -> None:
    html = question_to_html(text)
    assert len(html.splitlines()) == 1
    assert " ".join(question_from_html(html).split()) == " ".join(text.split())


def test_an_error_is_escaped_and_has_its_language() -> None:
    assert error_html("a < b", "sv") == '<div class="answer problem" lang="sv"><p>a &lt; b</p></div>'
