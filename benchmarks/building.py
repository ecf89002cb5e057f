"""Compares the times taken to build an index, to update it and to encode its passages.

python -m benchmarks.building DATA/SET … --passages 10000 --runs 5

Documents are taken from the data sets in order until there are enough passages. For the comparison,
sentence-transformers encodes the same passages, with their prefixes and headers, on the same number of threads. The
introduction, which `assistant index` makes after building the index, is timed separately.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from sentence_transformers import SentenceTransformer
from threadpoolctl import threadpool_limits

from assistant.answering.answerability import load_answerability_model
from assistant.chunking import passage_header
from assistant.chunking.passage_parser import split_into_passages
from assistant.conversation.assistant import Assistant
from assistant.embedding.encoder import Encoder
from assistant.embedding.models import locate_model
from assistant.evaluation.data_sets import read_data_set
from assistant.factory import make_encoder
from assistant.index.build import build_index
from assistant.index.loading import load_index
from assistant.onboarding.introduction import make_introduction
from assistant.schema import Document, Passage
from assistant.settings import Settings, load_settings


def seconds(work: Callable[[], object]) -> float:
    """Run `work` and return how many seconds it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def select_documents(folders: Sequence[Path], count: int, encoder: Encoder) -> tuple[list[Document], list[Passage]]:
    """Return enough documents from the data sets to give about `count` passages, together with these passages."""
    documents: list[Document] = []
    passages: list[Passage] = []
    for folder in folders:
        for document in read_data_set(folder).documents:
            if len(passages) >= count:
                break
            documents.append(replace(document, document_id=f"{folder.name}/{document.document_id}"))
            passages += split_into_passages(documents[-1:], encoder)
    return documents, passages


def build_introduction(folder: Path, settings: Settings) -> None:
    """Make the introduction to the index in `folder`, as `assistant index` does."""
    encoder = make_encoder(settings, threads=1)
    assistant = Assistant(load_index(folder, encoder), encoder, load_answerability_model(settings.answer_from))
    with threadpool_limits(1, "blas"):  # as the CLI does
        make_introduction(assistant.index, assistant.ask, "introduction", settings.threads)


def main() -> None:
    """Print the times measured in each run, and the median of each ratio over the runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings({})
    encoder = make_encoder(settings, settings.threads)
    documents, passages = select_documents(options.data, options.passages, encoder)
    texts = ["passage: " + passage_header(item.title, item.heading) + item.text for item in passages]
    torch.set_num_threads(settings.threads)
    with TemporaryDirectory() as work:
        model = SentenceTransformer(locate_model(settings.model, "", Path(work) / "model").folder, device="cpu")
        build_ratios, update_ratios, update_ratios_with_introduction = [], [], []
        for run in range(options.runs):
            folder = Path(work) / f"index-{run}"
            changed = [
                replace(item, text=item.text + f" Changed {run}.") if number % 100 == 0 else item
                for number, item in enumerate(documents)
            ]
            encoding = seconds(partial(model.encode, texts, normalize_embeddings=True, show_progress_bar=False))
            building = seconds(partial(build_index, documents, encoder, folder, threads=settings.threads))
            updating = seconds(partial(build_index, changed, encoder, folder, threads=settings.threads))
            introducing = seconds(partial(build_introduction, folder, settings))
            build_ratios.append(building / encoding)
            update_ratios.append(updating / building)
            update_ratios_with_introduction.append((updating + introducing) / (building + introducing))
            print(
                f"bare {encoding:.1f} s, built {building:.1f} s, 1 % changed {updating:.2f} s, "
                f"introduction {introducing:.1f} s",
                flush=True,
            )
    print(
        json.dumps({
            "passages": len(passages), "full / bare": statistics.median(build_ratios),
            "from": min(build_ratios), "to": max(build_ratios),
            "1 % changed / full": statistics.median(update_ratios),
            "its from": min(update_ratios), "its to": max(update_ratios),
            "the same with the introduction": statistics.median(update_ratios_with_introduction),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
