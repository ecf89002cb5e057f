from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.errors import IndexDamagedError
from assistant.index import integrity
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import load_index
from tests.conftest import document
from tests.fakes import BagOfWords


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index whose files all count as large, and were found whole."""
    monkeypatch.setattr(integrity, "_LARGE", 0)
    build_index([document()], BagOfWords(), tmp_path)
    load_index(tmp_path, BagOfWords())
    return tmp_path


def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every file that is read is found damaged."""
    monkeypatch.setattr("assistant.index.manifest.checksum", lambda path: "")


def test_files_that_look_as_when_they_were_whole_are_not_read_again(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch)
    assert len(load_index(index, BagOfWords(), thorough=False).passages) == 1
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords())


def test_small_files_are_read_each_time(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_LARGE", 1 << 20)
    load_index(index, BagOfWords())
    unreadable(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


def test_damage_is_seen_although_size_and_date_were_set_back(index: Path) -> None:
    file = live_generation_folder(index) / "passages.jsonl"
    before, text = file.stat(), file.read_bytes()
    file.write_bytes(text[:-2] + b"  ")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IndexDamagedError, match=r"passages\.jsonl"):
        load_index(index, BagOfWords(), thorough=False)


def test_a_file_that_is_missing_is_named(index: Path) -> None:
    (live_generation_folder(index) / "vectors.faiss").unlink()
    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss"):
        load_index(index, BagOfWords(), thorough=False)


def test_another_generation_is_read_whole(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index([document(text="Other text.")], BagOfWords(), index)
    unreadable(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


@pytest.mark.parametrize("content", ["", "[]", '{"generation": 1}', '{"generation": "x", "files": 3}'])
def test_notes_that_are_damaged_count_for_nothing(index: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (index / "checked.json").write_text(content, encoding="utf-8")
    unreadable(monkeypatch)
    with pytest.raises(IndexDamagedError):
        load_index(index, BagOfWords(), thorough=False)


def test_whoever_can_not_write_notes_reads_all_of_it(index: Path) -> None:
    (index / "checked.json").unlink()
    (index / "checked.json").mkdir()
    assert len(load_index(index, BagOfWords(), thorough=False).passages) == 1


def test_notes_that_a_killed_process_was_writing_are_cleared_by_the_next_build(index: Path) -> None:
    scratch = index / ".checked.json-123"
    scratch.touch()
    build_index([document(text="Another text.")], BagOfWords(), index)
    assert not scratch.exists()
