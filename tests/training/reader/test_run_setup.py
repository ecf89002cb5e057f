from __future__ import annotations

import numpy as np

from training.reader.run_setup import question_pool


def test_unanswerable_questions_are_drawn_twice_as_often_and_unknown_ones_never() -> None:
    assert sorted(question_pool(np.array([1, 0, -1, 1], np.int8)).tolist()) == [0, 1, 1, 3]


def test_held_out_questions_are_never_drawn() -> None:
    held_out = np.array([False, True, False, False])
    assert question_pool(np.array([1, 0, -1, 1], np.int8), held_out).tolist() == [0, 3]
