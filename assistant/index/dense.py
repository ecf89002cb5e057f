"""Passage vectors in FAISS: exact while that is quick, compressed lists with exact refinement from there on.

Up to `FLAT_MOST` passages every vector is compared (`Flat`). Beyond, vectors lie in lists around
k-means centres with one byte a component (`IVF…,SQ8`); a search looks into the nearest lists, and the
best candidates are compared again by their exact vectors, which stay on disk. How many lists it takes
is measured for each index, on sentences of the corpus asked as questions, against exact search, and
kept in the manifest with the recall that was reached. benchmarks/vectors.py compares the choices.

    vectors.faiss   the FAISS index, memory-mapped
    passages.npy    float16 [passages, d], exact vectors to refine by; not with Flat, which has them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log2, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.index.arrays import mapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTORS, EXACT = "vectors.faiss", "passages.npy"
FLAT_MOST = 30_000
_RECALL, _DEPTH = 0.99, 10  # recall@10 that is aimed at
_REFINED = 4  # candidates for each passage asked for
_BLOCK = 1 << 16  # vectors handled in one go
_POINTS = 64  # that k-means learns from for each centre; FAISS warns below 39, and more change little


@dataclass(frozen=True, slots=True)
class Choice:
    """How an index is searched: `kind` in FAISS' words, lists looked into, candidates refined for each passage asked
    for (both 0 for Flat), and recall@10 against exact search over so many held-back questions."""

    kind: str
    probes: int = 0
    refined: int = 0
    recall: float = 1.0
    questions: int = 0


def kind_for(count: int) -> str:
    """The kind of index for `count` passages, in FAISS' words; 4 √n lists, a power of two (FAISS' guidelines)."""
    return "Flat" if count <= FLAT_MOST else f"IVF{2 ** round(log2(4 * sqrt(count)))},SQ8"


def build(vectors: NDArray[np.float32], kind: str, threads: int) -> Any:
    """A FAISS index of `vectors` `[n, d]`, which may be memory-mapped: read block by block."""
    import faiss
    import numpy as np

    with _threads(threads):
        index: Any = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            index.cp.max_points_per_centroid = _POINTS
            step = max(1, len(vectors) // (index.nlist * _POINTS))
            index.train(np.ascontiguousarray(vectors[::step]))
        for start in range(0, len(vectors), _BLOCK):
            index.add(np.ascontiguousarray(vectors[start : start + _BLOCK]))
    return index


def choose(index: Any, kind: str, vectors: NDArray[np.float32], held_back: Callable[[], NDArray[np.float32]]) -> Choice:
    """How to search `index`, which `build` made of `vectors`, so that questions `[q, d]` find what is nearest."""
    if kind == "Flat":
        return Choice(kind)
    questions = held_back()
    exact = [set(rows) for rows in nearest_of_all(vectors, questions, _DEPTH).tolist()]
    probes = 1
    while True:
        choice = Choice(kind, probes, _REFINED, questions=len(questions))
        dense = Dense(index, vectors, choice)
        found = [set(dense.nearest(question, _DEPTH)[0].tolist()) for question in questions]
        recall = sum(len(own & right) for own, right in zip(found, exact, strict=True)) / max(sum(map(len, exact)), 1)
        if recall >= _RECALL or probes >= index.nlist:
            return Choice(kind, probes, _REFINED, round(recall, 4), len(questions))
        probes *= 2


def nearest_of_all(vectors: NDArray[Any], questions: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Rows of the `count` vectors nearest to each question, `[q, count]`, by comparing all."""
    import numpy as np

    rows = np.zeros((len(questions), 0), dtype=np.int64)
    cosines = np.zeros((len(questions), 0), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = questions @ np.asarray(vectors[start : start + _BLOCK], dtype=np.float32).T
        numbers = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        cosines, rows = np.hstack([cosines, block]), np.hstack([rows, numbers])
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        cosines, rows = np.take_along_axis(cosines, order, 1), np.take_along_axis(rows, order, 1)
    return rows


class Dense:
    """The passage vectors of an index, to be searched.

    Args:
        index: a FAISS index.
        exact: unit vectors `[n, d]` in the order of its rows, float16 or float32.
        choice: how to search it.
    """

    def __init__(self, index: Any, exact: NDArray[Any], choice: Choice) -> None:
        self._index, self._exact, self._choice = index, exact, choice

    def nearest(
        self, vector: NDArray[np.float32], count: int, among: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the `count` passages nearest to `vector` `[d]`, best first.

        Args:
            vector: unit length.
            count: fewer are given where there are fewer.
            among: only these rows count, all when None; then all of them are compared.
        """
        count = min(count, len(self._exact))
        if among is not None:
            return self._best(vector, among, count)
        if not self._choice.probes:
            cosines, rows = self._index.search(vector[None], count)
            return rows[0], cosines[0]
        import faiss

        chosen = faiss.SearchParametersIVF(nprobe=self._choice.probes)  # type: ignore[call-arg]  # its stubs lack it
        _, rows = self._index.search(vector[None], count * self._choice.refined, params=chosen)
        return self._best(vector, rows[0][rows[0] >= 0], count)

    def _best(
        self, vector: NDArray[np.float32], rows: NDArray[np.int64], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import numpy as np

        blocks = [self.cosines(vector, rows[at : at + _BLOCK]) for at in range(0, len(rows), _BLOCK)]
        cosines = np.concatenate([np.zeros(0, np.float32), *blocks])
        order = np.argsort(-cosines, kind="stable")[:count]
        return rows[order], cosines[order]

    def cosines(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosine of `vector` and each of the passages `rows`."""
        return self.vectors(rows) @ vector

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of the passages `rows`, `[n, d]`."""
        found: NDArray[np.float32] = self._exact[rows].astype("float32", copy=False)
        return found


def read_dense(folder: Path, choice: Choice) -> Dense:
    """The passage vectors of the generation in `folder`, memory-mapped."""
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)  # two threads for one query are slower than one
    index: Any = faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP)
    if choice.probes:
        lists: Any = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0  # else each search starts threads
        return Dense(index, mapped(folder / EXACT), choice)
    if not index.ntotal:
        return Dense(index, np.zeros((0, index.d), np.float32), choice)
    inside = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)  # the mapped file itself
    return Dense(index, inside.reshape(index.ntotal, index.d), choice)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
