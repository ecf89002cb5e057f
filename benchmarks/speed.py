"""Compares the time for a whole answer with the time for encoding the question and running one exact FAISS search.

Answers are timed with and without the reader.

python -m benchmarks.speed DATA/SET --sizes 1000 10000 100000 [--short]

Documents are composed of sentences from the data set, with vectors resampled from the data set's real vectors. The
answers are meaningless, but they take a realistic time. The assistant builds its index as usual, and the real model
encodes the data set's questions. With --short, each passage is one sentence, so that a million passages fit on the
disk. The results are written to the folder given by --out, with a plot: to growth.json with --short, and otherwise to
speed.json. The benchmark also compares a cold start of `assistant ask`, using the live index of the working folder,
with a minimal script that loads ONNX Runtime, FAISS, the model and the same index.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
from matplotlib.figure import Figure

from assistant.answering.answerability import load_answerability_model
from assistant.conversation.assistant import Assistant
from assistant.embedding.encoder import EncodedTexts, Encoder
from assistant.evaluation.data_sets import DataSet, read_data_set
from assistant.factory import make_encoder, make_evaluation_assistant
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index, load_index
from assistant.schema import Document, Heading, Span
from assistant.settings import load_settings

_RUNS = 5
_MAX_QUESTIONS = 60
_SENTENCES_PER_DOCUMENT = 40
_WORDS_PER_PASSAGE = 75  # an approximate figure
MINIMAL_SCRIPT = """
import sys, numpy, onnxruntime, faiss
from tokenizers import Tokenizer
model, index, question = sys.argv[1:]
tokenizer = Tokenizer.from_file(model + "/tokenizer.json")
session = onnxruntime.InferenceSession(model + "/encoder.onnx", providers=["CPUExecutionProvider"])
table = numpy.load(model + "/word_embeddings.npy", mmap_mode="r")
ids = tokenizer.encode("query: " + question).ids
(states,) = session.run(None, {"inputs_embeds": table[ids][None], "attention_mask": numpy.ones((1, len(ids)), "int64")})
vector = states[0].mean(axis=0)
print(faiss.read_index(index).search((vector / numpy.linalg.norm(vector))[None], 10))
"""


class ResamplingEncoder:
    """Encodes questions with the real model, and passages with vectors resampled from a real index.

    The random numbers for each passage are seeded with the hash of its text, so equal texts get equal vectors.
    """

    def __init__(self, encoder: Encoder, index: Index) -> None:
        self._encoder = encoder
        self.name, self.fingerprint = "drawn", "drawn " + encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self._passages = index.dense_index.passage_vectors(np.arange(len(index.passages)))
        self._sentences = np.asarray(index.sentence_vectors[:20_000], dtype=np.float32)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        return self._encoder.encode_questions(texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        vectors, span_vectors = [], []
        for text, text_spans in zip(texts, spans or [()] * len(texts), strict=True):
            random = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))
            first, second, third = self._passages[random.integers(0, len(self._passages), 3)]
            vector = first + 0.5 * (second - third)
            vectors.append(vector / np.linalg.norm(vector))
            span_vectors.append(self._sentences[random.integers(0, len(self._sentences), len(text_spans))])
        return EncodedTexts(np.stack(vectors), tuple(span_vectors))

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)


def synthetic_documents(index: Index, passages: int, short: bool = False) -> Iterator[Document]:
    """Compose documents of sentences from a real index.

    Args:
        index: the source of the sentences.
        passages: approximately how many passages the documents should have in total.
        short: whether each passage is a single sentence.
    """
    random = np.random.default_rng(3)
    rows = [row for row in range(len(index.passages)) if index.passages[row].sentences]
    count = 0
    while count < passages:
        numbers = random.integers(0, len(rows), _SENTENCES_PER_DOCUMENT)
        sample = [index.passages[rows[number]] for number in numbers]
        sentences = [item.quote(item.sentences[int(random.integers(len(item.sentences)))]) for item in sample]
        sentences = [sentence.replace("\n", " ") for sentence in sentences]
        if short:
            yield _document_with_headings(f"{count:08}.md", sample[0].title, sentences)
            count += len(sentences)
        else:
            yield Document(f"{count:08}.md", sample[0].title, " ".join(sentences), "en")
            count += sum(len(sentence.split()) for sentence in sentences) // _WORDS_PER_PASSAGE


def _document_with_headings(name: str, title: str, sentences: Sequence[str]) -> Document:
    """Compose a document with a heading before each sentence, so that each becomes a passage."""
    text, headings = "", []
    for number, sentence in enumerate(sentences, 1):
        headings.append(Heading(Span(len(text), len(text) + len(str(number))), 1, str(number)))
        text += f"{number}\n\n{sentence}\n\n"
    return Document(name, title, text, "en", headings=tuple(headings))


def measure_warm(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Time each question with both methods. Returns medians; "from" and "to" are the quartiles of the ratio."""
    vectors = assistant.index.dense_index.passage_vectors(np.arange(len(assistant.index.passages)))
    flat: Any = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    without_reader = replace(
        assistant, reader=None, answerability_model=load_answerability_model(None, with_reader=False)
    )
    for question in questions[:5]:
        assistant.ask(question)
    ratios, bare_times, our_times, times_without_reader = [], [], [], []
    for question in questions:
        start = time.perf_counter()
        vector = assistant.encoder.encode_questions([question]).vectors
        flat.search(vector, 10)
        middle = time.perf_counter()
        assistant.ask(question)
        end = time.perf_counter()
        without_reader.ask(question)
        times_without_reader.append(time.perf_counter() - end)
        bare_times.append(middle - start)
        our_times.append(end - middle)
        ratios.append((end - middle) / (middle - start))
    low, median, high = statistics.quantiles(ratios, n=4)
    return {
        "passages": len(vectors), "kind": assistant.index.manifest.search.index_factory,
        "recall": assistant.index.manifest.search.measured_recall, "bare ms": statistics.median(bare_times) * 1e3,
        "ours ms": statistics.median(our_times) * 1e3, "ours p95 ms": _percentile_95(our_times) * 1e3,
        "without reader ms": statistics.median(times_without_reader) * 1e3,
        "without reader p95 ms": _percentile_95(times_without_reader) * 1e3, "ratio": median, "from": low, "to": high,
    }  # fmt: skip


def _percentile_95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def measure_size(data: DataSet, real: Assistant, size: int, short: bool) -> dict[str, Any]:
    """Build an index of about `size` passages and time questions on it with `measure_warm`."""
    encoder = ResamplingEncoder(real.encoder, real.index)
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        build_index(synthetic_documents(real.index, size, short), encoder, Path(folder), threads=2)
        build_seconds = time.perf_counter() - start
        model, index = load_answerability_model(None), load_index(Path(folder), encoder)
        assistant = Assistant(index, encoder, model, reader=real.reader)
        index_bytes = sum(
            path.stat().st_size for path in live_generation_folder(Path(folder)).rglob("*") if path.is_file()
        )
        results = measure_warm(assistant, list(data.queries.values())[:_MAX_QUESTIONS])
    bytes_per_passage = index_bytes / results["passages"]
    return {**results, "built s, without encoding": build_seconds, "bytes a passage": bytes_per_passage}


def measure_cold_start() -> dict[str, Any]:
    """Compare the run time of `assistant ask` with that of the minimal script, running the two alternately."""
    settings = load_settings({})
    encoder: Any = make_encoder(settings, threads=1)
    question = "Who works together with SciLifeLab?"
    minimal_command = [
        sys.executable,
        "-c",
        MINIMAL_SCRIPT,
        str(encoder.folder),
        str(live_generation_folder(settings.index) / "vectors.faiss"),
        question,
    ]
    our_command = [sys.executable, "-m", "assistant", "ask", question]
    without_reader = {**os.environ, "ASSISTANT_READER": "false"}
    runs = [
        (_run_seconds(minimal_command), _run_seconds(our_command), _run_seconds(our_command, without_reader))
        for _ in range(_RUNS + 1)
    ][1:]
    ratios = [ours / minimal for minimal, ours, _ in runs]
    return {"bare s": statistics.median(minimal for minimal, _, _ in runs),
            "ours s": statistics.median(ours for _, ours, _ in runs),
            "without reader s": statistics.median(without for _, _, without in runs),
            "ratio": statistics.median(ratios), "from": min(ratios), "to": max(ratios)}  # fmt: skip


def _run_seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Plot the time per question against the number of passages."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    sizes = [row["passages"] for row in rows]
    axes.plot(sizes, [row["ours ms"] for row in rows], marker="o", label="our whole answer")
    axes.plot(sizes, [row["bare ms"] for row in rows], marker="o", label="bare encoding and exact FAISS search")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms, median")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Print the results and write them to a file, together with a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    data = read_data_set(options.data)
    real = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
    results: dict[str, Any] = {"cold": measure_cold_start(), "warm": []}
    print("cold", json.dumps(results["cold"]), flush=True)
    for size in options.sizes:
        results["warm"].append(measure_size(data, real, size, options.short))
        print("warm", json.dumps(results["warm"][-1]), flush=True)
    name = "growth" if options.short else "speed"
    (options.out / f"{name}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    draw(results["warm"], options.out / f"{name}.svg")


if __name__ == "__main__":
    main()
