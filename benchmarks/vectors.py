"""Which FAISS index for how many passages: time of a search, recall@10, memory; on one thread.

python -m benchmarks.vectors ../shared/eval/medquad_genetics … --sizes 1000 10000 100000 1000000

The vectors are drawn from the real passage vectors of the data sets ("smoothed bootstrap": a real one
plus a part of the difference of two others), since synthetic clusters flatter lists around centres; the
questions are the data sets' own. Writes vectors.json and vectors.png to --out.
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

_DEPTH, _ASKED = 10, 30  # the nearest that count, and as many as retrieval asks for
_TUNED_ON = 128  # questions that the number of lists is chosen by; the others measure


def real(folders: list[Path]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Passage and question vectors of data sets."""
    passages, questions = [], []
    for folder in folders:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        passages.append(assistant.index.dense.vectors(np.arange(len(assistant.index.passages))))
        texts = list(data.queries.values())[:300]
        questions.append(assistant.encoder.encode_questions(texts).vectors)
    mixed = np.concatenate(questions)
    return np.concatenate(passages), mixed[np.random.default_rng(1).permutation(len(mixed))[:600]]


def drawn(passages: NDArray[np.float32], count: int, spread: float) -> NDArray[np.float32]:
    """`count` vectors, the real ones first."""
    random = np.random.default_rng(2)
    found = np.empty((count, passages.shape[1]), dtype=np.float32)
    for start in range(0, count, 1 << 16):
        size = min(1 << 16, count - start)
        first, second, third = random.integers(0, len(passages), (3, size))
        found[start : start + size] = passages[first] + spread * (passages[second] - passages[third])
    found[: len(passages)] = passages[:count]
    faiss.normalize_L2(found)
    return found


def measured(kind: str, vectors: NDArray[np.float32], questions: NDArray[np.float32]) -> dict[str, Any]:
    """Time, recall and size of one kind of index."""
    start = time.process_time()
    index = dense.build_faiss_index(vectors, kind, threads=2)
    seconds = time.process_time() - start
    tuned, asked = questions[:_TUNED_ON], questions[_TUNED_ON:]
    exact = vectors.astype(np.float16) if kind != "Flat" else vectors
    choice = dense.tune(index, kind, exact, tuned) if kind != "Flat" else dense.SearchParameters(kind)
    searched = dense.DenseIndex(index, exact, choice)
    right = dense.exact_neighbours(vectors, asked, _DEPTH).tolist()
    faiss.omp_set_num_threads(1)
    times, hits = [], 0
    for question, rows in zip(asked, right, strict=True):
        at = time.perf_counter()
        found, _ = searched.nearest(question, _ASKED)
        times.append(time.perf_counter() - at)
        hits += len(set(found[:_DEPTH].tolist()) & set(rows))
    return {
        "passages": len(vectors), "kind": kind, "lists looked into": choice.probes, "refined": choice.refined,
        "p50 ms": float(np.percentile(times, 50) * 1e3), "p95 ms": float(np.percentile(times, 95) * 1e3),
        "recall@10": hits / (_DEPTH * len(asked)), "build CPU s": seconds,
        "bytes / float bytes": len(faiss.serialize_index(index)) / vectors.nbytes,
    }  # fmt: skip


def _family(kind: str) -> str:
    """A kind without its number of lists."""
    return re.sub("[0-9]+,", "…,", kind)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Time over the number of passages, a line for each kind."""
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    for name in dict.fromkeys(_family(row["kind"]) for row in rows):
        own = [row for row in rows if _family(row["kind"]) == name]
        axes.plot([row["passages"] for row in own], [row["p50 ms"] for row in own], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="search p50, ms, one thread")
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Print a table, and write it with a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 30_000, 100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", default=["Flat", "RaBitQfs", "IVF,RaBitQfs", "IVF,SQ8"])
    parser.add_argument("--spread", type=float, default=0.5, help="of the difference that is added; small: clusters")
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    passages, questions = real(options.data)
    rows = []
    for size in options.sizes:
        vectors = drawn(passages, size, options.spread)
        lists = 2 ** round(np.log2(4 * np.sqrt(size)))
        for kind in options.kinds:
            rows.append(measured(kind.replace("IVF", f"IVF{lists}"), vectors, questions))
            if len(rows) == 1:
                print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
            cells = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in rows[-1].values()]
            print("| " + " | ".join(cells) + " |", flush=True)
    (options.out / "vectors.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    draw(rows, options.out / "vectors.png")


if __name__ == "__main__":
    main()
