from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.random import Generator

from training.reader.examples.example import Example, make_example
from training.reader.inference import Reader
from training.reader.losses import label_loss
from training.reader.network import HIDDEN_SIZE, ReaderNetwork, load_network
from training.reader.training_loop import Plan, Trainer


class FirstTokenDecides:
    """Makes examples that are answerable if the text begins with token 5, and unanswerable if with token 6."""

    def make(self, rng: Generator) -> Example:
        first = int(rng.integers(5, 7))
        return make_example(np.array([7], np.uint16), np.array([first, 8], np.uint16), is_answerable=first == 5)


def make_reader() -> Reader:
    torch.manual_seed(0)
    return Reader(ReaderNetwork(1), torch.randn(10, HIDDEN_SIZE))


def train(reader: Reader, examples: int, out: Path) -> list[str]:
    plan = Plan(examples, 1e-3, tokens_per_batch=256, workers=0, examples_per_checkpoint=32)
    evaluations: list[str] = []
    Trainer(reader, label_loss(reader), plan, out).train(FirstTokenDecides(), lambda: evaluations.append("x") or "")
    return evaluations


def test_the_learning_rate_rises_and_then_falls() -> None:
    plan = Plan(1000, 1e-4, 256, 0, 100)
    assert plan.rate_at(30) == pytest.approx(0.5e-4)
    assert plan.rate_at(60) == pytest.approx(1e-4)
    assert plan.rate_at(530) == pytest.approx(0.5e-4)
    assert plan.rate_at(1000) == pytest.approx(0.02e-4)


def test_training_saves_the_weights_and_evaluates_four_times(tmp_path: Path) -> None:
    reader = make_reader()
    evaluations = train(reader, 128, tmp_path)
    assert len(evaluations) == 4
    saved = load_network(tmp_path, "reader").state_dict()
    assert torch.equal(saved["pooler.weight"], reader.network.state_dict()["pooler.weight"].half().float())


def test_training_goes_on_from_the_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = make_reader()
    train(first, 64, tmp_path)
    capsys.readouterr()
    second = make_reader()
    train(second, 64, tmp_path)
    assert "after 64 examples" in capsys.readouterr().out
    assert torch.equal(second.network.pooler.weight, first.network.pooler.weight)
