"""What a question costs beside the least it could: our whole answer / encoding it and one bare FAISS search.

python -m benchmarks.speed DATA/SET --sizes 1000 10000 100000 [--short]

Texts are put together from sentences of the data set, their vectors drawn from its real ones: what is
found makes no sense, what it takes is real. The index is built by the program itself; the questions
are the data set's, encoded by the real model. With --short a passage is one sentence, so that there is room for
a million. Writes speed.json and a plot, or growth.json, to --out. Also: `assistant ask` from a cold start over the live
index of the working folder / a bare script that loads ONNX Runtime, FAISS, the model and that index.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
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
_QUESTIONS = 60
_SENTENCES = 40  # of a text
BARE = """
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


class Drawing:
    """The real model for questions; passages get vectors drawn from those of a real index, by their text's hash."""

    def __init__(self, encoder: Encoder, index: Index) -> None:
        self._encoder = encoder
        self.name, self.fingerprint = "drawn", "drawn " + encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self._passages = index.dense.vectors(np.arange(len(index.passages)))
        self._parts = np.asarray(index.sentence_vectors[:20_000], dtype=np.float32)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        return self._encoder.encode_questions(texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        vectors, of_spans = [], []
        for text, own in zip(texts, spans or [()] * len(texts), strict=True):
            random = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))
            first, second, third = self._passages[random.integers(0, len(self._passages), 3)]
            vector = first + 0.5 * (second - third)
            vectors.append(vector / np.linalg.norm(vector))
            of_spans.append(self._parts[random.integers(0, len(self._parts), len(own))])
        return EncodedTexts(np.stack(vectors), tuple(of_spans))

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)


def texts(index: Index, passages: int, short: bool = False) -> Iterator[Document]:
    """Texts of about so many passages, put together from sentences of a real index; `short` ones have one each."""
    random = np.random.default_rng(3)
    rows = [row for row in range(len(index.passages)) if index.passages[row].sentences]
    made = 0
    while made < passages:
        chosen = [index.passages[rows[at]] for at in random.integers(0, len(rows), _SENTENCES)]
        quotes = [item.quote(item.sentences[int(random.integers(len(item.sentences)))]) for item in chosen]
        quotes = [quote.replace("\n", " ") for quote in quotes]
        if short:
            yield _divided(f"{made:08}.md", chosen[0].title, quotes)
            made += len(quotes)
        else:
            yield Document(f"{made:08}.md", chosen[0].title, " ".join(quotes), "en")
            made += sum(len(quote.split()) for quote in quotes) // 75


def _divided(name: str, title: str, quotes: Sequence[str]) -> Document:
    """A text with a heading over each of `quotes`."""
    text, headings = "", []
    for number, quote in enumerate(quotes, 1):
        headings.append(Heading(Span(len(text), len(text) + len(str(number))), 1, str(number)))
        text += f"{number}\n\n{quote}\n\n"
    return Document(name, title, text, "en", headings=tuple(headings))


def warm(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Medians over questions, each asked both ways one after the other; spread is the middle half."""
    vectors = assistant.index.dense.vectors(np.arange(len(assistant.index.passages)))
    flat: Any = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    for question in questions[:5]:
        assistant.ask(question)
    ratios, bare, ours = [], [], []
    for question in questions:
        start = time.perf_counter()
        vector = assistant.encoder.encode_questions([question]).vectors
        flat.search(vector, 10)
        middle = time.perf_counter()
        assistant.ask(question)
        end = time.perf_counter()
        bare.append(middle - start)
        ours.append(end - middle)
        ratios.append((end - middle) / (middle - start))
    low, median, high = statistics.quantiles(ratios, n=4)
    return {
        "passages": len(vectors), "kind": assistant.index.manifest.search.kind,
        "recall": assistant.index.manifest.search.recall, "bare ms": statistics.median(bare) * 1e3,
        "ours ms": statistics.median(ours) * 1e3, "ratio": median, "from": low, "to": high,
    }  # fmt: skip


def grown(data: DataSet, real: Assistant, size: int, short: bool) -> dict[str, Any]:
    """`warm` over an index of `size` passages."""
    drawing = Drawing(real.encoder, real.index)
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        build_index(texts(real.index, size, short), drawing, Path(folder), threads=2)
        built = time.perf_counter() - start
        assistant = Assistant(load_index(Path(folder), drawing), drawing, load_answerability_model(None))
        files = sum(path.stat().st_size for path in live_generation_folder(Path(folder)).rglob("*") if path.is_file())
        found = warm(assistant, list(data.queries.values())[:_QUESTIONS])
    return {**found, "built s, without encoding": built, "bytes a passage": files / found["passages"]}


def cold() -> dict[str, Any]:
    """`assistant ask` / the bare script, in pairs."""
    settings = load_settings({})
    encoder: Any = make_encoder(settings, threads=1)
    question = "Who works together with SciLifeLab?"
    bare = [
        sys.executable,
        "-c",
        BARE,
        str(encoder.folder),
        str(live_generation_folder(settings.index) / "vectors.faiss"),
        question,
    ]
    ours = [sys.executable, "-m", "assistant", "ask", question]
    pairs = [(_seconds(bare), _seconds(ours)) for _ in range(_RUNS + 1)][1:]
    ratios = [second / first for first, second in pairs]
    return {"bare s": statistics.median(first for first, _ in pairs), "ours s": statistics.median(s for _, s in pairs),
            "ratio": statistics.median(ratios), "from": min(ratios), "to": max(ratios)}  # fmt: skip


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Time of a question over the number of passages."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    sizes = [row["passages"] for row in rows]
    axes.plot(sizes, [row["ours ms"] for row in rows], marker="o", label="our whole answer")
    axes.plot(sizes, [row["bare ms"] for row in rows], marker="o", label="bare encoding and exact FAISS search")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms, median")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Print the figures, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    data = read_data_set(options.data)
    real = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
    made: dict[str, Any] = {"cold": cold(), "warm": []}
    print("cold", json.dumps(made["cold"]), flush=True)
    for size in options.sizes:
        made["warm"].append(grown(data, real, size, options.short))
        print("warm", json.dumps(made["warm"][-1]), flush=True)
    name = "growth" if options.short else "speed"
    (options.out / f"{name}.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    draw(made["warm"], options.out / f"{name}.svg")


if __name__ == "__main__":
    main()
