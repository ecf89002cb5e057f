from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import IndexDamagedError
from assistant.index.generations import live_generation_folder
from assistant.index.manifest import (
    FORMAT_VERSION,
    Manifest,
    document_digest,
    file_checksum,
    generation_name,
    read_manifest,
    verify_files,
)
from assistant.index.search.dense import SearchParameters
from assistant.schema import Heading, Span
from tests.conftest import document, index_of


@pytest.fixture
def generation(tmp_path: Path) -> tuple[Path, Manifest]:
    """A folder that contains two files and the manifest that describes them."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    manifest = Manifest(
        generation="0" * 16, format=FORMAT_VERSION, model="m", model_fingerprint="f", dimension=2, chunker="c",
        analysis="a", documents={"b.md": "1", "a.md": "2"}, passages=3,
        search=SearchParameters("Flat", 1, 2, 0.5, 4), probe=(0.6, -0.8),
        files={name: file_checksum(tmp_path / name) for name in ("one", "two")},
    )  # fmt: skip
    return tmp_path, manifest


def test_manifest_is_read_back(generation: tuple[Path, Manifest]) -> None:
    folder, manifest = generation
    manifest.write(folder)
    read = read_manifest(folder)
    assert read == manifest
    assert list(read.documents) == ["b.md", "a.md"]


def test_search_parameters_keep_their_stored_keys(generation: tuple[Path, Manifest]) -> None:
    folder, manifest = generation
    manifest.write(folder)
    stored = json.loads((folder / "manifest.json").read_text())["search"]
    assert stored == {"kind": "Flat", "probes": 1, "refined": 2, "recall": 0.5, "questions": 4}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: "[]",
        lambda text: text.replace('"chunker"', '"other"'),
        lambda text: text.replace('"probes"', '"other"'),
        lambda text: text.replace('"probe"', '"other"'),
    ],
)
def test_damaged_manifest_is_reported(generation: tuple[Path, Manifest], damage: Callable[[str], str]) -> None:
    folder, manifest = generation
    manifest.write(folder)
    path = folder / "manifest.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(IndexDamagedError, match=r"manifest\.json' is missing or damaged"):
        read_manifest(folder)


def test_missing_manifest_is_reported(tmp_path: Path) -> None:
    with pytest.raises(IndexDamagedError, match=r"manifest\.json' is missing or damaged"):
        read_manifest(tmp_path)


def test_missing_and_changed_files_are_reported(generation: tuple[Path, Manifest]) -> None:
    folder, manifest = generation
    verify_files(folder, manifest)
    (folder / "two").write_text("Two")
    with pytest.raises(IndexDamagedError, match="two' is damaged"):
        verify_files(folder, manifest)
    (folder / "two").unlink()
    with pytest.raises(IndexDamagedError, match="two' is missing"):
        verify_files(folder, manifest)


def test_only_the_named_files_are_verified(generation: tuple[Path, Manifest]) -> None:
    folder, manifest = generation
    (folder / "two").write_text("Two")
    verify_files(folder, manifest, ["one"])
    (folder / "three").touch()
    with pytest.raises(IndexDamagedError, match="three' is damaged"):
        verify_files(folder, manifest, ["three"])


def test_document_digest_covers_all_fields() -> None:
    changes = [
        {}, {"name": "b.md"}, {"text": "X."}, {"title": "T"}, {"language": "sv"}, {"url": "https://x.example"},
        {"source": "x.pdf"}, {"retrieved": "2026-01-02"}, {"headings": (Heading(Span(0, 1), 1, "T"),)},
    ]  # fmt: skip
    assert len({document_digest(document(**change)) for change in changes}) == len(changes)
    assert document_digest(document()) == document_digest(replace(document()))


def test_generation_name_depends_on_content_but_not_on_document_order() -> None:
    documents = {"a.md": "1", "b.md": "2"}
    name = generation_name("model", "chunker", "analysis", documents)
    assert name == generation_name("model", "chunker", "analysis", dict(reversed(documents.items())))
    assert len(name) == 16
    assert int(name, 16) > 0
    others = [
        generation_name("other", "chunker", "analysis", documents),
        generation_name("model", "other", "analysis", documents),
        generation_name("model", "chunker", "other", documents),
        generation_name("model", "chunker", "analysis", {"a.md": "1"}),
    ]
    assert len({name, *others}) == 5


def test_manifest_describes_the_index(tmp_path: Path) -> None:
    index_of([document()], tmp_path)
    manifest = json.loads((live_generation_folder(tmp_path) / "manifest.json").read_text())
    assert manifest["model"] == "bag-of-words"
    assert manifest["documents"].keys() == {"alpha.md"}
    assert {"vectors.faiss", "passages.jsonl", "documents.jsonl", "sentences.npy"} <= manifest["files"].keys()
