"""Trains a smaller reader to agree with a trained one, its teacher.

    python -m training.reader.distil DATA TEACHER OUT --layers 6 --labels LABELS.npz

It starts with layers of the teacher. It writes checkpoints, and goes on from the last one when it is run again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from training.reader.evaluate import evaluate, load_evaluation_sets
from training.reader.inference import Reader, choose_device, load_reader, take_layers
from training.reader.losses import distillation_loss
from training.reader.run_setup import add_training_options, make_examples, make_plan
from training.reader.training_loop import Trainer, compile_layers

DEFAULT_EXAMPLES = 120_000
LEARNING_RATE = 2e-4


def main() -> None:
    """Distil a trained reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that training.reader.prepare wrote")
    parser.add_argument("teacher", type=Path, help="folder of the trained weights")
    parser.add_argument("out", type=Path, help="folder for the checkpoint and the weights")
    parser.add_argument("--layers", type=int, default=6, help="number of layers (default: %(default)s)")
    add_training_options(parser, DEFAULT_EXAMPLES)
    options = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    device = choose_device()
    teacher = load_reader(options.data, options.teacher, device)
    student = Reader(take_layers(teacher.network, options.layers).to(device), teacher.word_embeddings)
    plan = make_plan(options, LEARNING_RATE, device)
    examples, development_sets = make_examples(options.data, options.labels), load_evaluation_sets(options.data)
    trainer = Trainer(student, distillation_loss(student, teacher), plan, options.out)
    compile_layers(teacher, with_gradients=False)
    compile_layers(student)
    trainer.train(examples, lambda: evaluate(student, development_sets))


if __name__ == "__main__":
    main()
