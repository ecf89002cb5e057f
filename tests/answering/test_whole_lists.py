from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering import whole_lists
from assistant.answering.whole_lists import expand_to_list
from assistant.schema import Passage, Span
from tests.conftest import document, index_of

LIST = "Partners are:\n\n- hospitals\n- universities\n- patients\n\nThey meet. Two meetings:\n\n1. spring\n2. autumn"
PARTNERS = LIST[: LIST.index("\n\nThey")]


@pytest.fixture(scope="module")
def passage(tmp_path_factory: pytest.TempPathFactory) -> Passage:
    (passage,) = index_of([document(text=LIST)], tmp_path_factory.mktemp("lists")).passages
    return passage


def expanded(passage: Passage, quote: str) -> str:
    start = passage.text.index(quote)
    return passage.quote(expand_to_list(passage, Span(start, start + len(quote))))


@pytest.mark.parametrize(
    ("quote", "whole"),
    [
        ("Partners are:", PARTNERS),
        ("universities", PARTNERS),
        ("They meet.", "They meet."),
        ("Two meetings:", "Two meetings:\n\n1. spring\n2. autumn"),
    ],
)
def test_lists_are_quoted_whole(passage: Passage, quote: str, whole: str) -> None:
    assert expanded(passage, quote) == whole


@pytest.mark.parametrize("quote", ["Partners are:", "universities"])
def test_long_lists_are_not_widened(passage: Passage, quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_lists, "_MAX_CHARACTERS", len(PARTNERS) - 1)
    assert expanded(passage, quote) == quote


def test_span_outside_every_line_is_unchanged(passage: Passage) -> None:
    span = Span(len(LIST) + 5, len(LIST) + 9)
    assert expand_to_list(passage, span) == span


def test_lists_without_an_introduction_are_not_widened(tmp_path: Path) -> None:
    (passage,) = index_of([document(text="Partners.\n\n- hospitals\n- universities")], tmp_path).passages
    assert expanded(passage, "universities") == "universities"
