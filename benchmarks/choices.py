"""Compares precomputing data when the index is built with computing it when a question is asked.

python -m benchmarks.choices DATA/SET [--questions 40]

For sentence and word vectors, the benchmark measures the time taken to encode every passage that retrieval compares
with a question, both without a cache and with the passages of earlier questions cached. It also prints the largest
difference from the stored vectors: if the difference is tiny, the quality is the same. For word statistics, the
benchmark measures the time taken to count the words of all passages. Without an index, the words would be counted
either for each question or once at start-up. For comparison, the benchmark prints the time that a whole answer takes
with the index, and the size of the stored data per passage.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.chunking import passage_header
from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import read_data_set
from assistant.factory import make_evaluation_assistant
from assistant.index.generations import live_generation_folder
from assistant.index.search.lexical import character_ngrams
from assistant.retrieval.retriever import DEFAULT_SCORE_WEIGHTS
from assistant.schema import Span
from assistant.settings import load_settings
from assistant.text.stemming import stem_words
from assistant.text.words import content_words
from benchmarks.retrieval import encode_queries, ndcg

_CANDIDATES = 30  # number of candidates from each retriever, as in assistant.retrieval


def candidate_rows(assistant: Assistant, question: str, vector: np.ndarray[Any, Any]) -> list[int]:
    """Return the rows of the passages whose sentences and words are compared with the question."""
    nearest, _ = assistant.index.dense_index.nearest_passages(vector, _CANDIDATES)
    return list(
        dict.fromkeys(
            [*nearest.tolist(), *assistant.index.lexical_index.search_passages(question, _CANDIDATES, nearest)]
        )
    )


def encode_rows(assistant: Assistant, rows: Sequence[int]) -> list[np.ndarray[Any, Any]]:
    """Encode passages. Returns one array per passage: its sentence vectors, followed by its word vectors."""
    texts, spans = [], []
    for passage in (assistant.index.passages[row] for row in rows):
        header = passage_header(passage.title, passage.heading)
        shift = len(header) - passage.start
        sentences = [Span(span.start + shift, span.end + shift) for span in passage.sentences]
        texts.append(header + passage.text)
        spans.append([*sentences, *(span for _, span in content_words(texts[-1]))])
    return list(assistant.encoder.encode_passages(texts, spans).span_vectors) if texts else []


def measure_vectors(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Measure the time taken to encode passages while answering a question, without and with a cache."""
    uncached_ms, cached_ms, difference = [], [], 0.0
    cached: set[int] = set()
    for question in questions:
        vector = assistant.encoder.encode_questions([question]).vectors[0]
        rows = candidate_rows(assistant, question, vector)
        start = time.perf_counter()
        encoded = encode_rows(assistant, rows)
        uncached_ms.append(1000 * (time.perf_counter() - start))
        missing = len([row for row in rows if row not in cached])
        cached_ms.append(uncached_ms[-1] * missing / len(rows))
        cached.update(rows)
        for row, vectors in zip(rows, encoded, strict=True):
            stored = assistant.index.passage_sentence_vectors(row)
            difference = max(difference, float(np.abs(stored - vectors[: len(stored)]).max(initial=0.0)))
    return {"not cached, ms more": statistics.median(uncached_ms), "cached, ms more": statistics.median(cached_ms),
            "largest difference of a component": difference}  # fmt: skip


def measure_statistics(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Measure the time to count the stems and 4-grams of all passages, and the time to search the lexical index."""
    counting_ms, search_ms = [], []
    for _ in range(5):
        start = time.perf_counter()
        for passage in assistant.index.passages:
            words = [word for word, _ in content_words(f"{passage.title} {passage.text}")]
            Counter(stem_words(words, passage.language))
            Counter(gram for word in words for gram in character_ngrams(word))
        counting_ms.append(1000 * (time.perf_counter() - start))
    for question in questions:
        start = time.perf_counter()
        assistant.index.lexical_index.search_passages(question, _CANDIDATES, np.zeros(0, dtype=np.int64))
        search_ms.append(1000 * (time.perf_counter() - start))
    return {"counted for each question, or once at the start, ms": statistics.median(counting_ms),
            "from the index, ms": statistics.median(search_ms)}  # fmt: skip


def main() -> None:
    """Print the results and write them to choices.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings({})
    data = read_data_set(options.data)
    assistant = make_evaluation_assistant(settings, data, print, lambda items, _: items)
    questions = list(data.queries.values())[: options.questions]
    answer_ms = []
    for question in questions:
        start = time.perf_counter()
        assistant.ask(question)
        answer_ms.append(1000 * (time.perf_counter() - start))
    folder, count = live_generation_folder(settings.cache / "evaluation" / data.name), len(assistant.index.passages)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    prefixes = {"sentences": "sentences.npy", "words": "word", "statistics": "lexical/"}
    results = {
        "passages": count, "whole answer from the index, ms": statistics.median(answer_ms),
        "nDCG@10": ndcg(data, assistant, encode_queries(data, assistant), DEFAULT_SCORE_WEIGHTS).value,
        "bytes a passage": {
            name: sum(size for file, size in sizes.items() if file.startswith(prefix)) / count
            for name, prefix in prefixes.items()
        },
        "vectors when asked": measure_vectors(assistant, questions),
        "statistics when asked": measure_statistics(assistant, questions),
    }  # fmt: skip
    print(json.dumps(results, indent=1))
    (options.out / "choices.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
