from __future__ import annotations

import pytest

from assistant.answering import phrases, smalltalk, writer
from assistant.answering.decision import verdict_of
from assistant.answering.evidence import MOST_QUOTES, choose, weigh
from assistant.chat import Assistant
from assistant.retrieval import make_query, retrieve
from assistant.schema import Verdict
from tests.fakes import BagOfWords


def test_the_sentence_with_the_asked_words_is_weighed_highest(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Who are trained every autumn?", "en")
    found = weigh(small_assistant.index, query, retrieve(small_assistant.index, query, 5))
    assert found[0].quote == "Nurses are trained every autumn."
    assert len(found) == 6


def test_one_to_three_sentences_are_chosen_in_reading_order(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Alpha Institute methods founded Lund", "en")
    found = choose(weigh(small_assistant.index, query, retrieve(small_assistant.index, query, 5)))
    assert 1 <= len(found) <= MOST_QUOTES
    assert [item.span.start for item in found] == sorted(item.span.start for item in found)
    assert choose([]) == []


def test_every_quote_is_followed_by_its_marker(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Alpha Institute founded", "en")
    citations = writer.cite(choose(weigh(small_assistant.index, query, retrieve(small_assistant.index, query, 5))))
    text = writer.compose(citations, "en")
    assert text == " ".join(f"{item.quote} [{item.number}]" for item in citations)
    assert writer.compose(citations, "sv") == f"I texterna står det, på engelska: {text}"


def test_verdicts_follow_the_probability() -> None:
    assert [verdict_of(value) for value in (0.0, 1.0)] == [Verdict.NOT_COVERED, Verdict.ANSWERED]
    order = [Verdict.NOT_COVERED, Verdict.UNCLEAR, Verdict.ANSWERED]
    found = [order.index(verdict_of(step / 100)) for step in range(101)]
    assert found == sorted(found)
    assert set(found) == {0, 1, 2}


def test_a_refusal_names_topics_and_contact_in_the_askers_language() -> None:
    text = phrases.refusal(Verdict.NOT_COVERED, "sv", ("Ämne",), "Anna")
    assert text == "Texterna säger ingenting om detta. De tar upp: Ämne. Du kan fråga: Anna"
    assert phrases.refusal(Verdict.UNCLEAR, "en", (), "").startswith("The texts touch on this")


def test_somebody_who_writes_a_third_language_is_answered_in_the_default() -> None:
    assert phrases.page_language("fr", "sv") == "sv"
    assert phrases.page_language("en", "sv") == "en"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hello!", ("en", "greeting")),
        ("hej", ("sv", "greeting")),
        ("Tack så mycket!", ("sv", "thanks")),
        ("What can you do?", ("en", "about")),
        ("Hello, what is NBIS?", None),
        ("Thanks to whom was it built?", None),
    ],
)
def test_only_talk_about_the_assistant_is_small_talk(message: str, expected: tuple[str, str] | None) -> None:
    assert smalltalk.recognise(message) == expected
