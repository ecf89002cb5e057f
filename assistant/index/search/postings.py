"""An inverted index in NumPy files. It lists the passages that contain each term, and the term's weight in each one.

When the index is written, the passages are read once and their terms are then sorted in bounded memory. When the
index is read, its files are memory-mapped. Weights are BM25 weights without the idf factor, quantised to one byte
("impacts", Anh & Moffat 2002). Each term is identified by a 64-bit hash. For a million terms, the probability that
any two share a hash is 3 in 10^8.

    terms.npy     uint64 [t], the hashes of the terms, ascending
    starts.npy    int64 [t + 1], the offset of each term's postings
    rows.npy      uint32 [p], the rows of the passages that contain each term, ascending within a term
    impacts.npy   uint8 [p], the weights multiplied by 255
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.index.storage.arrays import ArrayWriter, memory_map_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TERMS, _STARTS, _ROWS, _IMPACTS = "terms.npy", "starts.npy", "rows.npy", "impacts.npy"
_SPOOL = "spool-{}.npy"
_SORT_BATCH = 1 << 22  # number of postings that are sorted in memory at once
MAX_QUANTISED_IMPACT = 255  # the impact that stands for a weight of 1


def term_hash(term: str) -> int:
    """Return the 64-bit hash that identifies `term`."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Postings:
    """A memory-mapped inverted index. Terms are numbered in the order of their hashes."""

    def __init__(self, folder: Path) -> None:
        self._terms: NDArray[np.uint64] = memory_map_array(folder / _TERMS)
        self._starts: NDArray[np.int64] = memory_map_array(folder / _STARTS)
        self._rows: NDArray[np.uint32] = memory_map_array(folder / _ROWS)
        self._impacts: NDArray[np.uint8] = memory_map_array(folder / _IMPACTS)

    def term_number(self, term: str) -> int | None:
        """Return the number that identifies `term`, or None if no passage contains `term`."""
        import numpy as np

        hashed = np.uint64(term_hash(term))
        number = int(self._terms.searchsorted(hashed))
        return number if number < len(self._terms) and self._terms[number] == hashed else None

    def document_frequency(self, number: int) -> int:
        """Return how many passages contain the term with this number."""
        return int(self._starts[number + 1] - self._starts[number])

    def rows_and_impacts(self, number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Return the rows of the passages that contain term `number`, ascending, and the term's impact in each."""
        postings = slice(int(self._starts[number]), int(self._starts[number + 1]))
        return self._rows[postings], self._impacts[postings]


class PostingsWriter:
    """Writes an inverted index, passage by passage. Memory use grows only with the number of distinct terms.

    Args:
        folder: the folder to create for the index.
        k1: the BM25 parameter for the saturation of term frequency.
        b: the BM25 parameter for length normalisation.
    """

    def __init__(self, folder: Path, k1: float, b: float) -> None:
        folder.mkdir()
        self._folder, self._k1, self._b = folder, k1, b
        self._vocabulary: dict[str, int] = {}
        self._spools = {name: ArrayWriter(folder / _SPOOL.format(name), "uint32") for name in ("terms", "counts")}
        self._distinct = ArrayWriter(folder / _SPOOL.format("distinct"), "uint32")
        self._lengths = ArrayWriter(folder / _SPOOL.format("lengths"), "uint32")

    def add_passage(self, terms: Sequence[str]) -> None:
        """Add the terms of the next passage. A term that occurs several times must be given several times."""
        vocabulary = self._vocabulary
        counts = Counter(terms)
        self._spools["terms"].append_values(vocabulary.setdefault(term, len(vocabulary)) for term in counts)
        self._spools["counts"].append_values(counts.values())
        self._distinct.append_value(len(counts))
        self._lengths.append_value(len(terms))

    def close(self) -> None:
        """Sort the added postings by term and write the index."""
        import numpy as np

        for spool in (*self._spools.values(), self._distinct, self._lengths):
            spool.close()
        hashes = np.array([term_hash(term) for term in self._vocabulary], dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        final_numbers = np.empty(
            len(order), dtype=np.uint32
        )  # a term's number in the spool files -> its number in the index
        final_numbers[order] = np.arange(len(order), dtype=np.uint32)
        self._vocabulary.clear()
        np.save(self._folder / _TERMS, hashes[order])
        frequencies = np.zeros(len(order), dtype=np.int64)
        for terms, _, _ in self._spooled_batches():
            frequencies += np.bincount(final_numbers[terms], minlength=len(order))
        starts = np.concatenate([[0], np.cumsum(frequencies)])
        np.save(self._folder / _STARTS, starts)
        self._sort(final_numbers, starts)
        for name in (*self._spools, "distinct", "lengths"):
            (self._folder / _SPOOL.format(name)).unlink()

    def _spooled_batches(self) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64]]]:
        """Yield terms, counts and rows of spooled postings, in batches of one passage or of up to `_SORT_BATCH`."""
        import numpy as np

        terms, counts, distinct = (
            memory_map_array(self._folder / _SPOOL.format(n)) for n in ("terms", "counts", "distinct")
        )
        ends = np.cumsum(distinct, dtype=np.int64)
        first_row, start = 0, 0
        while first_row < len(ends):
            end_row = max(first_row + 1, int(np.searchsorted(ends, start + _SORT_BATCH, side="right")))
            end = int(ends[end_row - 1])
            rows = np.repeat(np.arange(first_row, end_row), distinct[first_row:end_row])
            yield terms[start:end], counts[start:end], rows
            first_row, start = end_row, end

    def _sort(self, final_numbers: NDArray[np.uint32], starts: NDArray[np.int64]) -> None:
        """Sort postings by term with a counting sort. This sort is stable, so each term's rows stay in order."""
        import numpy as np

        dtypes = {_ROWS: "uint32", _IMPACTS: "uint8"}
        if not starts[-1]:  # none of the passages contains any terms, and an empty file can't be memory-mapped
            for name, dtype in dtypes.items():
                np.save(self._folder / name, np.zeros(0, dtype))
            return
        files = {
            name: np.lib.format.open_memmap(self._folder / name, "w+", np.dtype(dtype), (int(starts[-1]),))
            for name, dtype in dtypes.items()
        }
        lengths = memory_map_array(self._folder / _SPOOL.format("lengths"))
        mean_length = max(float(lengths.mean()), 1e-9)
        norm = self._k1 * (1 - self._b + self._b * lengths / mean_length)
        next_free = starts[:-1].copy()
        for terms, counts, rows in self._spooled_batches():
            numbers = final_numbers[terms]
            order = np.argsort(numbers, kind="stable")
            numbers, rows = numbers[order], rows[order]
            weights = counts[order] / (counts[order] + norm[rows])
            run_starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
            run_lengths = np.diff(np.append(run_starts, len(numbers)))
            targets = next_free[numbers] + np.arange(len(numbers)) - np.repeat(run_starts, run_lengths)
            files[_ROWS][targets] = rows
            files[_IMPACTS][targets] = np.maximum(np.round(weights * MAX_QUANTISED_IMPACT), 1)
            next_free[numbers[run_starts]] += run_lengths
        for file in files.values():
            file.flush()
