"""NumPy files that are written incrementally and memory-mapped for reading."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BUFFER_SIZE = 1 << 20  # in bytes for a FileWriter, in values for an ArrayWriter


def memory_map_array(path: Path) -> NDArray[Any]:
    """Memory-map the array in the file `path`. Memory pages are read on first use and shared between processes.

    Raises:
        OSError: the file can't be read.
        ValueError: the file is not a NumPy file.
    """
    import numpy as np

    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        offset = file.tell()
    if 0 in shape:  # an empty array can't be mapped
        return np.zeros(shape, dtype)
    # The mapping is viewed as an np.ndarray, because slicing an np.memmap takes ten times as long.
    return np.memmap(path, dtype, "r", offset, shape).view(np.ndarray)


def top_scoring_rows(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the indices of the `count` highest positive scores, best first. Ties are in ascending order of index."""
    import numpy as np

    highest = float(scores.max(initial=0.0))
    rows = np.zeros(0, dtype=np.int64)
    bound = highest
    while bound > 0 and len(rows) < count:
        # Lowering a threshold step by step is faster than sorting or partitioning all scores.
        bound = bound / 2 if bound > highest / 64 else 0.0
        rows = np.flatnonzero(scores > bound)
    return rows[np.argsort(-scores[rows], kind="stable")[:count]]


class FileWriter:
    """Appends data to a file in large blocks. The file is open only while a block is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._buffer = bytearray()
        self._flushed = 0
        path.write_bytes(b"")

    def __len__(self) -> int:
        """The number of bytes appended so far, including those still in the buffer."""
        return self._flushed + len(self._buffer)

    def append_bytes(self, data: bytes | memoryview) -> None:
        """Append `data` to the file."""
        self._buffer += data
        if len(self._buffer) >= _BUFFER_SIZE:
            self.flush_buffer()

    def flush_buffer(self) -> None:
        """Write the buffer to the file."""
        with self._path.open("ab") as file:
            file.write(self._buffer)
        self._flushed += len(self._buffer)
        self._buffer.clear()


class ArrayWriter:
    """Writes an array whose length isn't known in advance.

    Args:
        path: the `.npy` file.
        dtype: the NumPy name of the values' type.
        width: the number of values in a row. If None, the array is one-dimensional.
        first: the initial value of a one-dimensional array. If None, the array starts empty.
    """

    def __init__(self, path: Path, dtype: str, width: int | None = None, first: int | None = None) -> None:
        import numpy as np

        self._dtype, self._width, self._path = np.dtype(dtype), width, path
        self._file = FileWriter(path)
        self._rows = 0
        self._pending: list[int] = []
        self._file.append_bytes(self._header())
        if first is not None:
            self.append_value(first)

    def append_value(self, value: int) -> None:
        """Append one value."""
        self._pending.append(value)
        if len(self._pending) >= _BUFFER_SIZE:
            self._flush()

    def append_values(self, values: Iterable[int]) -> None:
        """Append several values."""
        self._pending.extend(values)
        if len(self._pending) >= _BUFFER_SIZE:
            self._flush()

    def append_array(self, values: NDArray[Any]) -> None:
        """Append an array of shape `[n]` or, if `width` was given, `[n, width]`."""
        import numpy as np

        self._flush()
        self._file.append_bytes(np.ascontiguousarray(values, dtype=self._dtype).tobytes())
        self._rows += len(values)

    def close(self) -> None:
        """Write the remaining values and the final header."""
        self._flush()
        self._file.flush_buffer()
        with self._path.open("r+b") as file:
            file.write(self._header())

    def _flush(self) -> None:
        import numpy as np

        if self._pending:
            values, self._pending = self._pending, []
            self.append_array(np.array(values, dtype=self._dtype))

    def _header(self) -> bytes:
        """Return the header for the current shape. NumPy pads it, so its size is the same for any number of rows."""
        import numpy as np

        file = io.BytesIO()
        shape = (self._rows,) if self._width is None else (self._rows, self._width)
        description = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, description)
        return file.getvalue()
