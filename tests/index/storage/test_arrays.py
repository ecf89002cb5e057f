from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.index.storage import arrays
from assistant.index.storage.arrays import ArrayWriter, FileWriter, memory_map_array, top_scoring_rows


@pytest.mark.parametrize("count", [1, 3, 50, 2000])
def test_top_rows_are_a_stable_sort_of_the_positive_scores(count: int) -> None:
    scores = np.random.default_rng(4).integers(-5, 40, 1000).astype(np.float32) ** 3
    expected = [row for row in np.argsort(-scores, kind="stable") if scores[row] > 0][:count]
    assert top_scoring_rows(scores, count).tolist() == expected


def test_scores_that_are_not_positive_have_no_top_rows() -> None:
    assert top_scoring_rows(np.array([0, -1, 0], np.float32), 3).tolist() == []
    assert top_scoring_rows(np.zeros(0, np.float32), 3).tolist() == []


def test_array_written_in_pieces_is_read_whole(tmp_path: Path) -> None:
    writer = ArrayWriter(tmp_path / "rows.npy", "float16", width=3)
    writer.append_array(np.ones((2, 3)))
    writer.append_array(np.zeros((1, 3)))
    writer.close()
    assert memory_map_array(tmp_path / "rows.npy").tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
    assert np.load(tmp_path / "rows.npy").shape == (3, 3)


@pytest.mark.parametrize("buffer_size", [1, 2, 1 << 20])
def test_values_and_arrays_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffer_size: int) -> None:
    monkeypatch.setattr(arrays, "_BUFFER_SIZE", buffer_size)
    writer = ArrayWriter(tmp_path / "values.npy", "int64", first=7)
    writer.append_value(1)
    writer.append_values(iter([2, 3]))
    writer.append_array(np.array([4, 5]))
    writer.append_value(6)
    writer.close()
    array = memory_map_array(tmp_path / "values.npy")
    assert (array.tolist(), array.dtype) == ([7, 1, 2, 3, 4, 5, 6], np.int64)


@pytest.mark.parametrize(("width", "shape"), [(None, (0,)), (3, (0, 3))])
def test_empty_array_keeps_its_shape(tmp_path: Path, width: int | None, shape: tuple[int, ...]) -> None:
    ArrayWriter(tmp_path / "empty.npy", "int64", width=width).close()
    assert memory_map_array(tmp_path / "empty.npy").shape == shape


def test_opened_array_is_read_only(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.arange(3))
    array = memory_map_array(tmp_path / "array.npy")
    assert type(array) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_missing_and_malformed_arrays_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        memory_map_array(tmp_path / "missing.npy")
    (tmp_path / "text.npy").write_text("no array at all")
    with pytest.raises(ValueError, match="magic string"):
        memory_map_array(tmp_path / "text.npy")


def test_file_writer_buffers_until_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_BUFFER_SIZE", 4)
    path = tmp_path / "file"
    path.write_bytes(b"old")
    writer = FileWriter(path)
    writer.append_bytes(b"abc")
    assert (path.read_bytes(), len(writer)) == (b"", 3)
    writer.append_bytes(memoryview(b"de"))
    assert (path.read_bytes(), len(writer)) == (b"abcde", 5)
    writer.append_bytes(b"f")
    writer.flush_buffer()
    assert (path.read_bytes(), len(writer)) == (b"abcdef", 6)
