"""What building an index takes beside encoding its passages with sentence-transformers, and after a small change.

python -m benchmarks.building DATA/SET … --passages 10000 --runs 5

Texts of the sets one after the other until there are so many passages. The bare encoder gets the same
passages, as the model reads them, on the same number of threads. The guide, which `assistant index` makes after
building, is timed apart.
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
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def taken(folders: Sequence[Path], count: int, encoder: Encoder) -> tuple[list[Document], list[Passage]]:
    """Documents of the sets until they have `count` passages, and these."""
    documents: list[Document] = []
    passages: list[Passage] = []
    for folder in folders:
        for document in read_data_set(folder).documents:
            if len(passages) >= count:
                break
            documents.append(replace(document, document_id=f"{folder.name}/{document.document_id}"))
            passages += split_into_passages(documents[-1:], encoder)
    return documents, passages


def guide(folder: Path, settings: Settings) -> None:
    """Make the guide of the index in `folder`, as `assistant index` does."""
    encoder = make_encoder(settings, threads=1)
    assistant = Assistant(load_index(folder, encoder), encoder, load_answerability_model(settings.answer_from))
    with threadpool_limits(1, "blas"):  # as the command line does
        make_introduction(assistant.index, assistant.ask, "guide", settings.threads)


def main() -> None:
    """Print the ratios of each run and their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings({})
    encoder = make_encoder(settings, settings.threads)
    documents, passages = taken(options.data, options.passages, encoder)
    texts = ["passage: " + passage_header(item.title, item.heading) + item.text for item in passages]
    torch.set_num_threads(settings.threads)
    with TemporaryDirectory() as work:
        bare = SentenceTransformer(locate_model(settings.model, "", Path(work) / "model").folder, device="cpu")
        full, again, whole = [], [], []
        for run in range(options.runs):
            folder = Path(work) / f"index-{run}"
            changed = [
                replace(item, text=item.text + f" Changed {run}.") if number % 100 == 0 else item
                for number, item in enumerate(documents)
            ]
            alone = seconds(partial(bare.encode, texts, normalize_embeddings=True, show_progress_bar=False))
            built = seconds(partial(build_index, documents, encoder, folder, threads=settings.threads))
            updated = seconds(partial(build_index, changed, encoder, folder, threads=settings.threads))
            guided = seconds(partial(guide, folder, settings))
            full.append(built / alone)
            again.append(updated / built)
            whole.append((updated + guided) / (built + guided))
            print(
                f"bare {alone:.1f} s, built {built:.1f} s, 1 % changed {updated:.2f} s, guide {guided:.1f} s",
                flush=True,
            )
    print(
        json.dumps({
            "passages": len(passages), "full / bare": statistics.median(full), "from": min(full), "to": max(full),
            "1 % changed / full": statistics.median(again), "its from": min(again), "its to": max(again),
            "the same with the guide": statistics.median(whole),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
