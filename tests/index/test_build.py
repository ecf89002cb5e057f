from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.corpus.corpus_reader import read_corpus
from assistant.embedding.encoder import Encoder
from assistant.errors import CorpusError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import build_lock, current_generation, live_generation_folder
from assistant.index.loading import load_index
from assistant.index.storage.documents import DOCUMENTS_FILE
from assistant.index.storage.vector_cache import open_vector_cache
from assistant.schema import Document
from tests.conftest import ROOT, bytes_of, document, index_of
from tests.fakes import BagOfWords


def test_unchanged_corpus_embeds_nothing_and_keeps_the_generation(tmp_path: Path) -> None:
    encoder = BagOfWords()
    first = build_index([document()], encoder, tmp_path)
    encoder.embedded.clear()
    second = build_index([document()], encoder, tmp_path)
    assert (second.generation, second.embedded_passage_count, encoder.embedded) == (first.generation, 0, [])
    assert second.unchanged_ids == ("alpha.md",)


def test_only_new_and_changed_documents_are_embedded(tmp_path: Path) -> None:
    encoder = BagOfWords()
    build_index([document("a.md", "One."), document("b.md", "Two."), document("c.md", "Three.")], encoder, tmp_path)
    encoder.embedded.clear()
    report = build_index(
        [document("a.md", "One."), document("b.md", "Changed."), document("d.md", "New.")], encoder, tmp_path
    )
    assert (report.added_ids, report.changed_ids, report.removed_ids, report.unchanged_ids) == (
        ("d.md",), ("b.md",), ("c.md",), ("a.md",),
    )  # fmt: skip
    assert (report.passage_count, report.embedded_passage_count) == (3, 2)
    assert sorted(encoder.embedded) == ["Alpha\nChanged.", "Alpha\nNew."]


def test_same_corpus_builds_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_index([document(), document("b.md", "Other text.")], BagOfWords(), tmp_path / name)
    assert live_generation_folder(tmp_path / "one").name == live_generation_folder(tmp_path / "two").name
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_update_builds_the_bytes_of_a_fresh_build(tmp_path: Path) -> None:
    before = [document("a.md", "One. Two."), document("b.md", "Three.\n\nFour."), document("c.md", "Five.")]
    after = [document("d.md", "Six."), before[2], before[0], document("b.md", "Three.\n\nFour, changed.")]
    build_index(before, BagOfWords(), tmp_path / "updated")
    for name in ("updated", "new"):
        build_index(after, BagOfWords(), tmp_path / name)
    assert bytes_of(tmp_path / "updated") == bytes_of(tmp_path / "new")


@pytest.mark.real
def test_update_with_a_real_model_builds_the_bytes_of_a_fresh_build(e5: Encoder, tmp_path: Path) -> None:
    before = list(read_corpus(ROOT / "corpus", 50_000_000))
    words = ["Sjukhusen och universiteten arbetar tillsammans.", "They share data.", "½ µg/ml åt 東京."]
    more = [document(f"{count}.md", " ".join(words * count)) for count in (1, 3, 9, 30, 80)]
    after = [*more, *(replace(item, text=item.text + "\n\nOne more paragraph.") for item in before)]
    build_index([*before, *more[::2]], e5, tmp_path / "updated")
    for name in ("updated", "new"):
        build_index(after, e5, tmp_path / name)
    assert bytes_of(tmp_path / "updated") == bytes_of(tmp_path / "new")


def test_corpus_that_is_changed_back_restores_its_generation(tmp_path: Path) -> None:
    names = [build_index([document(text=text)], BagOfWords(), tmp_path).generation for text in ("One.", "Two.", "One.")]
    assert names[0] == names[2] != names[1]
    assert current_generation(tmp_path) == names[0]


def test_rebuild_embeds_everything_again(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    report = build_index([document()], BagOfWords(), tmp_path, rebuild=True)
    assert (report.embedded_passage_count, report.added_ids) == (report.passage_count, ("alpha.md",))


def test_rebuild_of_an_unreadable_corpus_keeps_the_cache(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)

    def unreadable() -> Iterator[Document]:
        yield document()
        raise CorpusError("broken.pdf")

    with pytest.raises(CorpusError):
        build_index(unreadable(), BagOfWords(), tmp_path, rebuild=True)
    encoder = BagOfWords()
    assert build_index([document(), document("b.md", "Other.")], encoder, tmp_path).embedded_passage_count == 1


@pytest.mark.parametrize("change", [{"title": "T"}, {"url": "https://x.example"}, {"language": "sv"}, {"text": "X."}])
def test_changed_document_builds_another_generation(tmp_path: Path, change: dict[str, str]) -> None:
    first = build_index([document()], BagOfWords(), tmp_path)
    assert build_index([document(**change)], BagOfWords(), tmp_path).generation != first.generation


def test_deleted_document_is_removed_from_index_and_cache(tmp_path: Path) -> None:
    encoder = BagOfWords()
    build_index([document(), document("secret.md", "The password is swordfish.")], encoder, tmp_path)
    index = index_of([document()], tmp_path, encoder)
    assert set(index.documents) == {"alpha.md"}
    assert index.lexical_index.search_passages("swordfish", 10, np.zeros(0, dtype=np.int64)) == {}
    with open_vector_cache(tmp_path, encoder.dimension) as cache:
        assert cache._connection.execute("SELECT count(*) FROM vectors").fetchone()[0] == len(index.passages)


def test_build_repairs_a_damaged_index(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    (live_generation_folder(tmp_path) / "vectors.faiss").write_bytes(b"x")
    assert build_index([document()], BagOfWords(), tmp_path).embedded_passage_count == 0
    assert len(load_index(tmp_path, BagOfWords()).passages) == 1


def test_concurrent_builds_are_refused(tmp_path: Path) -> None:
    with build_lock(tmp_path), pytest.raises(IndexStateError, match="another build"):
        build_index([document()], BagOfWords(), tmp_path)


def test_corpus_is_iterated_once(tmp_path: Path) -> None:
    read = 0

    def documents() -> Iterator[Document]:
        nonlocal read
        for number in range(50):
            read += 1
            yield document(f"{number:02}.md", f"Text number {number}.")

    first = build_index(documents(), BagOfWords(), tmp_path)
    assert (read, first.passage_count) == (50, 50)
    second = build_index(documents(), BagOfWords(), tmp_path)
    assert (second.generation, second.embedded_passage_count) == (first.generation, 0)


def test_failed_build_keeps_the_index_and_deletes_its_files(tmp_path: Path) -> None:
    index_of([document()], tmp_path)

    def failing() -> Iterator[Document]:
        yield document("new.md", "New.")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        build_index(failing(), BagOfWords(), tmp_path)
    assert list(load_index(tmp_path, BagOfWords()).documents) == ["alpha.md"]
    assert len(list((tmp_path / "generations").iterdir())) == 1
    assert not list((tmp_path / "generations").glob(f".*/{DOCUMENTS_FILE}"))


KILLED_BUILD = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from tests.conftest import document
    from tests.fakes import BagOfWords
    from assistant.index.build import build_index

    calls = 0
    def kill_at(event, arguments):
        global calls
        if event in ("os.rename", "open", "os.remove", "shutil.rmtree", "os.mkdir") and {folder!r} in str(arguments):
            calls += 1
            if calls == {call}:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill_at)
    build_index([document(text="New text.")], BagOfWords(), Path({folder!r}))
"""


@pytest.mark.parametrize("call", [2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35])
def test_killed_build_leaves_the_old_or_the_new_index(tmp_path: Path, call: int) -> None:
    folder = tmp_path / "index"
    build_index([document(text="Old text.")], BagOfWords(), folder)
    code = textwrap.dedent(KILLED_BUILD).format(root=str(ROOT), folder=str(folder), call=call)
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, env=dict(os.environ))
    assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr.decode()
    (text,) = load_index(folder, BagOfWords()).document_texts.values()
    assert text in ({"Old text.", "New text."} if killed.returncode else {"New text."})
    build_index([document(text="New text.")], BagOfWords(), folder)
    generations = {path.name for path in (folder / "generations").iterdir()}
    assert generations == {current_generation(folder), (folder / "previous").read_text().strip()}
