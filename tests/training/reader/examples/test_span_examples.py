from __future__ import annotations

import numpy as np
from numpy.random import Generator

from training.reader.data import FORMS, RaggedArray, SpanData
from training.reader.examples.example import Example, make_example
from training.reader.examples.span_examples import MixedExamples, SpanExamples

DATA = SpanData(
    texts=RaggedArray.of([np.arange(100, 109), np.arange(200, 203)], np.uint16),
    sentences=RaggedArray.of([np.repeat(np.arange(3), 3), np.zeros(3)], np.uint8),
    questions=RaggedArray.of([np.array([50]), np.array([51])], np.uint16),
    forms=dict.fromkeys(FORMS, RaggedArray.of([np.array([]), np.array([])], np.uint16)),
    labels=np.array([1, 0], np.int8),
    spans=RaggedArray.of([np.array([[4, 5]]), np.zeros((0, 2))], np.uint16),
)


class Constant:
    """Makes the same example again and again."""

    def __init__(self, token: int) -> None:
        self._token = token

    def make(self, rng: Generator) -> Example:
        return make_example(np.array([self._token], np.uint16), np.array([5], np.uint16))


def test_the_span_contains_the_answer_in_whole_texts_and_in_windows() -> None:
    maker, rng = SpanExamples(DATA), np.random.default_rng(0)
    examples = [maker.make(rng) for _ in range(200)]
    answerable = [example for example in examples if example.is_answerable]
    spans = [example.tokens[example.spans[0].first : example.spans[0].last + 1].tolist() for example in answerable]
    assert spans == [[104, 105]] * len(answerable)
    assert len({len(example.tokens) for example in answerable}) == 3


def test_the_unanswerable_example_has_its_whole_text_and_no_span() -> None:
    maker, rng = SpanExamples(DATA), np.random.default_rng(0)
    others = [example for _ in range(50) if not (example := maker.make(rng)).is_answerable]
    assert {(tuple(example.tokens.tolist()), example.spans) for example in others} == {
        ((0, 51, 2, 2, 200, 201, 202, 2), ())
    }


def test_the_mix_has_the_given_share_of_the_others() -> None:
    maker, rng = MixedExamples(Constant(10), Constant(11), 0.3), np.random.default_rng(0)
    examples = [maker.make(rng) for _ in range(1000)]
    assert 250 < sum(example is not None and 11 in example.tokens for example in examples) < 350
