"""The arrays that `training.reader.prepare` writes and the other commands read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LANGUAGES = ("en", "fi")
FORMS = ("lower_case", "keywords", "yes_no")  # see preparation.question_forms
LIKELY_PIECES, NO_PIECE = 4, 255
UNKNOWN = -1  # the label of a question of which it isn't known whether its paragraph answers it
SQUAD_FILE, TRUE_SPANS_FILE, EMBEDDINGS_FILE = "squad.npz", "true_spans.npz", "word_embeddings.npz"
INITIAL_WEIGHTS = "initial"  # the name of the weights with which training starts
_DEVELOPMENT_PREFIX = "development_"
_VALIDATION_INTERVAL = 14
_BLOCK_SIZE = 32  # number of weights of a word embedding that share a scale


@dataclass(frozen=True)
class RaggedArray:
    """Sequences of different lengths in one array.

    Attributes:
        values: the items of all sequences, `[items, ...]`.
        offsets: where each sequence begins in `values`, and where the last one ends, `[sequences + 1]`.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, sequences: Sequence[NDArray[Any]], dtype: DTypeLike) -> RaggedArray:
        """Join `sequences`, of which there must be at least one."""
        offsets = np.cumsum([0, *map(len, sequences)], dtype=np.int64)
        return cls(np.concatenate(sequences).astype(dtype), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> NDArray[Any]:
        return self.values[self.offsets[number] : self.offsets[number + 1]]


@dataclass(frozen=True)
class SquadData:
    """The questions of SQuAD 2.0 in two languages. Mappings have a language as key; `forms` has a form of question.

    Attributes:
        articles: the number of each paragraph's article, `[paragraphs]`.
        texts: the tokens of each paragraph.
        sentences: the number of the sentence of each token.
        pieces: first and last token of the pieces of each paragraph, one of which is (part of) each answer.
        paragraphs: the number of each question's paragraph, `[questions]`.
        orders: the number of each question in its paragraph, `[questions]`. Answerable questions come first.
        labels: 1 if the paragraph answers the question, 0 if not, else `UNKNOWN`, `[questions]`.
        questions: the tokens of each question.
        forms: the tokens of each English question in another form; none if it has no such form.
        likely_pieces: the pieces that are most likely to answer each question, or `NO_PIECE`, `[questions, 4]`.
        piece_probabilities: their probabilities, `[questions, 4]`.
    """

    articles: NDArray[np.int16]
    texts: Mapping[str, RaggedArray]
    sentences: Mapping[str, RaggedArray]
    pieces: Mapping[str, RaggedArray]
    paragraphs: NDArray[np.int32]
    orders: NDArray[np.uint8]
    labels: NDArray[np.int8]
    questions: Mapping[str, RaggedArray]
    forms: Mapping[str, RaggedArray]
    likely_pieces: Mapping[str, NDArray[np.uint8]]
    piece_probabilities: Mapping[str, NDArray[np.float16]]

    def is_validation(self) -> NDArray[np.bool_]:
        """Tell for each question whether it belongs to the articles held out until the questions are relabelled.

        These are every fourteenth of the articles that have unanswerable questions.
        """
        article_of_question = self.articles[self.paragraphs]
        mixed = np.unique(article_of_question[self.labels == 0])
        return np.isin(article_of_question, mixed[::_VALIDATION_INTERVAL])


@dataclass(frozen=True)
class SpanData:
    """Questions with texts of which the answer's position is known.

    Attributes:
        texts: the tokens of each question's text.
        sentences: the number of the sentence of each token.
        questions: the tokens of each question.
        forms: the tokens of each question in another form; none if it has no such form.
        labels: 1 if the text answers the question, else 0, `[questions]`.
        spans: first and last token of the correct answers in each text; none if their positions aren't known.
    """

    texts: RaggedArray
    sentences: RaggedArray
    questions: RaggedArray
    forms: Mapping[str, RaggedArray]
    labels: NDArray[np.int8]
    spans: RaggedArray


def save_data(file: Path, data: SquadData | SpanData) -> None:
    """Save `data` as arrays that have the names of its attributes, with key and `_offsets` where there are such."""
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(data):
        value = getattr(data, field.name)
        parts = {f"{field.name}_{key}": part for key, part in value.items()} if isinstance(value, Mapping) else None
        for name, part in (parts or {field.name: value}).items():
            if isinstance(part, RaggedArray):
                arrays |= {name: part.values, f"{name}_offsets": part.offsets}
            elif isinstance(part, np.ndarray):
                arrays[name] = part
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take the names for its own options


def load_squad(folder: Path) -> SquadData:
    """Load the questions of SQuAD from the folder that `prepare` wrote."""
    arrays = _load_arrays(folder / SQUAD_FILE)
    ragged = {
        name: {key: _ragged(arrays, f"{name}_{key}") for key in keys}
        for name, keys in (("texts", LANGUAGES), ("sentences", LANGUAGES), ("pieces", LANGUAGES),
                           ("questions", LANGUAGES), ("forms", FORMS))
    }  # fmt: skip
    priors = {
        name: {key: arrays[f"{name}_{key}"] for key in LANGUAGES} for name in ("likely_pieces", "piece_probabilities")
    }
    plain = {name: arrays[name] for name in ("articles", "paragraphs", "orders", "labels")}
    return SquadData(**ragged, **priors, **plain)  # type: ignore[arg-type]  # the names say which is which


def load_true_spans(folder: Path) -> SpanData:
    """Load the questions with known answers from the folder that `prepare` wrote."""
    return _load_spans(folder / TRUE_SPANS_FILE, FORMS)


def load_development_sets(folder: Path) -> dict[str, SpanData]:
    """Load the development sets, by name, from the folder that `prepare` wrote."""
    files = sorted(folder.glob(f"{_DEVELOPMENT_PREFIX}*.npz"))
    return {file.stem.removeprefix(_DEVELOPMENT_PREFIX): _load_spans(file, ()) for file in files}


def development_file(folder: Path, name: str) -> Path:
    """Return the file of the development set `name`."""
    return folder / f"{_DEVELOPMENT_PREFIX}{name}.npz"


def save_word_embeddings(folder: Path, token_ids: NDArray[np.int32], vectors: NDArray[np.float32]) -> None:
    """Save word embeddings with 8 bits a weight and a scale for each 32 weights.

    They lose next to nothing, because the packaged model stores them in blocks of 32 weights with 4 bits each.

    Args:
        folder: the folder to write to.
        token_ids: the id in multilingual-e5-small of each token, `[tokens]`.
        vectors: the embeddings, `[tokens, hidden]`.
    """
    blocks = vectors.reshape(len(vectors), -1, _BLOCK_SIZE)
    scales = np.maximum(np.abs(blocks).max(axis=2, keepdims=True) / 127, np.finfo(np.float16).tiny)
    weights = np.round(blocks / scales).astype(np.int8)
    np.savez_compressed(
        folder / EMBEDDINGS_FILE, token_ids=token_ids, weights=weights, scales=scales.astype(np.float16)
    )


def load_word_embeddings(folder: Path) -> NDArray[np.float32]:
    """Load the word embeddings of the tokens that occur in the data, `[tokens, hidden]`."""
    arrays = _load_arrays(folder / EMBEDDINGS_FILE)
    vectors = arrays["weights"] * arrays["scales"].astype(np.float32)
    return vectors.reshape(len(vectors), -1)


def _load_spans(file: Path, forms: Sequence[str]) -> SpanData:
    arrays = _load_arrays(file)
    ragged = {name: _ragged(arrays, name) for name in ("texts", "sentences", "questions", "spans")}
    other_forms = {form: _ragged(arrays, f"forms_{form}") for form in forms}
    return SpanData(**ragged, forms=other_forms, labels=arrays["labels"])


def _load_arrays(file: Path) -> dict[str, NDArray[Any]]:
    if not file.is_file():
        raise FileNotFoundError(f"no {file.name!r} in {str(file.parent)!r}; run: python -m training.reader.prepare")
    with np.load(file) as arrays:
        return dict(arrays)


def _ragged(arrays: Mapping[str, NDArray[Any]], name: str) -> RaggedArray:
    return RaggedArray(arrays[name], arrays[f"{name}_offsets"])
