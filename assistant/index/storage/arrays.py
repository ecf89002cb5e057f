"""NumPy files that are written piece by piece and read memory-mapped."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BUFFERED = 1 << 20  # bytes, or values, between two writes


def open_array(path: Path) -> NDArray[Any]:
    """The array in `path`, memory-mapped: pages are shared between processes, and read when they are used.

    Raises:
        OSError, ValueError: it is missing, or no such file.
    """
    import numpy as np

    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
    if 0 in shape:  # nothing can't be mapped
        return np.zeros(shape, dtype)
    # A plain array over the mapping: slices of np.memmap cost ten times those of np.ndarray.
    return np.memmap(path, dtype, "r", start, shape).view(np.ndarray)


def top_rows(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the `count` highest positive scores, best first, of equal ones the first."""
    import numpy as np

    best = float(scores.max(initial=0.0))
    places = np.zeros(0, dtype=np.int64)
    bound = best
    while bound > 0 and len(places) < count:
        bound = bound / 2 if bound > best / 64 else 0.0  # a pass for each: quicker than to sort or divide all of them
        places = np.flatnonzero(scores > bound)
    return places[np.argsort(-scores[places], kind="stable")[:count]]


class FileWriter:
    """A file that is written at its end in large pieces, and open only meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._buffer = bytearray()
        self._written = 0
        path.write_bytes(b"")

    def __len__(self) -> int:
        return self._written + len(self._buffer)

    def write(self, data: bytes | memoryview) -> None:
        """Write `data` after what came before."""
        self._buffer += data
        if len(self._buffer) >= _BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with self._path.open("ab") as file:
            file.write(self._buffer)
        self._written += len(self._buffer)
        self._buffer.clear()


class ArrayWriter:
    """An array of unknown length, written as it comes.

    Args:
        path: a `.npy` file.
        dtype: NumPy's name of the type.
        width: values of each row; None for an array of single values.
        first: a value that stands before all others.
    """

    def __init__(self, path: Path, dtype: str, width: int | None = None, first: int | None = None) -> None:
        import numpy as np

        self._dtype, self._width, self._path = np.dtype(dtype), width, path
        self._file = FileWriter(path)
        self._rows = 0
        self._values: list[int] = []
        self._file.write(self._header())
        if first is not None:
            self.append(first)

    def append(self, value: int) -> None:
        """Write one value."""
        self._values.append(value)
        if len(self._values) >= _BUFFERED:
            self._flush()

    def append_each(self, values: Iterable[int]) -> None:
        """Write single values."""
        self._values.extend(values)
        if len(self._values) >= _BUFFERED:
            self._flush()

    def extend(self, values: NDArray[Any]) -> None:
        """Write an array of values, or of rows."""
        import numpy as np

        self._flush()
        self._file.write(np.ascontiguousarray(values, dtype=self._dtype).tobytes())
        self._rows += len(values)

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._file.flush()
        with self._path.open("r+b") as file:
            file.write(self._header())

    def _flush(self) -> None:
        import numpy as np

        if self._values:
            values, self._values = self._values, []
            self.extend(np.array(values, dtype=self._dtype))

    def _header(self) -> bytes:
        """NumPy leaves room in a header for the first dimension to grow in place."""
        import numpy as np

        file = io.BytesIO()
        shape = (self._rows,) if self._width is None else (self._rows, self._width)
        about = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, about)
        return file.getvalue()
