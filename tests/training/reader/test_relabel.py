from __future__ import annotations

import numpy as np
import pytest

from training.reader.relabel import answerable_probabilities, fit_log_odds


def test_the_questions_of_a_paragraph_vote_on_one_cut() -> None:
    probabilities = answerable_probabilities(np.array([4.0, 3.0, -1.0, 3.0, -4.0, -4.0]))
    assert (probabilities[:4] > 0.8).all()  # the third question is outvoted by the fourth
    assert (probabilities[4:] < 0.2).all()


def test_probabilities_fall_along_the_paragraph() -> None:
    probabilities = answerable_probabilities(np.array([0.5, -0.2, 0.1, -0.3]))
    assert (np.diff(probabilities) <= 0).all()


def test_a_paragraph_without_evidence_probably_has_answerable_questions_only() -> None:
    assert answerable_probabilities(np.zeros(1)).tolist() == pytest.approx([np.e / (1 + np.e)])


def test_log_odds_rise_with_the_score() -> None:
    scores = np.array([-2.0, -1.0, 0.0, 0.5, -0.5, 1.0, 2.0])
    model = fit_log_odds(scores, np.array([0, 0, 1, 0, 1, 1, 1], np.int8))
    assert model.decision_function([[2.0]])[0] > 0 > model.decision_function([[-2.0]])[0]
