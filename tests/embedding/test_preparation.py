from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.embedding import export
from assistant.embedding.models import ModelSource
from assistant.embedding.preparation import _publish, prepare_model
from assistant.errors import ModelError


def write_prepared(source: ModelSource, folder: Path) -> None:
    """Write a minimal prepared model. Tests use this function in place of `export_model`."""
    (folder / "encoder.json").write_text(source.name, encoding="utf-8")


def test_model_is_prepared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "export_model", write_prepared)
    messages: list[str] = []
    folder = prepare_model("some/model", tmp_path, messages.append)
    assert prepare_model("some/model", tmp_path, messages.append) == folder
    fingerprint = hashlib.sha256(b"hub:some/model").hexdigest()
    assert folder == tmp_path / "models" / f"some-model-{fingerprint[:12]}-2"
    assert (folder / "encoder.json").read_text() == "some/model"
    assert messages == ["preparing the model 'some/model'; this takes about a minute and is done only once"]
    assert list((tmp_path / "models").iterdir()) == [folder]


def test_failed_preparation_leaves_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"modules\.json"):
        prepare_model(str(tmp_path / "empty"), tmp_path / "cache")
    assert list((tmp_path / "cache" / "models").iterdir()) == []


def test_model_prepared_by_another_process_is_kept(tmp_path: Path) -> None:
    for name, content in (("ready", "slower"), ("target", "faster")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "encoder.json").write_text(content)
    _publish(tmp_path / "ready", tmp_path / "target")
    assert (tmp_path / "target" / "encoder.json").read_text() == "faster"


def test_other_errors_of_publishing_are_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _publish(tmp_path / "missing", tmp_path / "target")
