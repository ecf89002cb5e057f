"""Late interaction: how well a passage, or a sentence of it, covers each word of a question.

For each content word of the question, the best cosine to a word of the passage, weighed by idf
(Khattab & Zaharia 2020, "ColBERT", arXiv:2004.12832, with words for tokens). The vectors are the
model's word states in context with their common mean taken off, one byte a component. It bridges
languages where words don't match, and needs no further pass through the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.encoder import Encoder
from assistant.index.calibration import QUESTIONS, STATEMENTS
from assistant.language import content_words
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS, ROWS, SENTENCES, CENTRES = "words.npy", "word_rows.npy", "word_sentences.npy", "centres.npy"
_SCALE = 400.0  # components of word vectors stay within ±127/400
_FEW = 5000  # with fewer words than that the corpus' own mean is not trusted


def to_bytes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Unit vectors as int8."""
    import numpy as np

    return np.clip(np.round(vectors * _SCALE), -127, 127).astype(np.int8)


def from_bytes(vectors: NDArray[np.int8]) -> NDArray[np.float32]:
    """int8 vectors as float32."""
    import numpy as np

    return np.asarray(vectors, dtype=np.float32) / np.float32(_SCALE)


def centred(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors without their common part, at unit length again."""
    import numpy as np

    moved = vectors - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def centres(encoder: Encoder, of_passages: Sequence[NDArray[np.int8]]) -> NDArray[np.float32]:
    """The middle of the passages' words, then of questions in each language of `QUESTIONS`: `[1 + n, d]`."""
    import numpy as np

    def mean(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
        return np.asarray(np.mean(np.concatenate(list(vectors)), axis=0, dtype=np.float64))

    def spans(texts: Sequence[str]) -> list[list[Span]]:
        return [[span for _, span in content_words(text)] for text in texts]

    questions = [mean(encoder.encode_questions(own, spans(own)).spans) for own in QUESTIONS.values()]
    if sum(map(len, of_passages)) < _FEW:
        own = mean(encoder.encode_passages(STATEMENTS, spans(STATEMENTS)).spans)
    else:
        total = np.sum([np.sum(item, axis=0, dtype=np.int64) for item in of_passages], axis=0)
        own = np.asarray(total / _SCALE / sum(map(len, of_passages)))
    return np.asarray([own, *questions], dtype=np.float32)


def write_words(
    folder: Path, of_passages: Sequence[NDArray[np.int8]], of_sentences: Sequence[Sequence[int]],
    middle: NDArray[np.float32],
) -> None:  # fmt: skip
    """Write the words of all passages.

    Args:
        of_passages: int8 word vectors of each passage, `[words, d]`.
        of_sentences: for each word, the number of its sentence in the passage, -1 for the title's.
        middle: what `centres` gave.
    """
    import numpy as np

    bounds = np.cumsum([0, *map(len, of_passages)])
    stored = np.lib.format.open_memmap(
        folder / WORDS, mode="w+", dtype=np.int8, shape=(int(bounds[-1]), middle.shape[1])
    )
    for start, own in zip(bounds, of_passages, strict=False):
        if len(own):
            stored[start : start + len(own)] = to_bytes(centred(from_bytes(own), middle[0]))
    stored.flush()
    np.save(folder / ROWS, bounds.astype(np.int64))
    np.save(folder / SENTENCES, np.array([number for own in of_sentences for number in own], dtype=np.int32))
    np.save(folder / CENTRES, middle)


@dataclass(frozen=True)
class WordIndex:
    """The words of all passages, memory-mapped; those of passage `i` are `rows[i]` to `rows[i + 1]`."""

    vectors: NDArray[np.int8]
    rows: NDArray[np.int64]
    sentences: NDArray[np.int32]
    middle: NDArray[np.float32]

    def question(self, vectors: NDArray[np.float32], language: str) -> NDArray[np.float32]:
        """Word vectors of a question, ready to be compared."""
        known = list(QUESTIONS)
        of_language = self.middle[1 + known.index(language)] if language in known else self.middle[1:].mean(axis=0)
        return centred(vectors, of_language)

    def matches(self, asked: NDArray[np.float32], passage: int) -> NDArray[np.float32]:
        """Cosine of every word of passage `passage` to every asked word, `[words, asked]`."""
        import numpy as np

        own = self.vectors[self.rows[passage] : self.rows[passage + 1]]
        return np.asarray(own.astype(np.float32) @ asked.T / np.float32(_SCALE))

    def sentence_numbers(self, passage: int) -> NDArray[np.int32]:
        """The sentence of each word of the passage, -1 for its title and headings."""
        return self.sentences[self.rows[passage] : self.rows[passage + 1]]


def read_words(folder: Path) -> WordIndex:
    """The words that `write_words` wrote to `folder`."""
    import numpy as np

    return WordIndex(
        vectors=np.load(folder / WORDS, mmap_mode="r"),
        rows=np.load(folder / ROWS),
        sentences=np.load(folder / SENTENCES, mmap_mode="r"),
        middle=np.load(folder / CENTRES),
    )
