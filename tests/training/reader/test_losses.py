from __future__ import annotations

import numpy as np
import pytest
import torch

from training.reader.examples.batches import collate
from training.reader.examples.example import CandidateSpan, Example, make_example
from training.reader.losses import span_losses

QUESTION, TEXT = np.array([7], np.uint16), np.array([8, 9, 10], np.uint16)


def loss_of(example: Example, logits: torch.Tensor) -> float:
    return float(span_losses(logits, collate([example]))[0])


def test_the_likelihood_is_the_sum_over_the_candidates() -> None:
    spans = (CandidateSpan(0, 0, float(np.log(0.75))), CandidateSpan(1, 2, float(np.log(0.25))))
    loss = loss_of(make_example(QUESTION, TEXT, spans, True), torch.zeros(1, 16, 2))
    assert loss == pytest.approx(2 * np.log(16), abs=1e-4)


def test_an_unanswerable_question_points_at_the_first_token() -> None:
    logits = torch.zeros(1, 16, 2)
    logits[0, 0] = 20.0
    assert loss_of(make_example(QUESTION, TEXT), logits) == pytest.approx(0, abs=1e-4)


def test_an_answer_of_which_no_candidate_is_known_costs_nothing_and_has_finite_gradients() -> None:
    logits = torch.zeros(1, 16, 2, requires_grad=True)
    losses = span_losses(logits, collate([make_example(QUESTION, TEXT, (), True)]))
    torch.autograd.backward(losses.sum())
    assert losses.tolist() == [0.0]
    assert logits.grad is not None
    assert logits.grad.abs().max() == 0
