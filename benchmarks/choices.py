"""What is made when the index is built, and what it would cost to make it when a question is asked.

python -m benchmarks.choices DATA/SET [--questions 40]

Vectors of sentences and words: of every passage that retrieval looks at for a question, with nothing kept, and with
the passages kept that earlier questions looked at. They come from the same pass of the model, so the quality is that
of the index, which is shown with the difference of the vectors. Statistics of words: counted over all passages for
each question, and once at the start. Beside it what a whole answer takes from the index, and bytes a passage.
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
from assistant.retrieval.retriever import WEIGHTS
from assistant.schema import Span
from assistant.settings import load_settings
from assistant.text.stemming import stem_words
from assistant.text.words import content_words
from benchmarks.retrieval import figure, queries

_CANDIDATES = 30  # of each retriever, as in assistant.retrieval


def looked_at(assistant: Assistant, question: str, vector: np.ndarray[Any, Any]) -> list[int]:
    """The rows whose sentences and words retrieval compares."""
    nearest, _ = assistant.index.dense.nearest(vector, _CANDIDATES)
    return list(dict.fromkeys([*nearest.tolist(), *assistant.index.lexical.search(question, _CANDIDATES, nearest)]))


def encoded(assistant: Assistant, rows: Sequence[int]) -> list[np.ndarray[Any, Any]]:
    """The vectors of the sentences of passages, then those of their words, made now."""
    texts, spans = [], []
    for passage in (assistant.index.passages[row] for row in rows):
        header = passage_header(passage.title, passage.heading)
        shift = len(header) - passage.start
        own = [Span(span.start + shift, span.end + shift) for span in passage.sentences]
        texts.append(header + passage.text)
        spans.append([*own, *(span for _, span in content_words(texts[-1]))])
    return list(assistant.encoder.encode_passages(texts, spans).spans) if texts else []


def of_vectors(assistant: Assistant, asked: Sequence[str]) -> dict[str, Any]:
    """Time of a question whose passages are encoded when it is asked, and with those of earlier ones kept."""
    alone, kept_ms, difference = [], [], 0.0
    kept: set[int] = set()
    for question in asked:
        vector = assistant.encoder.encode_questions([question]).vectors[0]
        rows = looked_at(assistant, question, vector)
        start = time.perf_counter()
        found = encoded(assistant, rows)
        alone.append(1000 * (time.perf_counter() - start))
        missing = len([row for row in rows if row not in kept])
        kept_ms.append(alone[-1] * missing / len(rows))
        kept.update(rows)
        for row, own in zip(rows, found, strict=True):
            stored = assistant.index.sentences(row)
            difference = max(difference, float(np.abs(stored - own[: len(stored)]).max(initial=0.0)))
    return {"nothing kept, ms more": statistics.median(alone), "kept, ms more": statistics.median(kept_ms),
            "largest difference of a component": difference}  # fmt: skip


def of_statistics(assistant: Assistant, asked: Sequence[str]) -> dict[str, Any]:
    """Time to count stems and 4-grams of all passages, and to search what the index holds."""
    counted, searched = [], []
    for _ in range(5):
        start = time.perf_counter()
        for passage in assistant.index.passages:
            own = [word for word, _ in content_words(f"{passage.title} {passage.text}")]
            Counter(stem_words(own, passage.language))
            Counter(gram for word in own for gram in character_ngrams(word))
        counted.append(1000 * (time.perf_counter() - start))
    for question in asked:
        start = time.perf_counter()
        assistant.index.lexical.search(question, _CANDIDATES, np.zeros(0, dtype=np.int64))
        searched.append(1000 * (time.perf_counter() - start))
    return {"counted for each question, or once at the start, ms": statistics.median(counted),
            "from the index, ms": statistics.median(searched)}  # fmt: skip


def main() -> None:
    """Print the figures, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings({})
    data = read_data_set(options.data)
    assistant = make_evaluation_assistant(settings, data, print, lambda items, _: items)
    asked = list(data.queries.values())[: options.questions]
    whole = []
    for question in asked:
        start = time.perf_counter()
        assistant.ask(question)
        whole.append(1000 * (time.perf_counter() - start))
    folder, count = live_generation_folder(settings.cache / "evaluation" / data.name), len(assistant.index.passages)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    parts = {"sentences": "sentences.npy", "words": "word", "statistics": "lexical/"}
    found = {
        "passages": count, "whole answer from the index, ms": statistics.median(whole),
        "nDCG@10": figure(data, assistant, queries(data, assistant), WEIGHTS).value,
        "bytes a passage": {
            name: sum(size for file, size in sizes.items() if file.startswith(start)) / count
            for name, start in parts.items()
        },
        "vectors when asked": of_vectors(assistant, asked), "statistics when asked": of_statistics(assistant, asked),
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    (options.out / "choices.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
