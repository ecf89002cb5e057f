"""Dense retrieval with FAISS. Small corpora are searched exactly; large ones are searched by compressed vectors first.

In an index of up to `MAX_FLAT_PASSAGES` passages, the question is compared with all vectors (`Flat`). Larger indexes
store one bit per dimension (`RaBitQfs`), and the best candidates are then compared again by their exact vectors, which
stay on disk. If there are more than `MAX_PASSAGES_WITHOUT_LISTS` passages and they cluster well enough, only the
inverted lists nearest to the question are searched (`IVF…,RaBitQfs`). When an index is built, the numbers of lists to
search and candidates to compare are tuned against exact search, with sentences of the corpus as questions. These
numbers and the measured recall are stored in the manifest. benchmarks/vectors.py compares the kinds of index.

    vectors.faiss   the FAISS index. A Flat index is memory-mapped; any other takes 55 bytes of memory per passage
    passages.npy    float16 [passages, d], the exact vectors of the candidates; only if the index is compressed
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.index.storage.arrays import memory_map_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FAISS_INDEX_FILE, EXACT_VECTORS_FILE = "vectors.faiss", "passages.npy"
MAX_FLAT_PASSAGES, MAX_PASSAGES_WITHOUT_LISTS = 30_000, 300_000
_TARGET_RECALL, _RECALL_DEPTH = 0.985, 10  # recall@10
_SEARCH_DEPTH = 30  # number of passages that retrieval requests per question
_MIN_REFINED, _MAX_REFINED = 8, 128  # number of candidates compared exactly per requested passage
_MIN_LISTS_PER_PROBE = 4  # searching more than a quarter of the lists is slower than having no lists
_BLOCK_SIZE = 1 << 16  # number of vectors processed at once
_POINTS_PER_CENTROID = 64  # for k-means training; FAISS warns below 39, and more than 64 make little difference


@dataclass(frozen=True, slots=True)
class SearchParameters:
    """The parameters with which an index is searched. They are stored in the manifest.

    Attributes:
        index_factory: the kind of index, as a string for the FAISS index factory.
        probed_lists: the number of inverted lists to search; 0 for an index without lists.
        candidates_per_result: the number of candidates compared by their exact vectors for each result; 0 for Flat.
        measured_recall: the recall@10, measured by comparison with exact search.
        measured_questions: the number of questions used to measure recall.
    """

    index_factory: str
    probed_lists: int = 0
    candidates_per_result: int = 0
    measured_recall: float = 1.0
    measured_questions: int = 0


def index_factory_strings(count: int) -> tuple[str, ...]:
    """Return the kinds of FAISS index to try for `count` passages. The first one to reach the target recall is used.

    RaBitQ (Gao & Long 2024, arXiv:2405.12497) stores one bit per dimension. As FAISS recommends, the number of lists
    is 4 √`count`; here it is rounded to a power of two. Lists save most of the work if the passages form clusters but
    are useless if they don't.
    """
    if count <= MAX_FLAT_PASSAGES:
        return ("Flat",)
    lists = f"IVF{2 ** round(log2(4 * sqrt(count)))},RaBitQfs"
    return ("RaBitQfs",) if count <= MAX_PASSAGES_WITHOUT_LISTS else (lists, "RaBitQfs")


def build_and_tune_index(
    vectors: NDArray[np.float32], threads: int, sample_questions: Callable[[], NDArray[np.float32]]
) -> tuple[Any, SearchParameters]:
    """Build and tune a FAISS index of the best kind for `vectors`.

    Args:
        vectors: the unit vectors of the passages, `[n, d]`.
        threads: the number of threads that FAISS uses.
        sample_questions: a function that returns question vectors for tuning, `[q, d]`. It isn't called for Flat.

    Returns:
        The FAISS index and the parameters for searching it.
    """
    for kind in index_factory_strings(len(vectors)):
        index = build_faiss_index(vectors, kind, threads)
        if kind == "Flat":
            return index, SearchParameters(kind)
        parameters = tune_search_parameters(index, kind, vectors, sample_questions())
        if parameters.measured_recall >= _TARGET_RECALL:
            break
    return index, parameters


def build_faiss_index(vectors: NDArray[np.float32], kind: str, threads: int) -> Any:
    """Build a FAISS index of `vectors`, `[n, d]`. The vectors are read in blocks because they may be memory-mapped."""
    import faiss
    import numpy as np

    with _faiss_threads(threads):
        index: Any = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            training_points = _BLOCK_SIZE
            if kind.startswith("IVF"):
                index.cp.max_points_per_centroid = _POINTS_PER_CENTROID
                training_points = index.nlist * _POINTS_PER_CENTROID
            index.train(np.ascontiguousarray(vectors[:: max(1, len(vectors) // training_points)]))
        for start in range(0, len(vectors), _BLOCK_SIZE):
            index.add(np.ascontiguousarray(vectors[start : start + _BLOCK_SIZE]))
    return index


def tune_search_parameters(
    index: Any, kind: str, vectors: NDArray[Any], questions: NDArray[np.float32]
) -> SearchParameters:
    """Return the fastest search parameters that reach the target recall or, if none do, the most thorough ones.

    Args:
        index: an index that `build_faiss_index` returned.
        kind: the kind of the index.
        vectors: the vectors in the index, `[n, d]`.
        questions: the unit vectors of sample questions, `[q, d]`.
    """
    exact = [set(rows) for rows in exact_neighbours(vectors, questions, _RECALL_DEPTH).tolist()]

    def measure(parameters: SearchParameters) -> SearchParameters:
        dense = DenseIndex(index, vectors, parameters)
        results = [
            set(dense.nearest_passages(question, _SEARCH_DEPTH)[0][:_RECALL_DEPTH].tolist()) for question in questions
        ]
        hits = sum(len(rows & nearest) for rows, nearest in zip(results, exact, strict=True))
        recall = round(hits / max(sum(map(len, exact)), 1), 4)
        return replace(parameters, measured_recall=recall, measured_questions=len(questions))

    if not kind.startswith("IVF"):
        return _first_sufficient(
            measure, [SearchParameters(kind, 0, refined) for refined in _doublings(_MIN_REFINED, _MAX_REFINED)]
        )
    max_probes = max(1, index.nlist // _MIN_LISTS_PER_PROBE)
    coarse = _first_sufficient(
        measure, [SearchParameters(kind, probes, 2 * _MIN_REFINED) for probes in _doublings(1, max_probes)]
    )
    finer = [replace(coarse, probed_lists=max(1, coarse.probed_lists * eighths // 8)) for eighths in (5, 6, 7)]
    return _first_sufficient(measure, [*finer, coarse]) if coarse.measured_recall >= _TARGET_RECALL else coarse


def _first_sufficient(
    measure: Callable[[SearchParameters], SearchParameters], candidates: Sequence[SearchParameters]
) -> SearchParameters:
    """Measure the recall of each candidate in turn. Return the first that reaches the target, or else the last."""
    for candidate in candidates:
        measured = measure(candidate)
        if measured.measured_recall >= _TARGET_RECALL:
            break
    return measured


def _doublings(first: int, last: int) -> list[int]:
    values = [first]
    while values[-1] < last:
        values.append(min(last, 2 * values[-1]))
    return values


def exact_neighbours(vectors: NDArray[Any], questions: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Compare each question with all vectors. Return the rows of the `count` nearest vectors, `[q, count]`."""
    import numpy as np

    rows = np.zeros((len(questions), 0), dtype=np.int64)
    cosines = np.zeros((len(questions), 0), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK_SIZE):
        block = questions @ np.asarray(vectors[start : start + _BLOCK_SIZE], dtype=np.float32).T
        block_rows = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        cosines, rows = np.hstack([cosines, block]), np.hstack([rows, block_rows])
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        cosines, rows = np.take_along_axis(cosines, order, 1), np.take_along_axis(rows, order, 1)
    return rows


class DenseIndex:
    """The searchable passage vectors of a generation.

    Args:
        index: a FAISS index.
        exact_vectors: the exact unit vectors in the same order as in the index, float16 or float32 `[n, d]`.
        parameters: the parameters for searching the index.
    """

    def __init__(self, index: Any, exact_vectors: NDArray[Any], parameters: SearchParameters) -> None:
        self._index, self._exact_vectors, self._parameters = index, exact_vectors, parameters

    def nearest_passages(
        self, vector: NDArray[np.float32], count: int, allowed_rows: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows of the passages nearest to `vector` and their cosines, best first.

        Args:
            vector: a unit vector, `[d]`.
            count: the maximum number of passages.
            allowed_rows: the only rows to search; they are searched exactly. If None, all rows are searched.
        """
        count = min(count, len(self._exact_vectors))
        if allowed_rows is not None:
            return self._exact_nearest(vector, allowed_rows, count)
        if not self._parameters.candidates_per_result:
            cosines, rows = self._index.search(vector[None], count)
            return rows[0], cosines[0]
        depth, options = (
            count * self._parameters.candidates_per_result,
            _faiss_parameters(self._parameters.probed_lists),
        )
        _, rows = self._index.search(vector[None], depth, params=options)
        return self._exact_nearest(vector, rows[0][rows[0] >= 0], count)

    def _exact_nearest(
        self, vector: NDArray[np.float32], rows: NDArray[np.int64], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import numpy as np

        blocks = [
            self.passage_cosines(vector, rows[start : start + _BLOCK_SIZE])
            for start in range(0, len(rows), _BLOCK_SIZE)
        ]
        cosines = np.concatenate([np.zeros(0, np.float32), *blocks])
        order = np.argsort(-cosines, kind="stable")[:count]
        return rows[order], cosines[order]

    def passage_cosines(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine between `vector` and the vector of each passage in `rows`, `[n]`."""
        return self.passage_vectors(rows) @ vector

    def passage_vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of the passages in `rows`, `[n, d]`."""
        vectors: NDArray[np.float32] = self._exact_vectors[rows].astype("float32", copy=False)
        return vectors


def _faiss_parameters(probes: int) -> Any:
    import faiss

    # The type stubs of FAISS lack the argument `nprobe`.
    return faiss.SearchParametersIVF(nprobe=probes) if probes else None  # type: ignore[call-arg]


def open_dense_index(folder: Path, parameters: SearchParameters) -> DenseIndex:
    """Memory-map the passage vectors of the generation in `folder`."""
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)  # a single query takes longer with two threads than with one
    index: Any = faiss.read_index(str(folder / FAISS_INDEX_FILE), faiss.IO_FLAG_MMAP)
    if parameters.candidates_per_result:
        return DenseIndex(index, memory_map_array(folder / EXACT_VECTORS_FILE), parameters)
    if not index.ntotal:
        return DenseIndex(index, np.zeros((0, index.d), np.float32), parameters)
    mapped = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)  # a view of the mapped file, not a copy
    return DenseIndex(index, mapped.reshape(index.ntotal, index.d), parameters)


@contextmanager
def _faiss_threads(count: int) -> Iterator[None]:
    import faiss

    previous = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(previous)
