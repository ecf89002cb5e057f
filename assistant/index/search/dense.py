"""Passage vectors in FAISS: exact while that is quick, a bit for each dimension with exact refinement from there on.

Up to `MAX_FLAT` passages every vector is compared (`Flat`). Beyond, their bits are (`RaBitQfs`), and the
best candidates again by their exact vectors, which stay on disk; from `MAX_WITHOUT_LISTS` on, only those in the lists
nearest to the question (`IVF…,RaBitQfs`), where passages cluster enough for that. How many candidates and lists it
takes is measured for each index, on sentences of the corpus asked as questions, against exact search, and
kept in the manifest with the recall that was reached. benchmarks/vectors.py compares the choices.

    vectors.faiss   the FAISS index; Flat is memory-mapped, the others take 55 bytes a passage
    passages.npy    float16 [passages, d], exact vectors to refine by; not with Flat, which has them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.index.storage.arrays import open_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTORS_FILE, EXACT_VECTORS_FILE = "vectors.faiss", "passages.npy"
MAX_FLAT, MAX_WITHOUT_LISTS = 30_000, 300_000
_RECALL, _DEPTH = 0.985, 10  # recall@10 that is aimed at
_ASKED = 30  # passages that retrieval asks for
_REFINED, _MAX_REFINED = 8, 128  # candidates for each passage asked for: at first, at the most
_MAX_LISTS_SHARE = 4  # a part of the lists, beyond which it is quicker to have none
_BLOCK = 1 << 16  # vectors handled in one go
_POINTS = 64  # that k-means learns from for each centre; FAISS warns below 39, and more change little


@dataclass(frozen=True, slots=True)
class SearchParameters:
    """How an index is searched: `kind` in FAISS' words, lists looked into (0 where there are none), candidates compared
    by exact vectors for each passage asked for (0 for Flat), and recall@10 against exact search over so many held-back
    questions."""

    kind: str
    probes: int = 0
    refined: int = 0
    recall: float = 1.0
    questions: int = 0


def candidate_kinds(count: int) -> tuple[str, ...]:
    """The kinds of index for `count` passages, in FAISS' words; the first that finds what it should is taken.

    RaBitQ (Gao & Long 2024, arXiv:2405.12497) keeps a bit for each dimension. 4 √n lists, a power of two (FAISS'
    guidelines), save most of the work where passages cluster, and where they don't are of no use.
    """
    if count <= MAX_FLAT:
        return ("Flat",)
    lists = f"IVF{2 ** round(log2(4 * sqrt(count)))},RaBitQfs"
    return ("RaBitQfs",) if count <= MAX_WITHOUT_LISTS else (lists, "RaBitQfs")


def build_and_tune(
    vectors: NDArray[np.float32], threads: int, held_back: Callable[[], NDArray[np.float32]]
) -> tuple[Any, SearchParameters]:
    """The FAISS index for `vectors` `[n, d]`, and how to search it so that questions `[q, d]` find what is nearest."""
    for kind in candidate_kinds(len(vectors)):
        index = build_faiss_index(vectors, kind, threads)
        if kind == "Flat":
            return index, SearchParameters(kind)
        choice = tune(index, kind, vectors, held_back())
        if choice.recall >= _RECALL:
            break
    return index, choice


def build_faiss_index(vectors: NDArray[np.float32], kind: str, threads: int) -> Any:
    """A FAISS index of `vectors` `[n, d]`, which may be memory-mapped: read block by block."""
    import faiss
    import numpy as np

    with _threads(threads):
        index: Any = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            points = _BLOCK
            if kind.startswith("IVF"):
                index.cp.max_points_per_centroid = _POINTS
                points = index.nlist * _POINTS
            index.train(np.ascontiguousarray(vectors[:: max(1, len(vectors) // points)]))
        for start in range(0, len(vectors), _BLOCK):
            index.add(np.ascontiguousarray(vectors[start : start + _BLOCK]))
    return index


def tune(index: Any, kind: str, vectors: NDArray[Any], questions: NDArray[np.float32]) -> SearchParameters:
    """The quickest way to search `index`, which `build` made of `vectors`, that finds what is nearest to `questions`
    `[q, d]`; if none does, the best there is."""
    exact = [set(rows) for rows in exact_neighbours(vectors, questions, _DEPTH).tolist()]

    def measured(choice: SearchParameters) -> SearchParameters:
        dense = DenseIndex(index, vectors, choice)
        found = [set(dense.nearest(question, _ASKED)[0][:_DEPTH].tolist()) for question in questions]
        right = sum(len(own & nearest) for own, nearest in zip(found, exact, strict=True))
        recall = round(right / max(sum(map(len, exact)), 1), 4)
        return replace(choice, recall=recall, questions=len(questions))

    if not kind.startswith("IVF"):
        return _first_sufficient(
            measured, [SearchParameters(kind, 0, refined) for refined in _doubled(_REFINED, _MAX_REFINED)]
        )
    most = max(1, index.nlist // _MAX_LISTS_SHARE)
    found = _first_sufficient(measured, [SearchParameters(kind, probes, 2 * _REFINED) for probes in _doubled(1, most)])
    between = [replace(found, probes=max(1, found.probes * part // 8)) for part in (5, 6, 7)]
    return _first_sufficient(measured, [*between, found]) if found.recall >= _RECALL else found


def _first_sufficient(
    measured: Callable[[SearchParameters], SearchParameters], choices: Sequence[SearchParameters]
) -> SearchParameters:
    for choice in choices:
        found = measured(choice)
        if found.recall >= _RECALL:
            break
    return found


def _doubled(first: int, last: int) -> list[int]:
    found = [first]
    while found[-1] < last:
        found.append(min(last, 2 * found[-1]))
    return found


def exact_neighbours(vectors: NDArray[Any], questions: NDArray[np.float32], count: int) -> NDArray[np.int64]:
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


class DenseIndex:
    """The passage vectors of an index, to be searched.

    Args:
        index: a FAISS index.
        exact: unit vectors `[n, d]` in the order of its rows, float16 or float32.
        choice: how to search it.
    """

    def __init__(self, index: Any, exact: NDArray[Any], choice: SearchParameters) -> None:
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
        if not self._choice.refined:
            cosines, rows = self._index.search(vector[None], count)
            return rows[0], cosines[0]
        _, rows = self._index.search(vector[None], count * self._choice.refined, params=_lists(self._choice.probes))
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


def _lists(count: int) -> Any:
    """FAISS' words for looking into `count` lists; None where there are none."""
    import faiss

    return faiss.SearchParametersIVF(nprobe=count) if count else None  # type: ignore[call-arg]  # its stubs lack it


def open_dense_index(folder: Path, choice: SearchParameters) -> DenseIndex:
    """The passage vectors of the generation in `folder`, memory-mapped."""
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)  # two threads for one query are slower than one
    index: Any = faiss.read_index(str(folder / VECTORS_FILE), faiss.IO_FLAG_MMAP)
    if choice.refined:
        return DenseIndex(index, open_array(folder / EXACT_VECTORS_FILE), choice)
    if not index.ntotal:
        return DenseIndex(index, np.zeros((0, index.d), np.float32), choice)
    inside = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)  # the mapped file itself
    return DenseIndex(index, inside.reshape(index.ntotal, index.d), choice)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
