"""Runs the network on examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.reader.data import load_word_embeddings
from training.reader.examples.batches import Batch, collate, group_by_length
from training.reader.examples.example import Example
from training.reader.network import PADDING_ID, ReaderNetwork, load_network

MAX_ANSWER_TOKENS = 30
_MARGIN_WEIGHT, _MAX_MARGIN = 0.4, 8.0
_TOKENS_PER_BATCH = {"cpu": 4096, "cuda": 65_536}


@dataclass(frozen=True)
class Reader:
    """The network with its word embeddings.

    Attributes:
        network: the network.
        word_embeddings: the embeddings of the tokens that occur in the data, `[vocabulary, hidden]`.
    """

    network: ReaderNetwork
    word_embeddings: Tensor

    @property
    def device(self) -> torch.device:
        """The device of the network and of the embeddings."""
        return self.word_embeddings.device

    def logits(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the span logits, `[batch, tokens, 2]`, and the answerability logits, `[batch]`."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_bfloat16_fast(self.device)):
            mask = batch.tokens.ne(PADDING_ID).long()
            span_logits, answer_logits = self.network(self.word_embeddings[batch.tokens], batch.segments, mask)
        return span_logits, answer_logits


@dataclass(frozen=True)
class Readings:
    """What the network makes of examples.

    Attributes:
        answer_logits: the log-odds that the text answers the question, `[examples]`.
        margins: the log-probability of the best span minus that of "no answer", `[examples]`.
        spans: first and last token of the best span, counted from the beginning of the text, `[examples, 2]`.
    """

    answer_logits: NDArray[np.float32]
    margins: NDArray[np.float32]
    spans: NDArray[np.int64]

    @property
    def scores(self) -> NDArray[np.float32]:
        """One score made of both signs, `[examples]`. The weights were chosen on the development sets."""
        return (self.answer_logits + _MARGIN_WEIGHT * self.margins.clip(-_MAX_MARGIN, _MAX_MARGIN)).astype(np.float32)


def load_reader(data: Path, weights: Path, device: torch.device, layer_count: int | None = None) -> Reader:
    """Load a network and the word embeddings.

    Args:
        data: the folder that `prepare` wrote.
        weights: a folder with the weights of one network.
        device: the device to put them on.
        layer_count: the number of layers to take from the network, see `take_layers`; all by default.

    Raises:
        FileNotFoundError: a folder lacks its files, or there are weights of several networks.
    """
    names = {file.name.split(".")[0] for file in weights.glob("*.[0-9]*.npz")}
    if len(names) != 1:
        raise FileNotFoundError(f"{str(weights)!r} must contain the weights of one network, not of {len(names)}")
    network = load_network(weights, names.pop())
    if layer_count is not None:
        network = take_layers(network, layer_count)
    word_embeddings = torch.from_numpy(load_word_embeddings(data))
    return Reader(network.to(device), word_embeddings.to(device))


def take_layers(network: ReaderNetwork, count: int) -> ReaderNetwork:
    """Return a network with copies of `count` layers of `network`, evenly spaced and ending with the last one.

    A network with fewer layers that starts like this learns quickly from the whole one (Sanh et al. 2019,
    arXiv:1910.01108).

    Raises:
        ValueError: `network` has fewer layers.
    """
    available = len(network.layers)
    if not 1 <= count <= available:
        raise ValueError(f"can't take {count} layers from a network of {available}; choose 1 to {available}")
    chosen = [(number + 1) * available // count - 1 for number in range(count)]
    smaller = ReaderNetwork(count)
    weights = {name: weight for name, weight in network.state_dict().items() if not name.startswith("layers.")}
    for new, old in enumerate(chosen):
        layer = network.layers[old].state_dict()
        weights |= {f"layers.{new}.{name}": weight for name, weight in layer.items()}
    smaller.load_state_dict(weights)
    return smaller


def choose_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def is_bfloat16_fast(device: torch.device) -> bool:
    """Return whether `device` calculates faster with bfloat16: a GPU, or a CPU with AMX."""
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16", False))


@torch.no_grad()
def read_examples(reader: Reader, examples: Sequence[Example]) -> Readings:
    """Read `examples`."""
    reader.network.eval()
    answer_logits, margins = np.zeros(len(examples), np.float32), np.zeros(len(examples), np.float32)
    spans = np.zeros((len(examples), 2), np.int64)
    for group in group_by_length(examples, _TOKENS_PER_BATCH[reader.device.type]):
        batch = collate([examples[number] for number in group]).to(reader.device)
        with torch.compiler.set_stance("force_eager"):  # the layers were compiled for training only
            span_logits, logits = reader.logits(batch)
        margin, best = best_spans(span_logits)
        answer_logits[group], margins[group], spans[group] = logits.cpu(), margin.cpu(), best.cpu()
    return Readings(answer_logits, margins, spans - np.array([[example.text_start] for example in examples]))


def best_spans(span_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return the margin of the best span over "no answer", `[batch]`, and its first and last token, `[batch, 2]`.

    Args:
        span_logits: the logits of the start and the end of the answer at each token, `[batch, tokens, 2]`. The first
            token stands for "no answer".
    """
    starts, ends = span_logits.log_softmax(dim=1).unbind(dim=2)
    scores = starts[:, 1:, None] + ends[:, None, 1:]
    in_order = torch.ones_like(scores[0], dtype=torch.bool).triu().tril(MAX_ANSWER_TOKENS - 1)
    best, position = scores.masked_fill(~in_order, -torch.inf).flatten(1).max(dim=1)
    spans = torch.stack([position // scores.shape[1], position % scores.shape[1]], dim=1) + 1
    return best - starts[:, 0] - ends[:, 0], spans
