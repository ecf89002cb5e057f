from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.corpus.reading import read_corpus
from assistant.embedding.encoder import Encoder
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import load_index
from tests.conftest import ROOT, bytes_of, document
from tests.fakes import BagOfWords


def test_an_update_gives_the_bytes_of_a_build_from_nothing(tmp_path: Path) -> None:
    before = [document("a.md", "One. Two."), document("b.md", "Three.\n\nFour."), document("c.md", "Five.")]
    after = [document("d.md", "Six."), before[2], before[0], document("b.md", "Three.\n\nFour, changed.")]
    build_index(before, BagOfWords(), tmp_path / "updated")
    for name in ("updated", "new"):
        build_index(after, BagOfWords(), tmp_path / name)
    assert bytes_of(tmp_path / "updated") == bytes_of(tmp_path / "new")


@pytest.mark.real
def test_an_update_gives_the_bytes_of_a_build_from_nothing_with_a_real_model(e5: Encoder, tmp_path: Path) -> None:
    before = list(read_corpus(ROOT / "corpus", 50_000_000))
    words = ["Sjukhusen och universiteten arbetar tillsammans.", "They share data.", "½ µg/ml åt 東京."]
    more = [document(f"{count}.md", " ".join(words * count)) for count in (1, 3, 9, 30, 80)]
    after = [*more, *(replace(item, text=item.text + "\n\nOne more paragraph.") for item in before)]
    build_index([*before, *more[::2]], e5, tmp_path / "updated")
    for name in ("updated", "new"):
        build_index(after, e5, tmp_path / name)
    assert bytes_of(tmp_path / "updated") == bytes_of(tmp_path / "new")


def test_passages_of_a_damaged_index_are_not_taken_over(tmp_path: Path) -> None:
    build_index([document("a.md", "One. Two."), document("b.md", "Three.")], BagOfWords(), tmp_path)
    file = live_generation_folder(tmp_path) / "passages.jsonl"
    file.write_bytes(file.read_bytes().replace(b"One.", b"Won."))
    after = [document("a.md", "One. Two."), document("b.md", "Three, changed.")]
    build_index(after, BagOfWords(), tmp_path)
    assert load_index(tmp_path, BagOfWords()).passages[0].text == "One. Two."
