from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.saved_introductions import read_introduction, write_introduction


def test_saved_introduction_is_read_back(tmp_path: Path) -> None:
    write_introduction(tmp_path, "one", "{åäö}")
    assert read_introduction(tmp_path, "one") == "{åäö}"
    assert (tmp_path / "guides" / "one.json").is_file()


def test_saving_deletes_all_other_introductions(tmp_path: Path) -> None:
    write_introduction(tmp_path, "one", "1")
    write_introduction(tmp_path, "two", "2")
    write_introduction(tmp_path, "two", "3")
    assert [path.name for path in (tmp_path / "guides").iterdir()] == ["two.json"]
    assert (read_introduction(tmp_path, "one"), read_introduction(tmp_path, "two")) == (None, "3")


def test_unreadable_introduction_is_ignored(tmp_path: Path) -> None:
    write_introduction(tmp_path, "one", "1")
    (tmp_path / "guides" / "one.json").write_bytes(b"\xff")
    assert read_introduction(tmp_path, "one") is None
    assert read_introduction(tmp_path / "missing", "one") is None


def test_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "guides").touch()
    with pytest.raises(OSError, match="guides"):
        write_introduction(tmp_path, "one", "1")
