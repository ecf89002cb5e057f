from __future__ import annotations

import numpy as np

from training.reader.examples.example import CandidateSpan, make_example

QUESTION, TEXT = np.array([10, 11], np.uint16), np.array([20, 21, 22], np.uint16)


def test_an_example_joins_question_and_text_with_special_tokens() -> None:
    example = make_example(QUESTION, TEXT)
    assert example.tokens.tolist() == [0, 10, 11, 2, 2, 20, 21, 22, 2]
    assert example.text_start == 5


def test_spans_are_counted_from_the_first_token_and_stay_inside_the_text() -> None:
    spans = (CandidateSpan(0, 1, -0.5), CandidateSpan(2, 3, -1.0))
    assert make_example(QUESTION, TEXT, spans, True).spans == (CandidateSpan(5, 6, -0.5),)
