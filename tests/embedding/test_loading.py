from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.embedding import loading
from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.embedding.onnx_encoder import OnnxEncoder
from assistant.errors import ModelError
from tests.conftest import CACHE


def test_exported_model_runs_on_onnx_runtime(
    tiny_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model()
    monkeypatch.setattr(loading, "prepare_model", lambda name, cache, report: folder)
    encoder = load_encoder("tiny", tmp_path, threads=1)
    assert isinstance(encoder, OnnxEncoder)
    assert (encoder.name, encoder.dimension) == ("tiny", 3)


def test_prompts_and_progress_are_passed_on(
    tiny_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, messages = tiny_model(), []

    def prepare(name: str, cache: Path, report: Callable[[str], None]) -> Path:
        report(f"{name} in {cache.name}")
        return folder

    monkeypatch.setattr(loading, "prepare_model", prepare)
    encoder = load_encoder("tiny", tmp_path / "cache", 1, "ask ", "read ", messages.append)
    assert isinstance(encoder, OnnxEncoder)
    assert (encoder.query_prompt, encoder.passage_prompt) == ("ask ", "read ")
    assert messages == ["tiny in cache"]


def test_model_without_a_description_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "encoder.json").write_text(json.dumps("no object")[:-1], encoding="utf-8")
    monkeypatch.setattr(loading, "prepare_model", lambda name, cache, report: tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_encoder("tiny", tmp_path, threads=1)


@pytest.mark.real
def test_overridden_prompt_changes_fingerprint_and_vectors(e5: Encoder) -> None:
    other = load_encoder("multilingual-e5-small", CACHE, 1, query_prompt="fråga: ")
    assert other.fingerprint != e5.fingerprint
    assert float(other.encode_questions(["a"]).vectors[0] @ e5.encode_questions(["a"]).vectors[0]) < 0.9999
