from __future__ import annotations

import pytest

from training.reader.preparation.answer_types import AnswerType, answer_type_score


@pytest.mark.parametrize(
    ("answer_type", "fitting", "unfitting"),
    [
        ("time", "in March 1847", "Anna Berg"),
        ("number", "seven mills", "Anna Berg"),
        ("number", "7", "1847"),
        ("person", "Anna Berg", "1847"),
        ("place", "Norrtälje", "seven"),
        ("reason", "because the river froze early", "1847"),
        ("other", "a water wheel", "1847"),
    ],
)
def test_a_fitting_piece_scores_higher(answer_type: AnswerType, fitting: str, unfitting: str) -> None:
    assert answer_type_score(answer_type, fitting) > answer_type_score(answer_type, unfitting)
