from __future__ import annotations

import numpy as np

from training.reader.examples.batches import NO_SPAN, BatchStream, collate, group_by_length
from training.reader.examples.example import CandidateSpan, Example, make_example


def example(length: int) -> Example:
    return make_example(np.array([7], np.uint16), np.full(length - 5, 9, np.uint16))


class Lengths:
    """Makes examples of 10 to 49 tokens, and now and then none."""

    def make(self, rng: np.random.Generator) -> Example | None:
        return example(int(rng.integers(10, 50))) if rng.random() < 0.9 else None


def test_a_batch_is_padded_to_a_multiple_of_sixteen_tokens() -> None:
    spans = (CandidateSpan(0, 1, -0.5),)
    answerable = make_example(np.array([7], np.uint16), np.array([8, 9], np.uint16), spans, True, 0.8)
    batch = collate([answerable, example(17)])
    assert batch.tokens.shape == (2, 32)
    assert batch.tokens[0, :8].tolist() == [0, 7, 2, 2, 8, 9, 2, 1]
    assert batch.segments[0, :8].tolist() == [0, 0, 0, 0, 1, 1, 0, 0]
    assert batch.spans[0, 0].tolist() == [4, 5]
    assert batch.log_priors[:, 0].tolist() == [-0.5, NO_SPAN]
    assert batch.labels.tolist() == [1.0, 0.0]
    assert batch.weights.tolist() == np.array([0.8, 1.0], np.float32).tolist()


def test_groups_contain_each_example_once_and_keep_within_the_number_of_tokens() -> None:
    examples = [example(length) for length in (40, 10, 20, 10, 33, 16)]
    groups = group_by_length(examples, 64)
    assert groups == [[1, 3, 5], [2], [4], [0]]
    assert group_by_length([], 64) == []


def test_a_stream_of_batches_depends_on_its_seed_only() -> None:
    first, again, other = (next(iter(BatchStream(Lengths(), 256, seed))) for seed in (1, 1, 2))
    assert first.tokens.tolist() == again.tokens.tolist()
    assert first.tokens.tolist() != other.tokens.tolist()
    assert first.tokens.numel() <= 256
