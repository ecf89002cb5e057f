"""Draws the form in which a question is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.reader.data import RaggedArray
from training.reader.examples.example import Tokens

FORM_SHARES: Mapping[str, float] = {"yes_no": 0.04, "lower_case": 0.2, "keywords": 0.08}  # of the questions


@dataclass(frozen=True)
class FormSampler:
    """Draws the form of a question.

    Attributes:
        forms: the tokens of each question in each form; none if the question has no such form.
        probabilities: the probability of each form, for a question that has it.
    """

    forms: Mapping[str, RaggedArray]
    probabilities: Mapping[str, float]

    @classmethod
    def of(cls, forms: Mapping[str, RaggedArray]) -> FormSampler:
        """Choose the probabilities so that the shares of all questions that are asked in a form are `FORM_SHARES`."""
        coverage = {form: float((np.diff(forms[form].offsets) > 0).mean()) for form in FORM_SHARES}
        return cls(forms, {form: share / max(coverage[form], share) for form, share in FORM_SHARES.items()})

    def draw(self, rng: Generator, question: int, original: Tokens) -> Tokens:
        """Return the tokens of `question` in a form drawn at random, most often the original."""
        position = rng.random()
        for form, probability in self.probabilities.items():
            tokens = self.forms[form][question]
            if len(tokens):
                position -= probability
                if position < 0:
                    return tokens
        return original
