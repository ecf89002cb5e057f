"""What training minimises."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from training.reader.examples.batches import NO_SPAN, Batch
from training.reader.inference import Reader

_SPAN_WEIGHT = 0.5  # of the span loss, compared with the loss of the answerability logit
_LABEL_WEIGHT = 0.3  # of the loss on the labels when a network is distilled
_TEACHER_ANSWER_WEIGHT = 2.0  # of the teacher's answerability logit, compared with its spans

Loss = Callable[[Batch], Tensor]


def label_loss(reader: Reader) -> Loss:
    """Return the loss of `reader` on the labels of a batch."""
    return lambda batch: (_label_losses(*reader.logits(batch), batch) * batch.weights).mean()


def distillation_loss(reader: Reader, teacher: Reader) -> Loss:
    """Return a loss that is low if `reader` agrees with `teacher` and, to a lesser degree, with the labels.

    The teacher's probabilities are the targets (Hinton et al. 2015, arXiv:1503.02531).
    """

    def loss(batch: Batch) -> Tensor:
        span_logits, answer_logits = reader.logits(batch)
        with torch.no_grad():
            teacher_spans, teacher_answers = teacher.logits(batch)
        span_losses = -(teacher_spans.softmax(dim=1) * span_logits.log_softmax(dim=1)).sum(dim=(1, 2))
        answer_losses = _binary_losses(answer_logits, teacher_answers.sigmoid())
        teacher_losses = _SPAN_WEIGHT * span_losses + _TEACHER_ANSWER_WEIGHT * answer_losses
        losses = _LABEL_WEIGHT * _label_losses(span_logits, answer_logits, batch) + teacher_losses
        return (losses * batch.weights).mean()

    return loss


def _label_losses(span_logits: Tensor, answer_logits: Tensor, batch: Batch) -> Tensor:
    """Return the loss of each example, `[batch]`."""
    return _SPAN_WEIGHT * span_losses(span_logits, batch) + _binary_losses(answer_logits, batch.labels)


def span_losses(span_logits: Tensor, batch: Batch) -> Tensor:
    """Return the negative log-likelihood of the answers, `[batch]`; 0 for an answer of which no candidate is known.

    Which candidate span is the answer isn't known for certain, so the likelihood is the marginal one: the sum over the
    candidates, weighted by their priors (Clark and Gardner 2018, arXiv:1710.10723, section 3.2).
    """
    starts, ends = span_logits.log_softmax(dim=1).unbind(dim=2)
    candidates = starts.gather(1, batch.spans[..., 0]) + ends.gather(1, batch.spans[..., 1])
    has_span = batch.log_priors > NO_SPAN
    candidates = (candidates + batch.log_priors).masked_fill(~has_span, NO_SPAN)
    answered = torch.where(has_span.any(dim=1), -candidates.logsumexp(dim=1), 0.0)
    return torch.where(batch.labels > 0, answered, -(starts[:, 0] + ends[:, 0]))


def _binary_losses(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
