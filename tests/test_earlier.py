from __future__ import annotations

from pathlib import Path

from assistant.index.build import build_index
from assistant.index.loaded import load_index
from assistant.index.store import live_folder
from tests.conftest import bytes_of, document
from tests.fakes import BagOfWords


def test_an_update_gives_the_bytes_of_a_build_from_nothing(tmp_path: Path) -> None:
    before = [document("a.md", "One. Two."), document("b.md", "Three.\n\nFour."), document("c.md", "Five.")]
    after = [document("d.md", "Six."), before[2], before[0], document("b.md", "Three.\n\nFour, changed.")]
    build_index(before, BagOfWords(), tmp_path / "updated")
    for name in ("updated", "new"):
        build_index(after, BagOfWords(), tmp_path / name)
    assert bytes_of(tmp_path / "updated") == bytes_of(tmp_path / "new")


def test_passages_of_a_damaged_index_are_not_taken_over(tmp_path: Path) -> None:
    build_index([document("a.md", "One. Two."), document("b.md", "Three.")], BagOfWords(), tmp_path)
    file = live_folder(tmp_path) / "passages.jsonl"
    file.write_bytes(file.read_bytes().replace(b"One.", b"Won."))
    after = [document("a.md", "One. Two."), document("b.md", "Three, changed.")]
    build_index(after, BagOfWords(), tmp_path)
    assert load_index(tmp_path, BagOfWords()).passages[0].text == "One. Two."
