from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexDamagedError
from assistant.index.build import build_index
from assistant.index.storage.vector_cache import PassageVectors, open_vector_cache, vector_cache_key
from assistant.schema import Span
from tests.conftest import document
from tests.fakes import BagOfWords


def passage_vectors(value: float) -> PassageVectors:
    """Return two-dimensional vectors for a passage, for its only sentence and for its two words."""
    return PassageVectors(
        np.array([value, 2], dtype=np.float32),
        np.array([[3, 4]], dtype=np.float16),
        np.array([[5, 6], [7, 8]], dtype=np.int8),
    )


def test_key_depends_on_model_text_and_spans() -> None:
    spans = [Span(0, 1)]
    keys = {
        vector_cache_key("m", "t", spans), vector_cache_key("n", "t", spans), vector_cache_key("m", "u", spans),
        vector_cache_key("m", "t", [Span(0, 2)]), vector_cache_key("m", "t", []),
    }  # fmt: skip
    assert len(keys) == 5
    assert vector_cache_key("m", "t", spans) == vector_cache_key("m", "t", (Span(0, 1),))


def test_vectors_are_stored_in_the_file(tmp_path: Path) -> None:
    with open_vector_cache(tmp_path, 2) as cache:
        cache.put_vectors([(b"key", passage_vectors(1))])
    with open_vector_cache(tmp_path, 2) as cache:
        vectors = cache.get_vectors(b"key")
    assert (vectors.passage_vector.tolist(), vectors.passage_vector.dtype) == ([1, 2], np.float32)
    assert (vectors.sentence_vectors.tolist(), vectors.sentence_vectors.dtype) == ([[3, 4]], np.float16)
    assert (vectors.word_vectors.tolist(), vectors.word_vectors.dtype) == ([[5, 6], [7, 8]], np.int8)


def test_only_cached_keys_are_returned(tmp_path: Path) -> None:
    with open_vector_cache(tmp_path, 2) as cache:
        cache.put_vectors([(b"key", passage_vectors(1))])
        assert cache.cached_keys([b"key", b"unknown"]) == {b"key"}
        assert cache.cached_keys([]) == set()


def test_vectors_are_replaced(tmp_path: Path) -> None:
    with open_vector_cache(tmp_path, 2) as cache:
        cache.put_vectors([(b"key", passage_vectors(1))])
        cache.put_vectors([(b"key", passage_vectors(9))])
        assert cache.get_vectors(b"key").passage_vector.tolist() == [9, 2]


def test_other_keys_are_deleted(tmp_path: Path) -> None:
    keys = [b"a", b"b", b"c"]
    with open_vector_cache(tmp_path, 2) as cache:
        cache.put_vectors([(key, passage_vectors(1)) for key in keys])
        cache.keep_only_keys([b"b", b"b", b"unknown"])
        assert cache.cached_keys(keys) == {b"b"}
        cache.keep_only_keys([])
        assert cache.cached_keys(keys) == set()


def test_deleted_vectors_are_overwritten_on_disk(tmp_path: Path) -> None:
    pattern = np.frombuffer(b"\x55\xaa\x55\xaa" * 32, dtype=np.int8).reshape(-1, 2)
    vectors = PassageVectors(passage_vectors(1).passage_vector, passage_vectors(1).sentence_vectors, pattern)
    with open_vector_cache(tmp_path, 2) as cache:
        cache.put_vectors([(b"key", vectors)])
    assert pattern.tobytes() in (tmp_path / "vectors-1.sqlite").read_bytes()
    with open_vector_cache(tmp_path, 2) as cache:
        cache.keep_only_keys([])
    assert pattern.tobytes() not in (tmp_path / "vectors-1.sqlite").read_bytes()


def test_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "vectors-1.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(IndexDamagedError, match=r"vectors-1\.sqlite"):
        build_index([document()], BagOfWords(), tmp_path)
    assert build_index([document()], BagOfWords(), tmp_path, rebuild=True).embedded_passage_count == 1


def test_damage_inside_the_database_is_reported(tmp_path: Path) -> None:
    build_index([document(f"{number}.md", f"Text {number}.") for number in range(40)], BagOfWords(), tmp_path)
    path = tmp_path / "vectors-1.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    with pytest.raises(IndexDamagedError, match=r"vectors-1\.sqlite"):
        build_index([document("new.md", "New text.")], BagOfWords(), tmp_path)
