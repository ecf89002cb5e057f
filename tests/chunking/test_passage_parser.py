from __future__ import annotations

import pytest

from assistant.chunking import CHUNK_SIZE_TOKENS, passage_header
from assistant.chunking.passage_parser import split_into_passages
from assistant.schema import Heading, Span
from tests.conftest import document
from tests.fakes import BagOfWords


class LetterEncoder(BagOfWords):
    """Counts one token for each character, plus two special tokens for each text."""

    def count_tokens(self, text: str) -> int:
        return len(text) + 2


def test_offsets_are_exact_even_if_paragraphs_repeat() -> None:
    text = "\n\n".join(["The same paragraph. Twice a sentence."] * 60)
    passages = split_into_passages([document(text=text)], BagOfWords())
    assert len(passages) > 1
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    assert [passage.start for passage in passages] == sorted({passage.start for passage in passages})
    sentences = [text[span.start : span.end] for passage in passages for span in passage.sentences]
    assert sentences == ["The same paragraph.", "Twice a sentence."] * 60


@pytest.mark.parametrize("max_tokens", [64, 512])
def test_passages_fit_the_budget_and_the_model(max_tokens: int) -> None:
    text = "\n\n".join(" ".join(f"word{i}" for i in range(n)) + "." for n in (5, 190, 700, 30))
    encoder = BagOfWords(max_tokens=max_tokens)
    passages = split_into_passages([document(text=text)], encoder)
    assert len(passages) > 4
    for passage in passages:
        model_input = passage_header(passage.title, passage.heading) + passage.text
        assert encoder.count_tokens(model_input) <= min(max_tokens, CHUNK_SIZE_TOKENS + encoder.count_tokens(""))


def test_short_paragraphs_are_combined() -> None:
    (passage,) = split_into_passages([document(text="One.\n\nTwo.\n\nThree.")], BagOfWords())
    assert passage.text == "One.\n\nTwo.\n\nThree."
    assert [passage.quote(span) for span in passage.sentences] == ["One.", "Two.", "Three."]


def test_a_long_sentence_is_split_at_spaces() -> None:
    text = " ".join(f"word{i}" for i in range(100))
    passages = split_into_passages([document(text=text)], LetterEncoder())
    assert " ".join(passage.text for passage in passages) == text
    assert max(len(passage.text) for passage in passages) <= CHUNK_SIZE_TOKENS


def test_a_long_word_is_split_anywhere() -> None:
    passages = split_into_passages([document(text="a" * 1000)], LetterEncoder())
    assert "".join(passage.text for passage in passages) == "a" * 1000
    assert max(len(passage.text) for passage in passages) <= CHUNK_SIZE_TOKENS


def test_passages_do_not_cross_headings_and_record_the_heading_path() -> None:
    text = "Intro here.\n\nFirst\n\nOne text.\n\nInner\n\nTwo text.\n\nSecond\n\nThree text."
    headings = tuple(
        Heading(Span(text.index(name), text.index(name) + len(name)), level, name)
        for name, level in (("First", 1), ("Inner", 2), ("Second", 1))
    )
    passages = split_into_passages([document(text=text, headings=headings)], BagOfWords())
    assert [(passage.heading, passage.text) for passage in passages] == [
        ((), "Intro here."),
        (("First",), "One text."),
        (("First", "Inner"), "Two text."),
        (("Second",), "Three text."),
    ]


def test_passage_ids_are_stable_and_differ_between_documents() -> None:
    ids = [passage.passage_id for passage in split_into_passages([document()], BagOfWords())]
    assert ids == [passage.passage_id for passage in split_into_passages([document()], BagOfWords())]
    other_ids = {passage.passage_id for passage in split_into_passages([document("other.md")], BagOfWords())}
    assert not set(ids) & other_ids


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_an_empty_document_has_no_passages(text: str) -> None:
    assert split_into_passages([document(text=text)], BagOfWords()) == []
