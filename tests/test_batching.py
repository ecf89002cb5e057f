from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assistant.embedding.batching import BatchingEncoder
from assistant.embedding.encoder import EncodedTexts, Encoder
from assistant.schema import Span
from tests.fakes import BagOfWords
from tests.servers import until

QUESTIONS = [f"What does hospital number {number} teach?" for number in range(20)]


class Gated(BagOfWords):
    """Notes each pass, and lets it go on when the gate is open; refuses a question that says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.passes: list[list[str]] = []

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        self.passes.append(list(texts))
        assert self.gate.wait(30)
        if any("refuse" in text for text in texts):
            raise ValueError("refused")
        return super().encode_questions(texts, spans)


def until_waiting(encoder: BatchingEncoder, count: int) -> None:
    until(lambda: len(encoder._waiting) == count)


def test_what_is_asked_during_a_pass_goes_through_the_next_together() -> None:
    inner = Gated()
    encoder = BatchingEncoder(inner)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(encoder.encode_questions, [text], [[Span(0, 4)]]) for text in QUESTIONS]
        until_waiting(encoder, 19)
        inner.gate.set()
        found = [each.result(10) for each in asked]
    assert [len(each) for each in inner.passes] == [1, 16, 3]
    assert sorted(text for each in inner.passes for text in each) == sorted(QUESTIONS)
    for text, each in zip(QUESTIONS, found, strict=True):
        alone = BagOfWords().encode_questions([text], [[Span(0, 4)]])
        assert np.array_equal(each.vectors, alone.vectors)
        assert np.array_equal(each.spans[0], alone.spans[0])


def test_as_many_passes_run_at_once_as_there_may() -> None:
    inner = Gated()
    encoder = BatchingEncoder(inner, passes=2)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(encoder.encode_questions, [text]) for text in QUESTIONS]
        until_waiting(encoder, 18)
        until(lambda: len(inner.passes) == 2)
        inner.gate.set()
        assert all(each.result(10).vectors.shape == (1, 256) for each in asked)


def test_a_question_that_can_not_be_encoded_fails_alone_and_the_next_goes_on() -> None:
    inner = Gated()
    encoder = BatchingEncoder(inner)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(encoder.encode_questions, [QUESTIONS[0]])
        until(lambda: bool(inner.passes))
        with_it = [
            pool.submit(encoder.encode_questions, [text]) for text in (QUESTIONS[1], "refuse this?", QUESTIONS[2])
        ]
        until_waiting(encoder, 3)
        inner.gate.set()
        for text, each in ((QUESTIONS[0], first), (QUESTIONS[1], with_it[0]), (QUESTIONS[2], with_it[2])):
            assert np.array_equal(each.result(10).vectors, BagOfWords().encode_questions([text]).vectors)
        with pytest.raises(ValueError, match="refused"):
            with_it[1].result(10)
    assert encoder.encode_questions([QUESTIONS[3]]).vectors.shape == (1, 256)


@pytest.mark.real
def test_a_vector_is_the_same_to_the_bit_in_any_company(e5: Encoder) -> None:
    texts = [*QUESTIONS[:6], "NBIS?", "Hur samarbetar sjukhusen med universiteten om genomisk medicin? " * 8]
    encoder = BatchingEncoder(e5)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: encoder.encode_questions([text], [[Span(0, 4)]]), texts * 4))
    for text, each in zip(texts * 4, found, strict=True):
        alone = e5.encode_questions([text], [[Span(0, 4)]])
        assert np.array_equal(each.vectors, alone.vectors), text
        assert np.array_equal(each.spans[0], alone.spans[0]), text
