from __future__ import annotations

import numpy as np
import pytest

from training.reader.examples.example import CandidateSpan
from training.reader.examples.windows import draw_window, spans_within, window_tokens

SENTENCES = np.array([0, 0, 1, 2, 2, 2, 3, 4, 4], np.uint8)


def test_a_window_contains_the_sentence_that_it_must_contain() -> None:
    rng = np.random.default_rng(0)
    windows = [draw_window(rng, SENTENCES, including=2) for _ in range(100)]
    assert all(window is not None and window.start <= 3 and window.stop >= 6 for window in windows)
    assert len({(window.start, window.stop) for window in windows if window}) > 5


@pytest.mark.parametrize("sentence", [0, 2, 4])
def test_a_window_does_not_contain_the_sentence_that_it_must_not_contain(sentence: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        window = draw_window(rng, SENTENCES, excluding=sentence)
        assert window is not None
        assert sentence not in SENTENCES[window]


def test_windows_have_one_to_four_sentences() -> None:
    rng = np.random.default_rng(0)
    windows = [draw_window(rng, SENTENCES) for _ in range(300)]
    assert {len(np.unique(SENTENCES[window])) for window in windows if window} == {1, 2, 3, 4}


def test_a_text_of_one_sentence_has_no_window_without_it() -> None:
    assert draw_window(np.random.default_rng(0), np.zeros(5, np.uint8), excluding=0) is None


def test_a_window_covers_all_tokens_of_its_sentences() -> None:
    assert window_tokens(SENTENCES, 1, 2) == slice(2, 6)
    assert window_tokens(SENTENCES, 7, 2) is None


def test_only_spans_inside_a_window_are_kept_and_counted_from_its_beginning() -> None:
    spans = (CandidateSpan(1, 2, -1.0), CandidateSpan(3, 5, -2.0), CandidateSpan(5, 6, -3.0))
    assert spans_within(spans, slice(2, 6)) == (CandidateSpan(1, 3, -2.0),)
