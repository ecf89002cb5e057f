from __future__ import annotations

import pytest

from assistant.chunking import CHUNK_TOKENS, passage_header
from assistant.chunking.passage_parser import split_into_passages
from assistant.schema import Heading, Span
from tests.conftest import document
from tests.fakes import BagOfWords


def test_offsets_are_exact_even_where_a_text_repeats_itself() -> None:
    text = "\n\n".join(["The same paragraph. Twice a sentence."] * 60)
    found = split_into_passages([document(text=text)], BagOfWords())
    assert len(found) > 1
    assert all(text[item.start : item.end] == item.text for item in found)
    assert [item.start for item in found] == sorted({item.start for item in found})
    sentences = [text[span.start : span.end] for item in found for span in item.sentences]
    assert sentences == ["The same paragraph.", "Twice a sentence."] * 60


def test_no_passage_is_longer_than_the_budget_nor_than_what_the_model_reads() -> None:
    text = "\n\n".join(" ".join(f"word{i}" for i in range(n)) + "." for n in (5, 190, 700, 30))
    for most in (64, 512):
        encoder = BagOfWords(max_tokens=most)
        for item in split_into_passages([document(text=text)], encoder):
            whole = passage_header(item.title, item.heading) + item.text
            assert encoder.count_tokens(whole) <= min(most, CHUNK_TOKENS + encoder.count_tokens(""))


def test_a_word_without_spaces_is_cut_to_what_fits() -> None:
    class Letters(BagOfWords):
        def count_tokens(self, text: str) -> int:
            return len(text) + 2

    found = split_into_passages([document(text="a" * 1000)], Letters())
    assert "".join(item.text for item in found) == "a" * 1000
    assert max(len(item.text) for item in found) <= CHUNK_TOKENS


def test_a_passage_never_crosses_a_heading_and_knows_its_path() -> None:
    text = "Intro here.\n\nFirst\n\nOne text.\n\nInner\n\nTwo text.\n\nSecond\n\nThree text."
    headings = tuple(
        Heading(Span(text.index(name), text.index(name) + len(name)), level, name)
        for name, level in (("First", 1), ("Inner", 2), ("Second", 1))
    )
    found = split_into_passages([document(text=text, headings=headings)], BagOfWords())
    assert [(item.heading, item.text) for item in found] == [
        ((), "Intro here."),
        (("First",), "One text."),
        (("First", "Inner"), "Two text."),
        (("Second",), "Three text."),
    ]


def test_ids_are_the_same_each_time_and_differ_between_documents() -> None:
    first = [item.passage_id for item in split_into_passages([document()], BagOfWords())]
    assert first == [item.passage_id for item in split_into_passages([document()], BagOfWords())]
    assert not set(first) & {item.passage_id for item in split_into_passages([document("other.md")], BagOfWords())}


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_a_document_without_text_has_no_passage(text: str) -> None:
    assert split_into_passages([document(text=text)], BagOfWords()) == []
