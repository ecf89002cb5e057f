"""What the commands that train have in common: options, labels and the mix of examples."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.reader.data import SquadData, load_squad, load_true_spans
from training.reader.examples.example import ExampleMaker
from training.reader.examples.span_examples import MixedExamples, SpanExamples
from training.reader.examples.squad_examples import SquadExamples
from training.reader.training_loop import Plan

_TOKENS_PER_BATCH = {"cpu": 3072, "cuda": 16_384}
_EXAMPLES_PER_CHECKPOINT = {"cpu": 4000, "cuda": 100_000}
_MAX_WORKERS = 12
_FORMER_NAME = "lab"  # the name of the labels in files that were written before they had their present name


def add_training_options(parser: argparse.ArgumentParser, examples: int) -> None:
    """Add the options for a run of training, with this default number of examples."""
    parser.add_argument("--labels", type=Path, metavar="FILE", help="labels that training.reader.relabel wrote")
    parser.add_argument("--examples", type=int, default=examples, help="number of examples (default: %(default)s)")
    parser.add_argument("--tokens", type=int, help="tokens in a batch (default: 3072 on a CPU, 16384 on a GPU)")
    parser.add_argument("--checkpoint-every", type=int, metavar="EXAMPLES",
                        help="examples between checkpoints (default: 4000 on a CPU, 100000 on a GPU)")  # fmt: skip


def make_plan(options: argparse.Namespace, learning_rate: float, device: torch.device) -> Plan:
    """Make the plan of a run from the options that `add_training_options` added."""
    is_gpu = device.type == "cuda"
    return Plan(
        examples=options.examples,
        learning_rate=learning_rate,
        tokens_per_batch=options.tokens or _TOKENS_PER_BATCH[device.type],
        workers=min(_MAX_WORKERS, max(1, (os.cpu_count() or 1) - 1)) if is_gpu else 0,
        examples_per_checkpoint=options.checkpoint_every or _EXAMPLES_PER_CHECKPOINT[device.type],
    )


def make_examples(data: Path, labels: Path | None) -> ExampleMaker:
    """Return a maker of all training examples.

    Args:
        data: the folder that `prepare` wrote.
        labels: the labels of the questions of SQuAD, see `load_labels`. Without them, the inferred labels are used, the
            validation articles are held out, and texts are windows of sentences where possible.
    """
    squad = load_squad(data)
    used = squad.labels if labels is None else load_labels(labels, squad)
    pool = question_pool(used, squad.is_validation() if labels is None else None)
    squad_examples = SquadExamples(squad, used, pool, prefers_windows=labels is None)
    return MixedExamples(squad_examples, SpanExamples(load_true_spans(data)))


def load_labels(file: Path, squad: SquadData) -> NDArray[np.int8]:
    """Load the labels of all questions, `[questions]`: 1, 0 or `UNKNOWN`, as in `SquadData.labels`.

    Raises:
        ValueError: the labels are those of other questions.
    """
    with np.load(file) as arrays:
        labels: NDArray[np.int8] = arrays["labels" if "labels" in arrays.files else _FORMER_NAME]
    if len(labels) != len(squad.labels):
        raise ValueError(f"{str(file)!r} has {len(labels)} labels for {len(squad.labels)} questions; make new ones")
    return labels


def question_pool(labels: NDArray[np.int8], is_held_out: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the numbers of the questions to draw from: each answerable one once, each unanswerable one twice."""
    is_used = np.ones(len(labels), np.bool_) if is_held_out is None else ~is_held_out
    return np.concatenate([np.flatnonzero((labels >= 0) & is_used), np.flatnonzero((labels == 0) & is_used)])
