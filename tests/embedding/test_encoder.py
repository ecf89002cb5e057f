from __future__ import annotations

import numpy as np
import pytest

from assistant.embedding.encoder import to_unit_length


def test_rows_are_scaled_to_unit_length() -> None:
    scaled = to_unit_length(np.array([[3, 4], [0, -2]], dtype=np.float32))
    assert scaled.dtype == np.float32
    assert scaled == pytest.approx(np.array([[0.6, 0.8], [0, -1]]))


def test_zero_rows_stay_zero() -> None:
    assert to_unit_length(np.zeros((1, 3), dtype=np.float32)).tolist() == [[0, 0, 0]]
    assert to_unit_length(np.zeros((0, 3), dtype=np.float32)).shape == (0, 3)
