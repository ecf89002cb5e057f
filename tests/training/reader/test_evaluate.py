from __future__ import annotations

import numpy as np
import pytest

from training.reader.evaluate import measure
from training.reader.inference import Readings


def test_metrics_compare_the_readings_with_labels_and_answers() -> None:
    readings = Readings(
        answer_logits=np.array([2, 1, -1, 0, -2, -3], np.float32),
        margins=np.array([5, 4, 3, -1, -2, -3], np.float32),
        spans=np.array([[1, 2], [4, 4], [7, 9], [0, 0], [0, 0], [0, 0]]),
    )
    answers = [
        np.array(spans, np.uint16).reshape(-1, 2) for spans in ([[2, 3]], [[5, 6]], [[0, 0], [9, 9]], [], [], [])
    ]
    metrics = measure(readings, np.array([1, 1, 1, 0, 0, 0], np.int8), answers)
    assert metrics.answer_auc == pytest.approx(8 / 9)
    assert metrics.margin_auc == 1
    assert metrics.score_auc == 1
    assert metrics.refused == 1
    assert metrics.overlap == pytest.approx(2 / 3)
