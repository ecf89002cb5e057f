"""Word vectors for late interaction, which measures how well a passage or sentence covers each word of a question.

Each content word of the question is compared with every content word of the passage. ColBERT (Khattab & Zaharia
2020, arXiv:2004.12832) does the same with tokens instead of words. A word's vector reflects the word's context, and
words in different languages can match. The mean word vector of passages or questions is subtracted, and each component
is stored in one byte. Word vectors cost no extra run of the model: they come from the run that embeds the passage.

    words.npy            int8 [words, d], the vectors of the words of all passages
    word_rows.npy        int64 [passages + 1], the row of each passage's first word
    word_sentences.npy   int16 [words], the number of each word's sentence in its passage; -1 in titles and headings
    centres.npy          float32 [1 + languages, d], the mean word vector of passages, then of questions per language
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.centring_texts import NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS
from assistant.embedding.encoder import Encoder
from assistant.index.storage.arrays import ArrayWriter, memory_map_array
from assistant.schema import Span
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORDS, _ROWS, _SENTENCES, _CENTRES = "words.npy", "word_rows.npy", "word_sentences.npy", "centres.npy"
_SCALE = 400.0  # components of word vectors are clipped to ±127/400
_MIN_WORDS = 5000  # if the corpus has fewer words, their mean vector is unreliable
_MAX_SENTENCE_NUMBER = 32767


def quantise(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Convert unit vectors to int8 vectors."""
    import numpy as np

    return np.clip(np.round(vectors * _SCALE), -127, 127).astype(np.int8)


def dequantise(vectors: NDArray[np.int8]) -> NDArray[np.float32]:
    """Convert int8 vectors to float32 vectors."""
    import numpy as np

    return np.asarray(vectors, dtype=np.float32) / np.float32(_SCALE)


def subtract_centre(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Subtract `centre`, `[d]`, from each of `vectors`, `[n, d]`, and scale the results to unit length."""
    import numpy as np

    centred = vectors - centre
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9), dtype=np.float32)


class CentreEstimator:
    """Estimates the mean word vectors (centres) of passages and of questions."""

    def __init__(self, dimension: int) -> None:
        import numpy as np

        self._sum = np.zeros(dimension, dtype=np.int64)
        self._count = 0

    def add_word_vectors(self, words: NDArray[np.int8]) -> None:
        """Add the word vectors of a passage, `[words, d]`."""
        import numpy as np

        self._sum += np.sum(words, axis=0, dtype=np.int64)
        self._count += len(words)

    def estimate_centres(self, encoder: Encoder) -> NDArray[np.float32]:
        """Return the centre of passages, followed by the centre of questions in each language, `[1 + languages, d]`.

        The languages are those of `NEUTRAL_QUESTIONS`. The centre of passages is the mean of the added word vectors
        or, if too few were added, the mean vector of the words in `NEUTRAL_STATEMENTS`.
        """
        import numpy as np

        def mean(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
            return np.asarray(np.mean(np.concatenate(list(vectors)), axis=0, dtype=np.float64))

        def spans(texts: Sequence[str]) -> list[list[Span]]:
            return [[span for _, span in content_words(text)] for text in texts]

        questions = [
            mean(encoder.encode_questions(texts, spans(texts)).span_vectors) for texts in NEUTRAL_QUESTIONS.values()
        ]
        if self._count < _MIN_WORDS:
            passages = mean(encoder.encode_passages(NEUTRAL_STATEMENTS, spans(NEUTRAL_STATEMENTS)).span_vectors)
        else:
            passages = np.asarray(self._sum / _SCALE / self._count)
        return np.asarray([passages, *questions], dtype=np.float32)


class WordVectorWriter:
    """Writes the word vectors of a generation, passage by passage.

    Args:
        folder: the folder of the generation.
        centres: the centres; see `CentreEstimator.estimate_centres`.
    """

    def __init__(self, folder: Path, centres: NDArray[np.float32]) -> None:
        import numpy as np

        np.save(folder / _CENTRES, centres)
        self._centre = centres[0]
        self._words = ArrayWriter(folder / _WORDS, "int8", width=centres.shape[1])
        self._rows = ArrayWriter(folder / _ROWS, "int64", first=0)
        self._sentences = ArrayWriter(folder / _SENTENCES, "int16")
        self._count = 0

    def add_passage(self, words: NDArray[np.int8], sentence_numbers: Sequence[int] | NDArray[np.int32]) -> None:
        """Write the word vectors of the next passage, `[words, d]`, and the number of each word's sentence (or -1)."""
        import numpy as np

        self._words.append_array(quantise(subtract_centre(dequantise(words), self._centre)))
        self._sentences.append_array(np.minimum(np.asarray(sentence_numbers, dtype=np.int64), _MAX_SENTENCE_NUMBER))
        self._count += len(words)
        self._rows.append_value(self._count)

    def close(self) -> None:
        """Complete all files."""
        for writer in (self._words, self._rows, self._sentences):
            writer.close()


@dataclass(frozen=True)
class WordVectorIndex:
    """The word vectors of all passages.

    The words of passage `i` are in the rows from `passage_offsets[i]` up to but excluding `passage_offsets[i + 1]`.
    """

    word_vectors: NDArray[np.int8]
    passage_offsets: NDArray[np.int64]
    word_sentence_numbers: NDArray[np.int16]
    centre_vectors: NDArray[np.float32]

    def centre_question(self, vectors: NDArray[np.float32], language: str) -> NDArray[np.float32]:
        """Subtract the centre of questions in `language` from the word vectors of a question, `[words, d]`."""
        languages = list(NEUTRAL_QUESTIONS)
        if language in languages:
            return subtract_centre(vectors, self.centre_vectors[1 + languages.index(language)])
        return subtract_centre(vectors, self.centre_vectors[1:].mean(axis=0))

    def word_cosines(self, question_words: NDArray[np.float32], row: int) -> NDArray[np.float32]:
        """Return the cosine between each word of passage `row` and each word of a question, `[words, question words]`.

        Args:
            question_words: the vectors that `centre_question` returned, `[question words, d]`.
            row: the row of the passage.
        """
        import numpy as np

        words = self.word_vectors[self.passage_offsets[row] : self.passage_offsets[row + 1]]
        return np.asarray(words.astype(np.float32) @ question_words.T / np.float32(_SCALE))

    def passage_sentence_numbers(self, row: int) -> NDArray[np.int16]:
        """Return the sentence number of each word of passage `row`. It is -1 for words in the title and headings."""
        return self.word_sentence_numbers[self.passage_offsets[row] : self.passage_offsets[row + 1]]


def open_word_vectors(folder: Path) -> WordVectorIndex:
    """Memory-map the word vectors that `WordVectorWriter` wrote to `folder`."""
    return WordVectorIndex(
        word_vectors=memory_map_array(folder / _WORDS),
        passage_offsets=memory_map_array(folder / _ROWS),
        word_sentence_numbers=memory_map_array(folder / _SENTENCES),
        centre_vectors=memory_map_array(folder / _CENTRES),
    )
