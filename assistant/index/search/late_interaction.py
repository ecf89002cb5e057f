"""Late interaction: how well a passage, or a sentence of it, covers each word of a question.

For each content word of the question, the best cosine to a word of the passage, weighed by idf
(Khattab & Zaharia 2020, "ColBERT", arXiv:2004.12832, with words for tokens). The vectors are the
model's word states in context with their common mean taken off, one byte a component. It bridges
languages where words don't match, and needs no further pass through the model.

    words.npy            int8 [words, d], the words of all passages
    word_rows.npy        int64 [passages + 1], where those of each passage begin
    word_sentences.npy   int16 [words], the sentence of its passage that a word stands in, -1 for its title
    centres.npy          float32 [1 + languages, d], the middle of the passages' words and of questions
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.encoder import Encoder
from assistant.index.search.neutral_texts import NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS
from assistant.index.storage.arrays import ArrayWriter, open_array
from assistant.schema import Span
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORDS, _ROWS, _SENTENCES, _CENTRES = "words.npy", "word_rows.npy", "word_sentences.npy", "centres.npy"
_SCALE = 400.0  # components of word vectors stay within ±127/400
_FEW = 5000  # with fewer words than that the corpus' own mean is not trusted
_MOST_SENTENCES = 32767


def quantise(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Unit vectors as int8."""
    import numpy as np

    return np.clip(np.round(vectors * _SCALE), -127, 127).astype(np.int8)


def dequantise(vectors: NDArray[np.int8]) -> NDArray[np.float32]:
    """int8 vectors as float32."""
    import numpy as np

    return np.asarray(vectors, dtype=np.float32) / np.float32(_SCALE)


def subtract_centre(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors without their common part, at unit length again."""
    import numpy as np

    moved = vectors - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


class CentreEstimator:
    """Sums up the words of passages as they come, to know their mean."""

    def __init__(self, dimension: int) -> None:
        import numpy as np

        self._sum = np.zeros(dimension, dtype=np.int64)
        self._count = 0

    def add(self, words: NDArray[np.int8]) -> None:
        """Take in words of passages, `[words, d]`."""
        import numpy as np

        self._sum += np.sum(words, axis=0, dtype=np.int64)
        self._count += len(words)

    def centres(self, encoder: Encoder) -> NDArray[np.float32]:
        """Centres of the passages' words, then of questions in each language of `NEUTRAL_QUESTIONS`: `[1 + n, d]`."""
        import numpy as np

        def mean(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
            return np.asarray(np.mean(np.concatenate(list(vectors)), axis=0, dtype=np.float64))

        def spans(texts: Sequence[str]) -> list[list[Span]]:
            return [[span for _, span in content_words(text)] for text in texts]

        questions = [mean(encoder.encode_questions(own, spans(own)).spans) for own in NEUTRAL_QUESTIONS.values()]
        if self._count < _FEW:
            own = mean(encoder.encode_passages(NEUTRAL_STATEMENTS, spans(NEUTRAL_STATEMENTS)).spans)
        else:
            own = np.asarray(self._sum / _SCALE / self._count)
        return np.asarray([own, *questions], dtype=np.float32)


class WordVectorWriter:
    """Writes the words of passages as they come.

    Args:
        folder: of the generation.
        middle: what `Middle.centres` gave.
    """

    def __init__(self, folder: Path, middle: NDArray[np.float32]) -> None:
        import numpy as np

        np.save(folder / _CENTRES, middle)
        self._centre = middle[0]
        self._words = ArrayWriter(folder / _WORDS, "int8", width=middle.shape[1])
        self._rows = ArrayWriter(folder / _ROWS, "int64", first=0)
        self._sentences = ArrayWriter(folder / _SENTENCES, "int16")
        self._count = 0

    def add(self, words: NDArray[np.int8], of_sentences: Sequence[int] | NDArray[np.int32]) -> None:
        """Write the words of the next passage, `[words, d]`, and the sentence of each, -1 for none."""
        import numpy as np

        self._words.extend(quantise(subtract_centre(dequantise(words), self._centre)))
        self._sentences.extend(np.minimum(np.asarray(of_sentences, dtype=np.int64), _MOST_SENTENCES))
        self._count += len(words)
        self._rows.append(self._count)

    def close(self) -> None:
        """Finish the files."""
        for part in (self._words, self._rows, self._sentences):
            part.close()


@dataclass(frozen=True)
class WordVectorIndex:
    """The words of all passages; those of passage `i` are `rows[i]` to `rows[i + 1]`."""

    vectors: NDArray[np.int8]
    rows: NDArray[np.int64]
    sentences: NDArray[np.int16]
    centres: NDArray[np.float32]

    def question(self, vectors: NDArray[np.float32], language: str) -> NDArray[np.float32]:
        """Word vectors of a question, ready to be compared."""
        known = list(NEUTRAL_QUESTIONS)
        of_language = self.centres[1 + known.index(language)] if language in known else self.centres[1:].mean(axis=0)
        return subtract_centre(vectors, of_language)

    def matches(self, asked: NDArray[np.float32], passage: int) -> NDArray[np.float32]:
        """Cosine of every word of passage `passage` to every asked word, `[words, asked]`."""
        import numpy as np

        own = self.vectors[self.rows[passage] : self.rows[passage + 1]]
        return np.asarray(own.astype(np.float32) @ asked.T / np.float32(_SCALE))

    def sentence_numbers(self, passage: int) -> NDArray[np.int16]:
        """The sentence of each word of the passage, -1 for its title and headings."""
        return self.sentences[self.rows[passage] : self.rows[passage + 1]]


def open_word_vectors(folder: Path) -> WordVectorIndex:
    """The words that `WordVectorWriter` wrote to `folder`."""
    return WordVectorIndex(
        vectors=open_array(folder / _WORDS),
        rows=open_array(folder / _ROWS),
        sentences=open_array(folder / _SENTENCES),
        centres=open_array(folder / _CENTRES),
    )
