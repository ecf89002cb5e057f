"""Compares FAISS index types by search time (on one thread), recall@10 and size, for several numbers of passages.

python -m benchmarks.vectors ../shared/eval/medquad_genetics … --sizes 1000 10000 100000 1000000

The vectors are resampled from the data sets' passage vectors by a smoothed bootstrap: each is a real vector plus a
fraction of the difference between two others. Vectors generated around artificial cluster centres would give inverted
lists an unfair advantage. The questions come from the data sets. The results are written to vectors.json and
vectors.png in the folder given by --out.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from assistant.evaluation.data_sets import read_data_set
from assistant.factory import make_evaluation_assistant
from assistant.index.search import dense
from assistant.settings import load_settings

_RECALL_DEPTH = 10
_RETRIEVED = 30  # number of neighbours per search, as in retrieval
_TUNING_QUESTIONS = 128  # number of questions used for tuning; the others are used for measuring
_MAX_QUESTIONS_PER_SET, _MAX_QUESTIONS = 300, 600


def real_vectors(folders: list[Path]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the data sets' passage vectors `[passages, dimension]` and question vectors `[questions, dimension]`."""
    passages, questions = [], []
    for folder in folders:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        passages.append(assistant.index.dense_index.passage_vectors(np.arange(len(assistant.index.passages))))
        texts = list(data.queries.values())[:_MAX_QUESTIONS_PER_SET]
        questions.append(assistant.encoder.encode_questions(texts).vectors)
    pooled = np.concatenate(questions)
    return np.concatenate(passages), pooled[np.random.default_rng(1).permutation(len(pooled))[:_MAX_QUESTIONS]]


def resample(passages: NDArray[np.float32], count: int, spread: float) -> NDArray[np.float32]:
    """Return `count` vectors: the real ones first, then resampled ones."""
    random = np.random.default_rng(2)
    vectors = np.empty((count, passages.shape[1]), dtype=np.float32)
    for start in range(0, count, 1 << 16):
        size = min(1 << 16, count - start)
        first, second, third = random.integers(0, len(passages), (3, size))
        vectors[start : start + size] = passages[first] + spread * (passages[second] - passages[third])
    vectors[: len(passages)] = passages[:count]
    faiss.normalize_L2(vectors)
    return vectors


def measure(kind: str, vectors: NDArray[np.float32], questions: NDArray[np.float32]) -> dict[str, Any]:
    """Measure the search time, recall, build time and size of one type of index."""
    start = time.process_time()
    index = dense.build_faiss_index(vectors, kind, threads=2)
    build_seconds = time.process_time() - start
    tuning, measuring = questions[:_TUNING_QUESTIONS], questions[_TUNING_QUESTIONS:]
    exact = vectors.astype(np.float16) if kind != "Flat" else vectors
    parameters = (
        dense.tune_search_parameters(index, kind, exact, tuning) if kind != "Flat" else dense.SearchParameters(kind)
    )
    dense_index = dense.DenseIndex(index, exact, parameters)
    neighbours = dense.exact_neighbours(vectors, measuring, _RECALL_DEPTH).tolist()
    faiss.omp_set_num_threads(1)
    times, hits = [], 0
    for question, expected in zip(measuring, neighbours, strict=True):
        start = time.perf_counter()
        rows, _ = dense_index.nearest_passages(question, _RETRIEVED)
        times.append(time.perf_counter() - start)
        hits += len(set(rows[:_RECALL_DEPTH].tolist()) & set(expected))
    return {
        "passages": len(vectors), "kind": kind, "lists looked into": parameters.probed_lists,
        "refined": parameters.candidates_per_result,
        "p50 ms": float(np.percentile(times, 50) * 1e3), "p95 ms": float(np.percentile(times, 95) * 1e3),
        "recall@10": hits / (_RECALL_DEPTH * len(measuring)), "build CPU s": build_seconds,
        "bytes / float bytes": len(faiss.serialize_index(index)) / vectors.nbytes,
    }  # fmt: skip


def _family(kind: str) -> str:
    """Return the name of an index type with the number of lists replaced by an ellipsis."""
    return re.sub("[0-9]+,", "…,", kind)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Plot search time against the number of passages, with a line for each index type."""
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    for name in dict.fromkeys(_family(row["kind"]) for row in rows):
        series = [row for row in rows if _family(row["kind"]) == name]
        axes.plot([row["passages"] for row in series], [row["p50 ms"] for row in series], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="search p50, ms, one thread")
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Print a table and write it to a file, together with a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 30_000, 100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", default=["Flat", "RaBitQfs", "IVF,RaBitQfs", "IVF,SQ8"])
    parser.add_argument(
        "--spread", type=float, default=0.5, help="fraction of the difference that is added; small values form clusters"
    )
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    passages, questions = real_vectors(options.data)
    rows = []
    for size in options.sizes:
        vectors = resample(passages, size, options.spread)
        lists = 2 ** round(np.log2(4 * np.sqrt(size)))
        for kind in options.kinds:
            rows.append(measure(kind.replace("IVF", f"IVF{lists}"), vectors, questions))
            if len(rows) == 1:
                print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
            cells = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in rows[-1].values()]
            print("| " + " | ".join(cells) + " |", flush=True)
    (options.out / "vectors.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    draw(rows, options.out / "vectors.png")


if __name__ == "__main__":
    main()
