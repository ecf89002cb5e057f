from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assistant.errors import IndexDamagedError
from assistant.index import integrity
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import load_index
from assistant.index.manifest import read_manifest
from tests.conftest import document
from tests.fakes import BagOfWords


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a verified index. The record of verified files lists all of the index files."""
    monkeypatch.setattr(integrity, "_MIN_RECORDED_SIZE", 0)
    build_index([document()], BagOfWords(), tmp_path)
    load_index(tmp_path, BagOfWords())
    return tmp_path


def fail_all_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, make every file whose checksum is computed appear to be damaged."""
    monkeypatch.setattr("assistant.index.manifest.file_checksum", lambda path: "")


def test_unchanged_files_are_not_read_again(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_all_checksums(monkeypatch)
    assert len(load_index(index, BagOfWords(), thorough=False).passages) == 1
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords())


def test_record_lists_all_large_files(index: Path) -> None:
    record = json.loads((index / "checked.json").read_text(encoding="utf-8"))
    manifest = read_manifest(live_generation_folder(index))
    assert record["generation"] == manifest.generation
    assert record["files"].keys() == manifest.files.keys()


def test_small_files_are_always_read(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_MIN_RECORDED_SIZE", 1 << 20)
    load_index(index, BagOfWords())
    fail_all_checksums(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


def test_damage_is_detected_although_size_and_mtime_are_unchanged(index: Path) -> None:
    file = live_generation_folder(index) / "passages.jsonl"
    before, content = file.stat(), file.read_bytes()
    file.write_bytes(content[:-2] + b"  ")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IndexDamagedError, match=r"passages\.jsonl"):
        load_index(index, BagOfWords(), thorough=False)


def test_missing_file_is_reported(index: Path) -> None:
    (live_generation_folder(index) / "vectors.faiss").unlink()
    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss"):
        load_index(index, BagOfWords(), thorough=False)


def test_new_generation_is_read_completely(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index([document(text="Other text.")], BagOfWords(), index)
    fail_all_checksums(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


@pytest.mark.parametrize("content", ["", "[]", '{"generation": 1}', '{"generation": "x", "files": 3}'])
def test_damaged_record_is_ignored(index: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (index / "checked.json").write_text(content, encoding="utf-8")
    fail_all_checksums(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


def test_record_need_not_be_writable(index: Path) -> None:
    (index / "checked.json").unlink()
    (index / "checked.json").mkdir()
    assert len(load_index(index, BagOfWords(), thorough=False).passages) == 1


def test_partial_record_of_a_killed_process_is_deleted_by_the_next_build(index: Path) -> None:
    partial = index / ".checked.json-123"
    partial.touch()
    build_index([document(text="Another text.")], BagOfWords(), index)
    assert not partial.exists()
