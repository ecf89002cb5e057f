"""Our whole answer beside what one would otherwise take: llama-index's starter, and cairn-assistant.

    python -m benchmarks.starters DATA/SET … [--runs 5]

llama-index: `VectorStoreIndex` with `HuggingFaceEmbedding` and its retriever, over our passages, their vectors (of the
same model, made once) and the same questions; once with its own store, once with FAISS. Only retrieval:
an answer would take an LLM. cairn: over the same texts, whole answers; it works on words alone. Each question is asked
all ways in turn; ratios are of medians over the questions, of each run. "first" is the share of questions whose
best passage is of a document that the set judges right.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
import torch
from cairn.config import Config
from cairn.engine import ask as ask_cairn
from cairn.index import build_index as index_with_cairn
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.faiss import FaissVectorStore

from assistant.conversation.assistant import Assistant
from assistant.embedding.models import locate_model
from assistant.evaluation.data_sets import DataSet, read_data_set
from assistant.factory import make_evaluation_assistant
from assistant.schema import Document
from assistant.settings import load_settings

_QUESTIONS = 60
_NEAREST = 10

# A question -> the document of the best passage, None for none.
Way = Callable[[str], str | None]


def with_ours(assistant: Assistant) -> Way:
    """Our whole answer."""

    def ask(question: str) -> str | None:
        nearest = assistant.trace(question).nearest
        return nearest.document_id if nearest else None

    return ask


def with_llama_index(assistant: Assistant, embedding: HuggingFaceEmbedding, store: FaissVectorStore | None) -> Way:
    """The retriever of the starter over our passages; `store` None is the one it has by itself."""
    vectors = assistant.index.dense.vectors(np.arange(len(assistant.index.passages)))
    nodes = [
        TextNode(
            id_=item.passage_id, text=item.text, metadata={"document": item.document_id}, embedding=vector.tolist()
        )
        for item, vector in zip(assistant.index.passages, vectors, strict=True)
    ]
    context = StorageContext.from_defaults(vector_store=store) if store else None
    index = VectorStoreIndex(nodes, embed_model=embedding, storage_context=context)
    retriever = index.as_retriever(similarity_top_k=_NEAREST)

    def retrieve(question: str) -> str | None:
        found = retriever.retrieve(question)
        document: str = found[0].node.metadata["document"]
        return document

    return retrieve


def with_cairn(documents: Sequence[Document], folder: Path) -> Way:
    """A whole answer of cairn, as it is set up by itself."""
    names = {}
    for number, item in enumerate(documents):
        names[f"d{number}"] = item.document_id
        title = " ".join(item.title.split()) or item.document_id
        head = f"---\nid: d{number}\ntitle: {title}\nlang: {item.language}\n---\n"
        (folder / f"d{number}.md").write_text(head + item.text, encoding="utf-8")
    index, config = index_with_cairn(folder), Config()

    def ask(question: str) -> str | None:
        sources = ask_cairn(question, index, config).answer.sources
        return names[sources[0].source_id.split("#")[0]] if sources else None

    return ask


def measured(data: DataSet, ways: dict[str, Way], runs: int) -> dict[str, dict[str, Any]]:
    """By way: median milliseconds, ratio to ours with its spread over the runs, and how often it is right."""
    asked = [key for key in data.queries if key in data.qrels][:_QUESTIONS]
    medians: dict[str, list[float]] = {name: [] for name in ways}
    right: dict[str, list[float]] = {name: [] for name in ways}
    given: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs + 1):
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for key in asked:
            for name, way in ways.items():
                start = time.perf_counter()
                document = way(data.queries[key])
                seconds[name].append(time.perf_counter() - start)
                right[name].append(document is not None and data.qrels[key].get(document, 0) > 0)
                given[name].append(document is not None)
        if run:  # the first warms up
            for name, spent in seconds.items():
                medians[name].append(1000 * statistics.median(spent))
    ours = next(iter(medians.values()))
    ratios = {name: [other / own for other, own in zip(spent, ours, strict=True)] for name, spent in medians.items()}
    return {
        name: {"ms": statistics.median(medians[name]), "/ ours": statistics.median(ratio), "from": min(ratio),
               "to": max(ratio), "first": statistics.fmean(right[name]), "finds any": statistics.fmean(given[name])}
        for name, ratio in ratios.items()
    }  # fmt: skip


def main() -> None:
    """Print the figures of each set, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings({})
    torch.set_num_threads(settings.threads)
    found = {}
    for folder in options.data:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(settings, data, print, lambda items, _: items)
        with TemporaryDirectory() as work:
            model = locate_model(settings.model, "", Path(work) / "model")
            embedding = HuggingFaceEmbedding(
                model_name=model.folder, query_instruction="query: ", text_instruction="passage: ", device="cpu"
            )
            texts = Path(work) / "texts"
            texts.mkdir()
            own_store = FaissVectorStore(faiss.IndexFlatIP(assistant.encoder.dimension))
            found[data.name] = measured(data, {
                "ours, whole answer": with_ours(assistant),
                "llama-index, retrieval": with_llama_index(assistant, embedding, None),
                "llama-index with FAISS, retrieval": with_llama_index(assistant, embedding, own_store),
                "cairn, whole answer": with_cairn(data.documents, texts),
            }, options.runs)  # fmt: skip
        print(data.name, len(assistant.index.passages), "passages", json.dumps(found[data.name], indent=1), flush=True)
    (options.out / "starters.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
