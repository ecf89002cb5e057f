from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.embedding import models
from assistant.embedding.models import _PackagedModel, locate_model, model_fingerprint, model_slug
from assistant.errors import ModelError


def test_fingerprint_of_a_packaged_model_is_the_checksum_of_its_weights() -> None:
    weights = models._PACKAGED["all-MiniLM-L6-v2"].verified_file()
    assert model_fingerprint("all-MiniLM-L6-v2") == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_fingerprint_of_a_hub_model_depends_on_its_name() -> None:
    assert model_fingerprint("some/model") == hashlib.sha256(b"hub:some/model").hexdigest()
    assert model_fingerprint("some/model") != model_fingerprint("some/other")


def test_fingerprint_of_a_folder_covers_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    seen = {model_fingerprint(str(tmp_path))}
    (tmp_path / "config.json").write_text("{ }")
    seen.add(model_fingerprint(str(tmp_path)))
    (tmp_path / "config.json").rename(tmp_path / "other.json")
    seen.add(model_fingerprint(str(tmp_path)))
    assert len(seen) == 3


def test_fingerprint_of_a_folder_ignores_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = model_fingerprint(str(tmp_path))
    (tmp_path / ".lock").write_text("x")
    assert model_fingerprint(str(tmp_path)) == before


@pytest.mark.parametrize("file", ["modules.json", "config.json"])
def test_local_folder_is_used_in_place(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{}")
    source = locate_model(str(tmp_path), "print", tmp_path / "scratch")
    assert (source.name, source.folder, source.fingerprint) == (str(tmp_path), str(tmp_path), "print")
    assert not (tmp_path / "scratch").exists()


def test_hub_model_is_located_by_its_name(tmp_path: Path) -> None:
    assert locate_model("some/model", "print", tmp_path / "scratch").folder == "some/model"


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no modules\.json\); set another model: ASSISTANT_MODEL"):
        locate_model(str(tmp_path), "print", tmp_path / "scratch")


def test_packaged_model_is_used_in_its_package(tmp_path: Path) -> None:
    source = locate_model("all-MiniLM-L6-v2", "print", tmp_path / "scratch")
    assert (Path(source.folder) / "modules.json").is_file()


@pytest.mark.parametrize(
    ("package", "message"),
    [("no_such_package_here", "is not installed"), ("pytest", "missing or have a wrong checksum")],
)
@pytest.mark.parametrize("file", ["__init__.py", "missing.bin"])
def test_unverified_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, message: str, file: str
) -> None:
    monkeypatch.setitem(models._PACKAGED, "broken", _PackagedModel(package, file, "0" * 64))
    with pytest.raises(ModelError, match=message):
        locate_model("broken", "print", tmp_path / "scratch")


@pytest.mark.parametrize(
    ("name", "slug"),
    [("multilingual-e5-small", "multilingual-e5-small"), ("../a b/c.d", "a-b-c.d"), ("x" * 70, "x" * 60), ("å/", "å")],
)
def test_slug_is_safe_in_a_file_name(name: str, slug: str) -> None:
    assert model_slug(name) == slug
