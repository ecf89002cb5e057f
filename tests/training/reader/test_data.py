from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.reader.data import (
    FORMS,
    TRUE_SPANS_FILE,
    RaggedArray,
    SpanData,
    load_squad,
    load_true_spans,
    load_word_embeddings,
    save_data,
    save_word_embeddings,
)


def test_a_ragged_array_returns_its_sequences() -> None:
    ragged = RaggedArray.of([np.array([1, 2]), np.array([]), np.array([3])], np.uint16)
    assert [ragged[number].tolist() for number in range(len(ragged))] == [[1, 2], [], [3]]


def test_saved_data_is_loaded_as_it_was(tmp_path: Path) -> None:
    texts = RaggedArray.of([np.array([4, 5, 6]), np.array([7])], np.uint16)
    forms = {form: RaggedArray.of([np.array([8]), np.array([])], np.uint16) for form in FORMS}
    spans = RaggedArray.of([np.array([[1, 2]]), np.zeros((0, 2))], np.uint16)
    save_data(tmp_path / TRUE_SPANS_FILE, SpanData(texts, texts, texts, forms, np.array([1, 0], np.int8), spans))
    loaded = load_true_spans(tmp_path)
    assert loaded.texts[0].tolist() == [4, 5, 6]
    assert loaded.forms["yes_no"][0].tolist() == [8]
    assert loaded.spans[0].tolist() == [[1, 2]]
    assert loaded.labels.tolist() == [1, 0]


def test_missing_data_is_reported_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"run: python -m training\.reader\.prepare"):
        load_squad(tmp_path)


def test_word_embeddings_lose_little_when_they_are_saved(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    vectors[2] = 0
    save_word_embeddings(tmp_path, np.arange(5, dtype=np.int32), vectors)
    assert load_word_embeddings(tmp_path) == pytest.approx(vectors, abs=0.02)
