from __future__ import annotations

import time
from pathlib import Path

import pytest

from assistant.errors import IndexDamagedError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import (
    build_lock,
    current_generation,
    generation_folder,
    index_build_time,
    is_generation_intact,
    live_generation_folder,
    publish_generation,
    roll_back_generation,
    scratch_folder,
    set_live_generation,
)
from assistant.index.loading import load_index
from tests.conftest import document
from tests.fakes import BagOfWords


def publish(index: Path, name: str) -> None:
    """Publish a generation called `name`. Its only file contains the name."""
    with scratch_folder(index) as folder:
        (folder / "file").write_text(name)
        publish_generation(index, folder, name)


def generation_names(index: Path) -> set[str]:
    return {path.name for path in (index / "generations").iterdir()}


def test_published_generation_is_live(tmp_path: Path) -> None:
    assert current_generation(tmp_path) is None
    publish(tmp_path, "a1")
    assert current_generation(tmp_path) == "a1"
    assert live_generation_folder(tmp_path) == generation_folder(tmp_path, "a1") == tmp_path / "generations" / "a1"
    assert (tmp_path / "generations" / "a1" / "file").read_text() == "a1"


def test_only_the_live_and_the_previous_generation_are_kept(tmp_path: Path) -> None:
    for name in ("a1", "a2", "a3"):
        publish(tmp_path, name)
    assert generation_names(tmp_path) == {"a2", "a3"}
    assert (tmp_path / "previous").read_text() == "a2\n"


def test_rebuilt_generation_replaces_its_files(tmp_path: Path) -> None:
    publish(tmp_path, "a1")
    (generation_folder(tmp_path, "a1") / "file").write_text("damaged")
    publish(tmp_path, "a1")
    assert (generation_folder(tmp_path, "a1") / "file").read_text() == "a1"
    assert generation_names(tmp_path) == {"a1"}
    assert not (tmp_path / "previous").exists()


def test_earlier_generation_can_be_made_live(tmp_path: Path) -> None:
    publish(tmp_path, "a1")
    publish(tmp_path, "a2")
    set_live_generation(tmp_path, "a1")
    assert (current_generation(tmp_path), (tmp_path / "previous").read_text()) == ("a1", "a2\n")


def test_unpublished_scratch_folder_is_deleted(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "file").touch()
    assert generation_names(tmp_path) == set()


def test_rollback_restores_the_previous_generation(tmp_path: Path) -> None:
    names = [build_index([document(text=f"Text {i}.")], BagOfWords(), tmp_path).generation for i in range(3)]
    assert generation_names(tmp_path) == set(names[1:])
    assert roll_back_generation(tmp_path) == names[1]
    assert "Text 1." in load_index(tmp_path, BagOfWords()).document_texts.values()
    assert roll_back_generation(tmp_path) == names[2]


def test_rollback_needs_a_previous_generation(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="build it: assistant index"):
        roll_back_generation(tmp_path / "missing")
    build_index([document()], BagOfWords(), tmp_path)
    with pytest.raises(IndexStateError, match="no earlier generation"):
        roll_back_generation(tmp_path)


def test_rollback_to_a_damaged_generation_is_refused(tmp_path: Path) -> None:
    old, new = (build_index([document(text=text)], BagOfWords(), tmp_path).generation for text in ("Old.", "New."))
    (generation_folder(tmp_path, old) / "passages.jsonl").write_text("{}")
    with pytest.raises(IndexDamagedError, match=r"passages\.jsonl"):
        roll_back_generation(tmp_path)
    assert current_generation(tmp_path) == new


def test_pointer_cannot_be_a_path(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    (tmp_path / "current").write_text("../../etc")
    with pytest.raises(IndexStateError, match="no index"):
        live_generation_folder(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a b"])
def test_unreadable_pointer_means_no_index(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "current").write_bytes(content)
    assert current_generation(tmp_path) is None


def test_missing_folder_of_the_live_generation_is_reported(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("a1\n")
    with pytest.raises(IndexDamagedError, match="generation 'a1' is missing"):
        live_generation_folder(tmp_path)


def test_rebuild_killed_between_its_renames_loses_nothing(tmp_path: Path) -> None:
    name = build_index([document()], BagOfWords(), tmp_path).generation
    folder = live_generation_folder(tmp_path)
    folder.rename(folder.with_name(f".aside-{name}"))  # what remains if a rebuild is killed
    assert load_index(tmp_path, BagOfWords()).manifest.generation == name
    build_index([document()], BagOfWords(), tmp_path)
    assert live_generation_folder(tmp_path) == folder


def test_next_build_deletes_temporary_files_of_a_killed_one(tmp_path: Path) -> None:
    publish(tmp_path, "a1")
    for name in (".building-x", ".aside-a1"):
        (tmp_path / "generations" / name).mkdir()
    for name in (".current-1", ".previous-1"):
        (tmp_path / name).touch()
    with build_lock(tmp_path):
        assert generation_names(tmp_path) == {"a1"}
        assert {path.name for path in tmp_path.iterdir()} == {"generations", "current", "lock"}


def test_generation_with_a_changed_file_is_not_intact(tmp_path: Path) -> None:
    name = build_index([document()], BagOfWords(), tmp_path).generation
    assert is_generation_intact(tmp_path, name)
    assert not is_generation_intact(tmp_path, "other")
    (generation_folder(tmp_path, name) / "sentences.npy").write_bytes(b"")
    assert not is_generation_intact(tmp_path, name)


def test_index_has_the_time_of_its_build(tmp_path: Path) -> None:
    before = time.time()
    build_index([document()], BagOfWords(), tmp_path)
    assert before - 1 <= index_build_time(tmp_path) <= time.time() + 1
    with pytest.raises(IndexStateError):
        index_build_time(tmp_path / "missing")
