"""Trains a network on batches of examples, with checkpoints from which an interrupted run goes on."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW

from training.reader.examples.batches import Batch, BatchStream, collate, load_batches
from training.reader.examples.example import ExampleMaker, make_example
from training.reader.inference import Reader
from training.reader.losses import Loss
from training.reader.network import Layer, ReaderNetwork, save_weights

WEIGHTS_NAME = "reader"
_WARM_UP, _LOWEST_RATE = 0.06, 0.02  # share of the examples; share of the learning rate
_MAX_GRADIENT_NORM = 1.0
_EVALUATIONS = 4  # per run, the last one at its end


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        examples: the number of examples of the whole run, which determines the learning rate at each point.
        learning_rate: the highest learning rate.
        tokens_per_batch: the maximum number of tokens in a batch, with padding.
        workers: the number of processes that make examples; 0 to make them in the process that trains.
        examples_per_checkpoint: the number of examples between checkpoints.
    """

    examples: int
    learning_rate: float
    tokens_per_batch: int
    workers: int
    examples_per_checkpoint: int

    def rate_at(self, examples: int) -> float:
        """Return the learning rate after this many examples: it rises linearly, then falls like a cosine."""
        progress = min(1.0, examples / self.examples)
        if progress < _WARM_UP:
            return self.learning_rate * progress / _WARM_UP
        cosine = math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP))
        return self.learning_rate * max(_LOWEST_RATE, (1 + cosine) / 2)


class Trainer:
    """Trains the network of a reader.

    Args:
        reader: the reader.
        loss: the loss of a batch, with the network as it is when the loss is called.
        plan: how to train.
        out: the folder for the checkpoint and the weights.
    """

    def __init__(self, reader: Reader, loss: Loss, plan: Plan, out: Path) -> None:
        self._reader, self._loss, self._plan, self._out = reader, loss, plan, out
        self._checkpoint = out / "checkpoint.pt"
        self._optimiser = make_optimiser(reader.network, plan.learning_rate)
        self._examples = 0
        out.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.is_file():
            self._load_checkpoint()

    def train(self, maker: ExampleMaker, evaluate: Callable[[], str]) -> None:
        """Train on examples from `maker`, print the metrics that `evaluate` returns, and save the weights."""
        stream = BatchStream(maker, self._plan.tokens_per_batch, seed=self._examples)
        batches = load_batches(stream, self._plan.workers, self._reader.device)
        while self._examples < self._plan.examples:
            evaluations = self._evaluations_due()
            self._train_until(min(self._plan.examples, self._examples + self._plan.examples_per_checkpoint), batches)
            self._save_checkpoint()
            if self._evaluations_due() > evaluations:
                print(evaluate(), flush=True)
        save_weights(self._reader.network.state_dict(), self._out, WEIGHTS_NAME)

    def _evaluations_due(self) -> int:
        return self._examples * _EVALUATIONS // self._plan.examples

    def _train_until(self, target: int, batches: Iterator[Batch]) -> None:
        """Train until `target` examples, then print the mean loss and the speed."""
        self._reader.network.train()
        start, first, losses = time.monotonic(), self._examples, []
        while self._examples < target:
            losses.append(self._train_on(next(batches)))
        speed = (self._examples - first) / (time.monotonic() - start)
        print(f"{self._examples} examples, loss {torch.stack(losses).mean():.3f}, {speed:.1f} examples/s", flush=True)

    def _train_on(self, batch: Batch) -> Tensor:
        for group in self._optimiser.param_groups:
            group["lr"] = self._plan.rate_at(self._examples)
        loss = self._loss(batch.to(self._reader.device))
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._reader.network.parameters(), _MAX_GRADIENT_NORM)
        self._optimiser.step()
        self._examples += len(batch.labels)
        return loss.detach()

    def _save_checkpoint(self) -> None:
        """Replace the checkpoint in one step, so that an interruption leaves the old one or the new one."""
        state = {
            "network": self._reader.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "examples": self._examples,
        }
        unfinished = self._checkpoint.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self._checkpoint)

    def _load_checkpoint(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._reader.device, weights_only=True)
        self._reader.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._examples = int(state["examples"])
        print(f"going on from {str(self._checkpoint)!r} after {self._examples} examples", flush=True)


def make_optimiser(network: ReaderNetwork, learning_rate: float) -> AdamW:
    """Create the optimiser; only matrices have weight decay."""
    parameters = list(network.parameters())
    groups = [
        {"params": [item for item in parameters if item.dim() > 1], "weight_decay": 0.01},
        {"params": [item for item in parameters if item.dim() <= 1], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True)


def compile_layers(reader: Reader, with_gradients: bool = True) -> None:
    """Compile the layers of the network, which saves a quarter of the time. It takes a minute and a C++ compiler.

    If compiling fails, the layers stay as they are, and training is slower.

    Args:
        reader: the reader with the network.
        with_gradients: whether the network is to be trained; otherwise, it is only to be run.
    """
    layers = [layer for layer in reader.network.layers if isinstance(layer, Layer)]
    for layer in layers:
        layer.compile(dynamic=True)
    reader.network.train(with_gradients)
    try:
        for text_length in (80, 200):  # two different lengths show the compiler that the length varies
            example = make_example(np.zeros(10, np.uint16), np.zeros(text_length, np.uint16))
            with torch.set_grad_enabled(with_gradients):
                span_logits, answer_logits = reader.logits(collate([example] * 8).to(reader.device))
            if with_gradients:
                torch.autograd.backward(span_logits.mean() + answer_logits.mean())
    except Exception as error:  # the compiler's parts raise their own error classes
        print(f"training without compiled layers, which is slower: {str(error)[:200]}", file=sys.stderr)
        for layer in layers:
            layer._compiled_call_impl = None  # torch has no public way back
    reader.network.zero_grad(set_to_none=True)
