"""An inverted index on NumPy: for each term the passages that have it, with the weight it has there.

Written in one pass over the passages, with two bounded sorts; read memory-mapped. Weights are BM25
without idf, one byte each (impacts, Anh & Moffat 2002). Terms are found by a 64-bit hash: of a
million terms two are alike with a probability of 3 in 10^8.

    terms.npy     uint64 [t], hashes of the terms, ascending
    starts.npy    int64 [t + 1], where the postings of each term begin
    rows.npy      uint32 [p], passages, ascending within a term
    impacts.npy   uint8 [p], weight * 255
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.index.storage.arrays import ArrayWriter, open_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TERMS, _STARTS, _ROWS, _IMPACTS = "terms.npy", "starts.npy", "rows.npy", "impacts.npy"
_SPOOL = "spool-{}.npy"
_AT_ONCE = 1 << 22  # postings sorted in one go
FULL = 255  # the impact of weight 1


def term_hash(term: str) -> int:
    """The 64-bit number by which a term is known."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Postings:
    """A loaded inverted index."""

    def __init__(self, folder: Path) -> None:
        self._terms: NDArray[np.uint64] = open_array(folder / _TERMS)
        self._starts: NDArray[np.int64] = open_array(folder / _STARTS)
        self._rows: NDArray[np.uint32] = open_array(folder / _ROWS)
        self._impacts: NDArray[np.uint8] = open_array(folder / _IMPACTS)

    def number(self, term: str) -> int | None:
        """The number of a term, None for one that isn't there."""
        import numpy as np

        own = np.uint64(term_hash(term))
        at = int(self._terms.searchsorted(own))
        return at if at < len(self._terms) and self._terms[at] == own else None

    def frequency(self, number: int) -> int:
        """How many passages have term `number`."""
        return int(self._starts[number + 1] - self._starts[number])

    def of(self, number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """The passages that have term `number`, ascending, and its impact in each."""
        where = slice(int(self._starts[number]), int(self._starts[number + 1]))
        return self._rows[where], self._impacts[where]


class PostingsWriter:
    """Takes the terms of one passage after the other; memory grows with the vocabulary, not with the passages."""

    def __init__(self, folder: Path, k1: float, b: float) -> None:
        folder.mkdir()
        self._folder, self._k1, self._b = folder, k1, b
        self._vocabulary: dict[str, int] = {}
        self._spools = {name: ArrayWriter(folder / _SPOOL.format(name), "uint32") for name in ("terms", "counts")}
        self._distinct = ArrayWriter(folder / _SPOOL.format("distinct"), "uint32")
        self._lengths = ArrayWriter(folder / _SPOOL.format("lengths"), "uint32")

    def add(self, terms: Sequence[str]) -> None:
        """Write the terms of the next passage, each as often as it counts."""
        vocabulary = self._vocabulary
        counted = Counter(terms)
        self._spools["terms"].append_each(vocabulary.setdefault(term, len(vocabulary)) for term in counted)
        self._spools["counts"].append_each(counted.values())
        self._distinct.append(len(counted))
        self._lengths.append(len(terms))

    def close(self) -> None:
        """Sort what was spooled into the files of the index."""
        import numpy as np

        for spool in (*self._spools.values(), self._distinct, self._lengths):
            spool.close()
        hashes = np.array([term_hash(term) for term in self._vocabulary], dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        number_of = np.empty(len(order), dtype=np.uint32)  # by the number that a term had while it was spooled
        number_of[order] = np.arange(len(order), dtype=np.uint32)
        self._vocabulary.clear()
        np.save(self._folder / _TERMS, hashes[order])
        frequencies = np.zeros(len(order), dtype=np.int64)
        for terms, _, _ in self._spooled():
            frequencies += np.bincount(number_of[terms], minlength=len(order))
        starts = np.concatenate([[0], np.cumsum(frequencies)])
        np.save(self._folder / _STARTS, starts)
        self._sort(number_of, starts)
        for name in (*self._spools, "distinct", "lengths"):
            (self._folder / _SPOOL.format(name)).unlink()

    def _spooled(self) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64]]]:
        """Terms, counts and passages of the spooled postings, `_AT_ONCE` or a few more at a time."""
        import numpy as np

        terms, counts, distinct = (open_array(self._folder / _SPOOL.format(n)) for n in ("terms", "counts", "distinct"))
        ends = np.cumsum(distinct, dtype=np.int64)
        row, at = 0, 0
        while row < len(ends):
            last = max(row + 1, int(np.searchsorted(ends, at + _AT_ONCE, side="right")))
            end = int(ends[last - 1])
            yield terms[at:end], counts[at:end], np.repeat(np.arange(row, last), distinct[row:last])
            row, at = last, end

    def _sort(self, number_of: NDArray[np.uint32], starts: NDArray[np.int64]) -> None:
        """Counting sort by term; passages come in order and stay so within a term."""
        import numpy as np

        files = {}
        for name, dtype in ((_ROWS, "uint32"), (_IMPACTS, "uint8")):
            if starts[-1]:
                files[name] = np.lib.format.open_memmap(self._folder / name, "w+", np.dtype(dtype), (int(starts[-1]),))
            else:
                np.save(self._folder / name, np.zeros(0, dtype))
        lengths = open_array(self._folder / _SPOOL.format("lengths"))
        mean = max(float(lengths.mean()), 1e-9) if len(lengths) else 1.0
        norm = self._k1 * (1 - self._b + self._b * lengths / mean)
        free = starts[:-1].copy()
        for terms, counts, rows in self._spooled():
            numbers = number_of[terms]
            order = np.argsort(numbers, kind="stable")
            numbers, rows = numbers[order], rows[order]
            weights = counts[order] / (counts[order] + norm[rows])
            first = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
            runs = np.diff(np.append(first, len(numbers)))
            places = free[numbers] + np.arange(len(numbers)) - np.repeat(first, runs)
            files[_ROWS][places] = rows
            files[_IMPACTS][places] = np.maximum(np.round(weights * FULL), 1)
            free[numbers[first]] += runs
        for file in files.values():
            file.flush()
