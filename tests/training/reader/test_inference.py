from __future__ import annotations

import numpy as np
import pytest
import torch

from training.reader.examples.example import make_example
from training.reader.inference import Reader, best_spans, read_examples, take_layers
from training.reader.network import HIDDEN_SIZE, ReaderNetwork


def test_the_best_span_ends_after_its_start_and_is_compared_with_no_answer() -> None:
    logits = torch.zeros(1, 6, 2)
    logits[0, 4, 0] = logits[0, 2, 1] = 9.0  # the best start is after the best end
    logits[0, 3, 0], logits[0, 5, 1] = 6.0, 5.0
    margin, span = best_spans(logits)
    assert span.tolist() == [[4, 5]]
    assert margin.tolist() == [pytest.approx(14.0, abs=1e-4)]


def test_the_best_span_has_at_most_thirty_tokens() -> None:
    logits = torch.zeros(1, 60, 2)
    logits[0, 5, 0], logits[0, 50, 1], logits[0, 34, 1] = 9.0, 9.0, 1.0
    assert best_spans(logits)[1].tolist() == [[5, 34]]


def test_the_layers_taken_are_evenly_spaced() -> None:
    network = ReaderNetwork(4)
    smaller = take_layers(network, 2)
    assert torch.equal(smaller.layers[0].qkv.weight, network.layers[1].qkv.weight)
    assert torch.equal(smaller.layers[1].qkv.weight, network.layers[3].qkv.weight)
    assert torch.equal(smaller.span_head.weight, network.span_head.weight)


def test_more_layers_than_there_are_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="choose 1 to 2"):
        take_layers(ReaderNetwork(2), 3)


def test_examples_are_read_in_any_order_and_spans_count_from_the_text() -> None:
    torch.manual_seed(0)
    reader = Reader(ReaderNetwork(1), torch.randn(20, HIDDEN_SIZE))
    rng = np.random.default_rng(0)
    examples = [
        make_example(np.array([5, 6], np.uint16), rng.integers(4, 20, length).astype(np.uint16))
        for length in (30, 3, 9)
    ]
    together = read_examples(reader, examples)
    alone = [read_examples(reader, [example]) for example in examples]
    assert together.answer_logits == pytest.approx([reading.answer_logits[0] for reading in alone], abs=0.05)
    assert all(0 <= first <= last < len(example.tokens) - example.text_start - 1
               for example, (first, last) in zip(examples, together.spans.tolist(), strict=True))  # fmt: skip
