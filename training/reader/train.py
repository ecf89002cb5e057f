"""Trains the reader, in two stages.

    python -m training.reader.train DATA STAGE1
    python -m training.reader.relabel DATA STAGE1 LABELS.npz
    python -m training.reader.train DATA STAGE2 --start STAGE1 --labels LABELS.npz

Without labels (stage one), training uses the inferred ones, holds the validation articles out and reads windows of one
to four sentences. With labels (stage two), it uses all questions and also reads whole paragraphs.

It writes checkpoints, and goes on from the last one when it is run again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from training.reader.evaluate import evaluate, load_evaluation_sets
from training.reader.inference import choose_device, load_reader
from training.reader.losses import label_loss
from training.reader.run_setup import add_training_options, make_examples, make_plan
from training.reader.training_loop import Trainer, compile_layers

DEFAULT_EXAMPLES = 120_000
LEARNING_RATE, STAGE_TWO_LEARNING_RATE = 1e-4, 7e-5


def main() -> None:
    """Train the reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that training.reader.prepare wrote")
    parser.add_argument("out", type=Path, help="folder for the checkpoint and the weights")
    parser.add_argument("--start", type=Path, metavar="FOLDER",
                        help="weights to start with (default: multilingual-e5-small)")  # fmt: skip
    parser.add_argument("--layers", type=int, help="number of layers to take from these weights (default: all)")
    add_training_options(parser, DEFAULT_EXAMPLES)
    options = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    device = choose_device()
    reader = load_reader(options.data, options.start or options.data, device, options.layers)
    plan = make_plan(options, STAGE_TWO_LEARNING_RATE if options.labels else LEARNING_RATE, device)
    examples, development_sets = make_examples(options.data, options.labels), load_evaluation_sets(options.data)
    trainer = Trainer(reader, label_loss(reader), plan, options.out)
    compile_layers(reader)
    trainer.train(examples, lambda: evaluate(reader, development_sets))


if __name__ == "__main__":
    main()
