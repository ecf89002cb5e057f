from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import load_index
from assistant.index.manifest import Manifest, read_manifest
from assistant.index.previous_passages import read_previous_passages
from tests.conftest import document
from tests.fakes import BagOfWords


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A generation of two documents: its folder and its manifest."""
    index = tmp_path_factory.mktemp("previous")
    build_index([document("a.md", "One. Two."), document("b.md", "Three.")], BagOfWords(), index)
    folder = live_generation_folder(index)
    return folder, read_manifest(folder)


def test_passages_of_an_unchanged_document_are_reused(previous: tuple[Path, Manifest]) -> None:
    folder, manifest = previous
    passages = read_previous_passages(folder, manifest, BagOfWords())
    assert passages is not None
    reused = passages.unchanged_passages("b.md", manifest.documents["b.md"])
    assert reused is not None
    assert [(passage.document_id, passage.text) for passage in reused] == [("b.md", "Three.")]


def test_changed_and_unknown_documents_have_no_passages(previous: tuple[Path, Manifest]) -> None:
    folder, manifest = previous
    passages = read_previous_passages(folder, manifest, BagOfWords())
    assert passages is not None
    assert passages.unchanged_passages("a.md", manifest.documents["b.md"]) is None
    assert passages.unchanged_passages("new.md", manifest.documents["b.md"]) is None


@pytest.mark.parametrize("field", ["chunker", "analysis", "model_fingerprint"])
def test_passages_of_another_program_version_or_model_are_not_used(previous: tuple[Path, Manifest], field: str) -> None:
    folder, manifest = previous
    assert read_previous_passages(folder, replace(manifest, **{field: "other"}), BagOfWords()) is None


def test_passages_of_another_format_are_not_used(previous: tuple[Path, Manifest]) -> None:
    folder, manifest = previous
    assert read_previous_passages(folder, replace(manifest, format=1), BagOfWords()) is None


def test_passages_of_a_damaged_index_are_not_reused(tmp_path: Path) -> None:
    build_index([document("a.md", "One. Two."), document("b.md", "Three.")], BagOfWords(), tmp_path)
    file = live_generation_folder(tmp_path) / "passages.jsonl"
    file.write_bytes(file.read_bytes().replace(b"One.", b"Won."))
    after = [document("a.md", "One. Two."), document("b.md", "Three, changed.")]
    build_index(after, BagOfWords(), tmp_path)
    assert load_index(tmp_path, BagOfWords()).passages[0].text == "One. Two."
