from __future__ import annotations

from pathlib import Path

import pytest

from assistant.embedding.export import load_original_model
from assistant.embedding.loading import load_encoder
from assistant.embedding.models import ModelSource, locate_model, model_fingerprint
from assistant.errors import ModelError
from tests.conftest import CACHE
from tests.embedding.multilingual import sample_texts


@pytest.mark.real
@pytest.mark.parametrize("name", ["multilingual-e5-small", "all-MiniLM-L6-v2"])
def test_exported_vectors_match_sentence_transformers(name: str, tmp_path: Path) -> None:
    original = load_original_model(locate_model(name, model_fingerprint(name), tmp_path / "source"))
    encoder = load_encoder(name, CACHE, threads=2)
    texts = [*sample_texts(24), "x " * 3000]
    prompt = encoder.passage_prompt  # type: ignore[attr-defined]
    expected = original.encode([prompt + text for text in texts], prompt="", normalize_embeddings=True)
    cosines = (encoder.encode_passages(texts).vectors * expected).sum(axis=1)
    assert cosines.min() >= 0.9999


@pytest.mark.real
def test_unloadable_model_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"can't load model 'broken' .*: ASSISTANT_MODEL"):
        load_original_model(ModelSource("broken", str(tmp_path), "print"))
