"""Puts examples of similar lengths into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.reader.examples.example import MAX_SPANS, Example, ExampleMaker
from training.reader.network import PADDING_ID

NO_SPAN = -1e4  # finite, because a logarithm of a sum has no gradient where all its terms are zero
_WIDTH_STEP = 16  # tokens; a batch is padded to a multiple of it
_EXAMPLES_PER_SORT = 2048


class Batch(NamedTuple):
    """A batch of examples.

    Attributes:
        tokens: the tokens, `[batch, tokens]`.
        segments: 1 for the tokens of the text, else 0, `[batch, tokens]`.
        spans: first and last token of the candidate spans, `[batch, spans, 2]`.
        log_priors: the logarithms of their probabilities, `NO_SPAN` where there is no span, `[batch, spans]`.
        labels: 1 if the text answers the question, else 0, `[batch]`.
        weights: the weights of the examples, `[batch]`.
    """

    tokens: Tensor
    segments: Tensor
    spans: Tensor
    log_priors: Tensor
    labels: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


def collate(examples: Sequence[Example]) -> Batch:
    """Make a batch of `examples`."""
    count, width = len(examples), padded_width(max(len(example.tokens) for example in examples))
    tokens, segments = np.full((count, width), PADDING_ID, np.int64), np.zeros((count, width), np.int64)
    spans, log_priors = np.zeros((count, MAX_SPANS, 2), np.int64), np.full((count, MAX_SPANS), NO_SPAN, np.float32)
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = example.tokens
        segments[row, example.text_start : len(example.tokens) - 1] = 1
        for column, span in enumerate(example.spans):
            spans[row, column], log_priors[row, column] = (span.first, span.last), span.log_prior
    labels = np.array([example.is_answerable for example in examples], np.float32)
    weights = np.array([example.weight for example in examples], np.float32)
    return Batch(*map(torch.from_numpy, (tokens, segments, spans, log_priors, labels, weights)))


def padded_width(length: int) -> int:
    """Return the width of a batch whose longest example has `length` tokens."""
    return -(-length // _WIDTH_STEP) * _WIDTH_STEP


def group_by_length(examples: Iterable[Example], max_tokens: int) -> list[list[int]]:
    """Group examples of similar lengths so that a batch of each group has at most `max_tokens` tokens with padding.

    Returns:
        The numbers of the examples in each group, the shortest examples first.
    """
    lengths = [len(example.tokens) for example in examples]
    groups: list[list[int]] = [[]]
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if groups[-1] and padded_width(lengths[number]) * (len(groups[-1]) + 1) > max_tokens:
            groups.append([])
        groups[-1].append(number)
    return groups if groups[-1] else []


@dataclass(frozen=True)
class BatchStream(IterableDataset[Batch]):
    """An endless stream of batches. Each worker process of a `DataLoader` makes examples of its own.

    Attributes:
        maker: makes the examples.
        max_tokens: the maximum number of tokens in a batch, with padding.
        seed: the seed of the randomness.
    """

    maker: ExampleMaker
    max_tokens: int
    seed: int

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            drawn = (self.maker.make(rng) for _ in range(_EXAMPLES_PER_SORT))
            examples = [example for example in drawn if example is not None]
            groups = group_by_length(examples, self.max_tokens)
            for group in rng.permutation(len(groups)):
                if len(groups[group]) > 1:  # for a single example, compiled layers would be compiled again
                    yield collate([examples[number] for number in groups[group]])


def load_batches(stream: BatchStream, workers: int, device: torch.device) -> Iterator[Batch]:
    """Iterate over `stream`, made by this many worker processes; with 0, it is made in this process."""
    return iter(DataLoader(
        stream, batch_size=None, num_workers=workers, prefetch_factor=8 if workers else None,
        pin_memory=device.type == "cuda",
    ))  # fmt: skip
