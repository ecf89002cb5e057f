from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexDamagedError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index, load_index, model_check_vector
from tests.conftest import document
from tests.fakes import BagOfWords


def test_missing_index_is_reported_with_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="build it: assistant index"):
        load_index(tmp_path, BagOfWords())


@pytest.mark.parametrize("other", [BagOfWords(fingerprint="other"), BagOfWords(dimension=128)])
def test_index_of_another_model_is_refused(tmp_path: Path, other: BagOfWords) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    with pytest.raises(IndexStateError, match="model 'bag-of-words'"):
        load_index(tmp_path, other)


def test_model_with_different_vectors_but_the_same_fingerprint_is_refused(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    encoder = BagOfWords()
    original = encoder._vector
    encoder._vector = lambda text: original(text)[::-1]  # type: ignore[method-assign]
    with pytest.raises(IndexStateError, match="not with these files"):
        load_index(tmp_path, encoder)


@pytest.mark.parametrize(
    ("constant", "value"), [("assistant.chunking.CHUNKER_VERSION", 99), ("assistant.index.search.lexical._K1", 2.0)]
)
def test_index_of_another_program_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant: str, value: float
) -> None:
    first = build_index([document()], BagOfWords(), tmp_path).generation
    monkeypatch.setattr(constant, value)
    with pytest.raises(IndexStateError, match="another version"):
        load_index(tmp_path, BagOfWords())
    assert build_index([document()], BagOfWords(), tmp_path).generation != first


def test_every_damaged_or_missing_file_is_reported(tmp_path: Path) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    folder = live_generation_folder(tmp_path)
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(names) >= 8
    for name in names:
        content = (folder / name).read_bytes()
        for damaged in (content[:-1], content[:1] + bytes([content[1] ^ 1]) + content[2:], None):
            if damaged is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(damaged)
            with pytest.raises(IndexStateError, match=r"assistant index"):
                load_index(tmp_path, BagOfWords())
            (folder / name).write_bytes(content)
    load_index(tmp_path, BagOfWords())


def test_verified_but_unreadable_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index([document()], BagOfWords(), tmp_path)
    monkeypatch.setattr("assistant.index.manifest.verify_files", lambda *_: None)
    monkeypatch.setattr("assistant.index.integrity.verify_files", lambda *_: None)
    (live_generation_folder(tmp_path) / "sentences.npy").write_bytes(b"no array")
    with pytest.raises(IndexDamagedError, match="can't be read"):
        load_index(tmp_path, BagOfWords())


def test_passages_are_grouped_by_document(shared_index: Index) -> None:
    for document_id in shared_index.documents:
        passages = shared_index.document_passages(document_id)
        assert passages == {row: p for row, p in enumerate(shared_index.passages) if p.document_id == document_id}
        assert shared_index.document_row_range(document_id) == (min(passages), max(passages) + 1)
    with pytest.raises(KeyError):
        shared_index.document_passages("other.md")


def test_sentence_vectors_are_grouped_by_passage(shared_index: Index) -> None:
    counts = [len(shared_index.passage_sentence_vectors(row)) for row in range(len(shared_index.passages))]
    assert counts == [len(passage.sentences) for passage in shared_index.passages]
    assert sum(counts) == len(shared_index.sentence_vectors)
    assert np.linalg.norm(shared_index.passage_sentence_vectors(0), axis=1) == pytest.approx(
        np.ones(counts[0]), abs=1e-3
    )


def test_sentence_cosines_are_highest_for_the_matching_sentence(shared_index: Index) -> None:
    vector = BagOfWords().encode_questions(["Nurses are trained every autumn."]).vectors[0]
    cosines = {
        passage.quote(span): float(cosine)
        for row, passage in enumerate(shared_index.passages)
        for span, cosine in zip(passage.sentences, shared_index.sentence_cosines(vector, row), strict=True)
    }
    assert max(cosines, key=lambda quote: cosines[quote]) == "Nurses are trained every autumn."


def test_reference_vector_comes_from_a_fixed_question() -> None:
    vector = model_check_vector(BagOfWords())
    assert vector == model_check_vector(BagOfWords())
    assert len(vector) == 256
    assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-3)
    assert vector != model_check_vector(BagOfWords(fingerprint="other"))
