from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding.encoder import Encoder
from assistant.embedding.onnx_encoder import OnnxEncoder, _batches
from assistant.errors import ModelError
from assistant.schema import Span


def test_mean_pooling_averages_the_tokens_of_prompt_and_text(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(), threads=1)
    expected = np.array([1 + 2, 2, 0]) / np.linalg.norm([3, 2, 0])
    assert encoder.encode_questions(["red green"]).vectors[0] == pytest.approx(expected)


def test_cls_pooling_uses_the_first_token(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(pooling="cls"), threads=1)
    assert encoder.encode_passages(["red blue"]).vectors.tolist() == [[0, 1, 0]]


def test_questions_and_passages_have_different_prompts(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(pooling="cls"), threads=1)
    assert encoder.encode_questions(["red"]).vectors.tolist() == [[1, 0, 0]]
    assert encoder.encode_passages(["red"]).vectors.tolist() == [[0, 1, 0]]


def test_span_vectors_average_the_tokens_in_the_span(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(), threads=1)
    encoded = encoder.encode_passages(["red green", "blue"], [[Span(0, 3), Span(0, 9)], []])
    half = 0.5**0.5
    assert encoded.span_vectors[0] == pytest.approx(np.array([[1, 0, 0], [half, half, 0]]))
    assert encoded.span_vectors[1].shape == (0, 3)


def test_truncated_span_has_a_zero_vector(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(max_tokens=3), threads=1)
    spans = encoder.encode_passages(["red green blue"], [[Span(4, 9), Span(10, 14)]]).span_vectors[0]
    assert spans.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_vectors_keep_the_order_of_the_texts(tiny_model: Callable[..., Path]) -> None:
    encoder = OnnxEncoder(tiny_model(max_tokens=300, passage_prompt=""), threads=1)
    texts = ["red", "green " * 200, "blue blue", "green " * 250, "red red"]
    assert encoder.encode_passages(texts).vectors.argmax(axis=1).tolist() == [0, 1, 2, 1, 0]


def test_empty_list_of_texts_has_no_vectors(tiny_model: Callable[..., Path]) -> None:
    assert OnnxEncoder(tiny_model(), threads=1).encode_passages([]).vectors.shape == (0, 3)


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([], []),
        ([3, 300, 2, 250], [[1], [3, 0], [2]]),
        ([600, 1], [[0], [1]]),
        ([256, 256, 256], [[0, 1], [2]]),
    ],
)
def test_batches_group_similar_lengths_within_the_limit(lengths: list[int], batches: list[list[int]]) -> None:
    assert list(_batches(lengths)) == batches


@pytest.mark.parametrize("name", ["encoder.onnx", "word_embeddings.npy"])
def test_damaged_file_is_reported(tiny_model: Callable[..., Path], name: str) -> None:
    folder = tiny_model()
    (folder / name).write_bytes((folder / name).read_bytes()[:20])
    with pytest.raises(ModelError, match="damaged; remove that folder"):
        OnnxEncoder(folder, threads=1)


@pytest.mark.real
def test_truncated_real_model_is_reported(tmp_path: Path, e5: Encoder) -> None:
    folder = tmp_path / "copy"
    source = e5.folder  # type: ignore[attr-defined]
    folder.mkdir()
    for name in ("encoder.json", "tokenizer.json", "word_embeddings.npy"):
        (folder / name).symlink_to(source / name)
    (folder / "encoder.onnx").write_bytes((source / "encoder.onnx").read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged"):
        OnnxEncoder(folder, threads=1)


@pytest.mark.real
def test_sentence_vectors_reflect_their_sentence(e5: Encoder) -> None:
    text = "The hospital trains nurses every autumn. Volcanoes on Iceland erupt rarely."
    encoded = e5.encode_passages([text], [[Span(0, 40), Span(41, len(text))]])
    question = e5.encode_questions(["When do volcanoes erupt?"]).vectors[0]
    hospital, volcanoes = encoded.span_vectors[0] @ question
    assert volcanoes > hospital
    assert np.linalg.norm(encoded.span_vectors[0], axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
def test_vector_does_not_depend_on_the_batch(e5: Encoder) -> None:
    short, long = "A short text.", "A much longer text about hospitals. " * 20
    alone = e5.encode_passages([short]).vectors[0]
    batched = e5.encode_passages([long, short, long]).vectors[1]
    assert float(alone @ batched) == pytest.approx(1, abs=1e-5)
