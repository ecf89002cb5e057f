from __future__ import annotations

import numpy as np

from training.reader.preparation.text_spans import find_pieces, sentence_numbers, sentence_ranges, tokens_within


def test_sentences_end_before_a_capital_letter_and_cover_the_text() -> None:
    text = "The mill is old. It was built in 1847, ca. ten years before the bridge! Why?"
    assert [text[start:end] for start, end in sentence_ranges(text)] == [
        "The mill is old. ",
        "It was built in 1847, ca. ten years before the bridge! ",
        "Why?",
    ]


def test_positions_belong_to_the_sentence_around_them() -> None:
    assert sentence_numbers("One. Two. Three", [0, 4, 5, 14, 15]).tolist() == [0, 0, 1, 2, 2]


def test_pieces_are_found_in_order_and_missing_ones_are_left_out() -> None:
    text = "two mills and two bridges"
    assert find_pieces(text, ["two", "ships", "two", "mills"]) == [(0, 3), (14, 17), (4, 9)]


def test_the_first_and_last_token_of_a_range_overlap_it() -> None:
    offsets = np.array([[0, 3], [3, 9], [9, 13]])
    assert tokens_within(offsets, (4, 10)) == (1, 2)
    assert tokens_within(offsets, (20, 30)) is None
