from __future__ import annotations

from pathlib import Path

import pytest

from assistant.cli.common import print_status, progress_bar, read_text_file
from assistant.errors import QuestionError


def test_status_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_status("loading")
    assert capsys.readouterr() == ("", "loading\n")


def test_a_progress_bar_passes_its_items_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress_bar("abc", 3)) == ["a", "b", "c"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err


def test_a_byte_order_mark_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf\xc3\x85re")
    assert read_text_file(tmp_path / "a.txt") == "Åre"


@pytest.mark.parametrize("content", [None, b"\xc5re"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(QuestionError, match=r"can't read .*a\.txt.*; it must be a UTF-8 text file"):
        read_text_file(path)
