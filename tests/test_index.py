from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError, IndexDamagedError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import build_lock, current_generation, live_generation_folder, roll_back
from assistant.index.loading import Index, load_index
from assistant.index.search.lexical import LexicalIndex, LexicalWriter
from assistant.index.storage.vector_cache import PassageVectors, open_cache, vector_key
from assistant.schema import Document, Span
from tests.conftest import ROOT, bytes_of, document, index_of
from tests.fakes import BagOfWords

NOTHING = np.zeros(0, dtype=np.int64)


def generations(index: Path) -> set[str]:
    return {path.name for path in (index / "generations").iterdir()}


def test_nothing_changed_embeds_nothing_and_keeps_the_generation(tmp_path: Path) -> None:
    encoder = BagOfWords()
    first = build_index([document()], encoder, tmp_path)
    encoder.embedded.clear()
    second = build_index([document()], encoder, tmp_path)
    assert (second.generation, second.embedded, encoder.embedded) == (first.generation, 0, [])
    assert second.unchanged == ("alpha.md",)


def test_only_new_and_changed_text_is_embedded_and_the_changes_are_named(tmp_path: Path) -> None:
    encoder = BagOfWords()
    build_index([document("a.md", "One."), document("b.md", "Two."), document("c.md", "Three.")], encoder, tmp_path)
    encoder.embedded.clear()
    report = build_index(
        [document("a.md", "One."), document("b.md", "Changed."), document("d.md", "New.")], encoder, tmp_path
    )
    assert (report.added, report.changed, report.removed, report.unchanged) == (
        ("d.md",), ("b.md",), ("c.md",), ("a.md",),
    )  # fmt: skip
    assert sorted(encoder.embedded) == ["Alpha\nChanged.", "Alpha\nNew."]


def test_the_same_corpus_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_index([document(), document("b.md", "Other text.")], BagOfWords(), tmp_path / name)
    assert live_generation_folder(tmp_path / "one").name == live_generation_folder(tmp_path / "two").name
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_a_rebuild_of_texts_that_can_not_be_read_forgets_nothing(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)

    def unreadable() -> Iterator[Document]:
        yield document()
        raise CorpusError("broken.pdf")

    with pytest.raises(CorpusError):
        build_index(unreadable(), BagOfWords(), tmp_path, rebuild=True)
    encoder = BagOfWords()
    assert build_index([document(), document("b.md", "Other.")], encoder, tmp_path).embedded == 1


@pytest.mark.parametrize("change", [{"title": "T"}, {"url": "https://x.example"}, {"language": "sv"}, {"text": "X."}])
def test_another_document_is_another_generation(tmp_path: Path, change: dict[str, str]) -> None:
    first = build_index([document()], BagOfWords(), tmp_path)
    assert build_index([document(**change)], BagOfWords(), tmp_path).generation != first.generation


def test_what_is_removed_is_neither_found_nor_kept_in_the_cache(tmp_path: Path) -> None:
    encoder = BagOfWords()
    build_index([document(), document("secret.md", "The password is swordfish.")], encoder, tmp_path)
    index = index_of([document()], tmp_path, encoder)
    assert set(index.documents) == {"alpha.md"}
    assert index.lexical.search("swordfish", 10, NOTHING) == {}
    with open_cache(tmp_path, encoder.dimension) as cache:
        assert cache._connection.execute("SELECT count(*) FROM vectors").fetchone()[0] == len(index.passages)


def test_the_one_before_can_be_brought_back_and_older_ones_are_gone(tmp_path: Path) -> None:
    names = [build_index([document(text=f"Text {i}.")], BagOfWords(), tmp_path).generation for i in range(3)]
    assert generations(tmp_path) == set(names[1:])
    assert roll_back(tmp_path) == names[1]
    assert "Text 1." in load_index(tmp_path, BagOfWords()).texts.values()
    assert roll_back(tmp_path) == names[2]


def test_without_an_earlier_generation_there_is_nothing_to_bring_back(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    with pytest.raises(IndexStateError, match="no earlier generation"):
        roll_back(tmp_path)


def test_no_index_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="build it: assistant index"):
        load_index(tmp_path, BagOfWords())


@pytest.mark.parametrize("other", [BagOfWords(fingerprint="other"), BagOfWords(dimension=128)])
def test_an_index_of_another_model_is_refused_even_at_the_same_width(tmp_path: Path, other: BagOfWords) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    with pytest.raises(IndexStateError, match="model 'bag-of-words'"):
        load_index(tmp_path, other)


def test_a_model_that_gives_other_vectors_under_the_same_name_is_refused(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    liar = BagOfWords(fingerprint="other")
    vectors = liar._vector
    liar.fingerprint = "bag-of-words"
    liar._vector = lambda text: vectors(text)[::-1]  # type: ignore[method-assign]
    with pytest.raises(IndexStateError, match="not with these files"):
        load_index(tmp_path, liar)


def test_an_index_of_another_chunker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    monkeypatch.setattr("assistant.chunking.VERSION", 99)
    with pytest.raises(IndexStateError, match="another version"):
        load_index(tmp_path, BagOfWords())


def test_each_damaged_or_missing_file_is_named(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    folder = live_generation_folder(tmp_path)
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(names) >= 8
    for name in names:
        whole = (folder / name).read_bytes()
        for damage in (whole[:-1], whole[:1] + bytes([whole[1] ^ 1]) + whole[2:], None):
            if damage is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(damage)
            with pytest.raises(IndexStateError, match=r"assistant index"):
                load_index(tmp_path, BagOfWords())
            (folder / name).write_bytes(whole)
    load_index(tmp_path, BagOfWords())


def test_building_mends_a_damaged_index(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    (live_generation_folder(tmp_path) / "vectors.faiss").write_bytes(b"x")
    assert build_index([document()], BagOfWords(), tmp_path).embedded == 0
    assert len(load_index(tmp_path, BagOfWords()).passages) == 1


def test_a_damaged_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "vectors-1.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(IndexDamagedError, match=r"vectors-1\.sqlite"):
        build_index([document()], BagOfWords(), tmp_path)
    build_index([document()], BagOfWords(), tmp_path, rebuild=True)


def test_a_pointer_that_is_no_name_is_no_path(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    (tmp_path / "current").write_text("../../etc")
    with pytest.raises(IndexStateError, match="no index"):
        load_index(tmp_path, BagOfWords())


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    with build_lock(tmp_path), pytest.raises(IndexStateError, match="another build"):
        build_index([document()], BagOfWords(), tmp_path)


KILLED = """
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
            if calls == {when}:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill_at)
    build_index([document(text="New text.")], BagOfWords(), Path({folder!r}))
"""


@pytest.mark.parametrize("when", [2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35])
def test_a_build_killed_at_any_instant_leaves_the_old_or_the_new_index(tmp_path: Path, when: int) -> None:
    folder = tmp_path / "index"
    build_index([document(text="Old text.")], BagOfWords(), folder)
    code = textwrap.dedent(KILLED).format(root=str(ROOT), folder=str(folder), when=when)
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, env=dict(os.environ))
    assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr.decode()
    (text,) = load_index(folder, BagOfWords()).texts.values()
    assert text in ({"Old text."} if killed.returncode else {"New text."}) | {"New text."}
    build_index([document(text="New text.")], BagOfWords(), folder)
    assert generations(folder) == {current_generation(folder), (folder / "previous").read_text().strip()}


def test_scores_are_cosines_with_the_best_first(small_index: Index) -> None:
    vector = BagOfWords().encode_questions(["university library statistics"]).vectors[0]
    rows, cosines = small_index.dense.nearest(vector, 10)
    assert small_index.passages[rows[0]].document_id == "gamma.md"
    assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)
    assert cosines == pytest.approx(small_index.dense.cosines(vector, rows), abs=1e-6)


def test_sentence_vectors_belong_to_their_sentences(small_index: Index) -> None:
    vector = BagOfWords().encode_questions(["Nurses are trained every autumn."]).vectors[0]
    scores = {
        passage.quote(span): float(cosine)
        for row, passage in enumerate(small_index.passages)
        for span, cosine in zip(passage.sentences, small_index.sentence_cosines(vector, row), strict=True)
    }
    assert max(scores, key=lambda quote: scores[quote]) == "Nurses are trained every autumn."


def test_bm25_finds_a_stem_in_its_language_and_gives_nothing_for_nothing(tmp_path: Path) -> None:
    index = index_of(
        [document(), document("sv.md", "Sjukhusen samarbetar om metoder.", language="sv", title="Vård")], tmp_path
    )
    scores = index.lexical.search("sjukhusens samarbete", 10, NOTHING)
    assert [index.passages[row].document_id for row in scores] == ["sv.md"]
    assert index.lexical.search("zebra xylophone", 10, NOTHING) == {}
    assert index.lexical.search("?!", 10, np.array([0])) == {0: 0.0}


def test_idf_is_high_for_rare_and_highest_for_unknown_stems(tmp_path: Path) -> None:
    documents = [document(f"{i}.md", f"Common word{i}.", title="T") for i in range(5)]
    lexical = index_of(documents, tmp_path).lexical
    common, rare, unknown = lexical.idf(["common", "word1", "zebra"])
    assert common < rare < unknown


def test_an_index_without_any_word_can_be_built(tmp_path: Path) -> None:
    LexicalWriter(tmp_path / "lexical").close()
    assert LexicalIndex(tmp_path / "lexical", 0).search("word", 10, NOTHING) == {}


def test_vectors_are_kept_by_model_text_and_spans(tmp_path: Path) -> None:
    spans = [Span(0, 1)]
    keys = {vector_key("m", "t", spans), vector_key("n", "t", spans), vector_key("m", "u", spans),
            vector_key("m", "t", [Span(0, 2)])}  # fmt: skip
    assert len(keys) == 4
    key = keys.pop()
    kept = PassageVectors(
        np.array([1, 2], dtype=np.float32), np.array([[3, 4]], dtype=np.float16), np.array([[5, 6]] * 2, dtype=np.int8)
    )
    with open_cache(tmp_path, 2) as cache:
        cache.put([(key, kept)])
    with open_cache(tmp_path, 2) as cache:
        found = cache.get(key)
        assert (found.passage.tolist(), found.sentences.tolist(), found.words.tolist()) == (
            [1, 2], [[3, 4]], [[5, 6], [5, 6]],
        )  # fmt: skip
        assert cache.known([key, b"unknown"]) == {key}


def test_the_manifest_says_what_made_the_index(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    manifest = json.loads((live_generation_folder(tmp_path) / "manifest.json").read_text())
    assert manifest["model"] == "bag-of-words"
    assert manifest["documents"].keys() == {"alpha.md"}
    assert {"vectors.faiss", "passages.jsonl", "documents.jsonl", "sentences.npy"} <= manifest["files"].keys()


def test_a_rebuild_that_is_killed_between_its_renames_loses_nothing(tmp_path: Path) -> None:
    name = build_index([document()], BagOfWords(), tmp_path).generation
    folder = live_generation_folder(tmp_path)
    folder.rename(folder.with_name(f".aside-{name}"))  # where a kill would leave it
    assert load_index(tmp_path, BagOfWords()).manifest.generation == name
    build_index([document()], BagOfWords(), tmp_path)
    assert live_generation_folder(tmp_path) == folder


def test_an_index_whose_words_were_weighed_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_index([document()], BagOfWords(), tmp_path).generation
    monkeypatch.setattr("assistant.index.search.lexical._K1", 2.0)
    with pytest.raises(IndexStateError, match="another version"):
        load_index(tmp_path, BagOfWords())
    assert build_index([document()], BagOfWords(), tmp_path).generation != first


def test_a_cache_that_is_damaged_inside_is_named(tmp_path: Path) -> None:
    build_index([document(f"{number}.md", f"Text {number}.") for number in range(40)], BagOfWords(), tmp_path)
    path = tmp_path / "vectors-1.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    with pytest.raises(IndexDamagedError, match=r"vectors-1\.sqlite"):
        build_index([document("new.md", "New text.")], BagOfWords(), tmp_path)
