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
from tests.servers import wait_until

QUESTIONS = [f"What does hospital number {number} teach?" for number in range(20)]


class GatedEncoder(BagOfWords):
    """Records the texts of each pass, and makes every pass wait until the gate is open.

    If a text contains "refuse", the pass raises an error.
    """

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


def wait_for_pending(encoder: BatchingEncoder, count: int) -> None:
    wait_until(lambda: len(encoder._waiting) == count)


def test_questions_asked_during_a_pass_share_the_next_one() -> None:
    inner = GatedEncoder()
    encoder = BatchingEncoder(inner)
    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(encoder.encode_questions, [text], [[Span(0, 4)]]) for text in QUESTIONS]
        wait_for_pending(encoder, 19)
        inner.gate.set()
        results = [future.result(10) for future in futures]
    assert [len(texts) for texts in inner.passes] == [1, 16, 3]
    assert sorted(text for texts in inner.passes for text in texts) == sorted(QUESTIONS)
    for text, result in zip(QUESTIONS, results, strict=True):
        alone = BagOfWords().encode_questions([text], [[Span(0, 4)]])
        assert np.array_equal(result.vectors, alone.vectors)
        assert np.array_equal(result.span_vectors[0], alone.span_vectors[0])


def test_several_passes_can_run_at_once() -> None:
    inner = GatedEncoder()
    encoder = BatchingEncoder(inner, max_passes=2)
    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(encoder.encode_questions, [text]) for text in QUESTIONS]
        wait_for_pending(encoder, 18)
        wait_until(lambda: len(inner.passes) == 2)
        inner.gate.set()
        assert all(future.result(10).vectors.shape == (1, 256) for future in futures)


def test_faulty_question_fails_alone() -> None:
    inner = GatedEncoder()
    encoder = BatchingEncoder(inner)
    texts = [QUESTIONS[1], "refuse this?", QUESTIONS[2]]
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(encoder.encode_questions, [QUESTIONS[0]])
        wait_until(lambda: bool(inner.passes))
        futures = [pool.submit(encoder.encode_questions, [text]) for text in texts]
        wait_for_pending(encoder, 3)
        inner.gate.set()
        for text, future in ((QUESTIONS[0], first), (texts[0], futures[0]), (texts[2], futures[2])):
            assert np.array_equal(future.result(10).vectors, BagOfWords().encode_questions([text]).vectors)
        with pytest.raises(ValueError, match="refused"):
            futures[1].result(10)
    assert encoder.encode_questions([QUESTIONS[3]]).vectors.shape == (1, 256)


def test_call_with_several_texts_is_passed_on() -> None:
    inner = GatedEncoder()
    inner.gate.set()
    encoder = BatchingEncoder(inner)
    assert encoder.encode_questions(QUESTIONS[:3]).vectors.shape == (3, 256)
    assert inner.passes == [QUESTIONS[:3]]


def test_passages_and_attributes_come_from_the_wrapped_encoder() -> None:
    inner = BagOfWords(fingerprint="print", max_tokens=99)
    encoder = BatchingEncoder(inner)
    assert (encoder.name, encoder.fingerprint, encoder.dimension, encoder.max_tokens) == (
        "bag-of-words", "print", 256, 99,
    )  # fmt: skip
    assert encoder.count_tokens("two words") == 4
    assert np.array_equal(encoder.encode_passages(["A text."]).vectors, inner.encode_passages(["A text."]).vectors)


@pytest.mark.real
def test_vectors_are_bit_identical_in_any_batch(e5: Encoder) -> None:
    texts = [*QUESTIONS[:6], "NBIS?", "Hur samarbetar sjukhusen med universiteten om genomisk medicin? " * 8]
    encoder = BatchingEncoder(e5)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda text: encoder.encode_questions([text], [[Span(0, 4)]]), texts * 4))
    for text, result in zip(texts * 4, results, strict=True):
        alone = e5.encode_questions([text], [[Span(0, 4)]])
        assert np.array_equal(result.vectors, alone.vectors), text
        assert np.array_equal(result.span_vectors[0], alone.span_vectors[0]), text
