"""Compares the assistant with two alternatives: the llama-index starter and cairn-assistant.

    python -m benchmarks.starters DATA/SET … [--runs 5]

The llama-index starter is a `VectorStoreIndex` with `HuggingFaceEmbedding`. It is measured with its default store and
with FAISS, and uses our passages, our vectors and the same model. Only its retrieval is measured, because it would need
an LLM to give an answer. cairn-assistant gives whole answers from the same documents; its retrieval compares words
only. Every question is asked with each method in turn. Each ratio compares two medians from the same run. "first" is
the proportion of questions for which the best passage comes from a relevant document.
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

_MAX_QUESTIONS = 60
_NEAREST = 10

# A method takes a question and returns the id of the document with the best passage, or None if it finds no passage.
Method = Callable[[str], str | None]


def assistant_method(assistant: Assistant) -> Method:
    """Return a method that uses whole answers from this assistant."""

    def ask(question: str) -> str | None:
        nearest = assistant.trace(question).nearest_passage
        return nearest.document_id if nearest else None

    return ask


def llama_index_method(assistant: Assistant, embedding: HuggingFaceEmbedding, store: FaissVectorStore | None) -> Method:
    """Return a method that retrieves our passages with llama-index. If `store` is None, the default store is used."""
    vectors = assistant.index.dense_index.passage_vectors(np.arange(len(assistant.index.passages)))
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
        results = retriever.retrieve(question)
        document: str = results[0].node.metadata["document"]
        return document

    return retrieve


def cairn_method(documents: Sequence[Document], folder: Path) -> Method:
    """Return a method that uses answers from cairn-assistant, configured by default, with its corpus in `folder`."""
    document_ids = {}
    for number, item in enumerate(documents):
        document_ids[f"d{number}"] = item.document_id
        title = " ".join(item.title.split()) or item.document_id
        head = f"---\nid: d{number}\ntitle: {title}\nlang: {item.language}\n---\n"
        (folder / f"d{number}.md").write_text(head + item.text, encoding="utf-8")
    index, config = index_with_cairn(folder), Config()

    def ask(question: str) -> str | None:
        sources = ask_cairn(question, index, config).answer.sources
        return document_ids[sources[0].source_id.split("#")[0]] if sources else None

    return ask


def measure(data: DataSet, methods: dict[str, Method], runs: int) -> dict[str, dict[str, Any]]:
    """Measure each method's median milliseconds, their ratio to the first method's, and its proportions of hits."""
    query_ids = [query_id for query_id in data.queries if query_id in data.qrels][:_MAX_QUESTIONS]
    medians: dict[str, list[float]] = {name: [] for name in methods}
    relevant: dict[str, list[float]] = {name: [] for name in methods}
    non_empty: dict[str, list[float]] = {name: [] for name in methods}
    for run in range(runs + 1):
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        for query_id in query_ids:
            for name, method in methods.items():
                start = time.perf_counter()
                document = method(data.queries[query_id])
                seconds[name].append(time.perf_counter() - start)
                relevant[name].append(document is not None and data.qrels[query_id].get(document, 0) > 0)
                non_empty[name].append(document is not None)
        if run:  # the first run is a warm-up
            for name, times in seconds.items():
                medians[name].append(1000 * statistics.median(times))
    ours = next(iter(medians.values()))
    ratios = {name: [other / own for other, own in zip(times, ours, strict=True)] for name, times in medians.items()}
    return {
        name: {"ms": statistics.median(medians[name]), "/ ours": statistics.median(ratio), "from": min(ratio),
               "to": max(ratio), "first": statistics.fmean(relevant[name]),
               "finds any": statistics.fmean(non_empty[name])}
        for name, ratio in ratios.items()
    }  # fmt: skip


def main() -> None:
    """Print the results for each data set and write them to starters.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings({})
    torch.set_num_threads(settings.threads)
    results = {}
    for folder in options.data:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(settings, data, print, lambda items, _: items)
        with TemporaryDirectory() as work:
            model = locate_model(settings.model, "", Path(work) / "model")
            embedding = HuggingFaceEmbedding(
                model_name=model.folder, query_instruction="query: ", text_instruction="passage: ", device="cpu"
            )
            cairn_corpus = Path(work) / "texts"
            cairn_corpus.mkdir()
            faiss_store = FaissVectorStore(faiss.IndexFlatIP(assistant.encoder.dimension))
            results[data.name] = measure(data, {
                "ours, whole answer": assistant_method(assistant),
                "llama-index, retrieval": llama_index_method(assistant, embedding, None),
                "llama-index with FAISS, retrieval": llama_index_method(assistant, embedding, faiss_store),
                "cairn, whole answer": cairn_method(data.documents, cairn_corpus),
            }, options.runs)  # fmt: skip
        print(
            data.name, len(assistant.index.passages), "passages", json.dumps(results[data.name], indent=1), flush=True
        )
    (options.out / "starters.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
