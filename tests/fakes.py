"""Deterministic fakes that replace the slow parts of the program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.answering.answerability import AnswerabilityModel, LogisticClassifier
from assistant.embedding.centring_texts import NEUTRAL_STATEMENTS
from assistant.embedding.encoder import EncodedTexts
from assistant.reader.reader import Reading
from assistant.schema import Span
from assistant.text.stemming import content_stems

# With this model, a question is answered whenever its words match those of a sentence, whatever the embeddings are.
ANSWERABILITY = AnswerabilityModel(
    answer_classifier=LogisticClassifier(-9.0, {"sentence_word_match": 20.0}),
    topic_classifier=LogisticClassifier(-6.0, {"sentence_word_match": 20.0}),
    answer_threshold=0.5,
)


class BagOfWords:
    """A fake encoder that turns a text into the normalised sum of its stems' vectors.

    A stem's vector consists of 1s and -1s, chosen at random with the stem's hash as the seed. Each word counts as one
    token, and two more are added for each text.
    """

    def __init__(self, fingerprint: str = "bag-of-words", dimension: int = 256, max_tokens: int = 512) -> None:
        self.name, self.fingerprint = "bag-of-words", fingerprint
        self.dimension, self.max_tokens = dimension, max_tokens
        self.embedded: list[str] = []  # all passages encoded so far, in order, except neutral statements

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        span_vectors = tuple(
            np.array([self._vector(text[span.start : span.end]) for span in text_spans]).reshape(-1, self.dimension)
            for text, text_spans in zip(texts, spans or [()] * len(texts), strict=True)
        )
        return EncodedTexts(np.stack([self._vector(text) for text in texts]), span_vectors)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        self.embedded += [text for text in texts if text not in NEUTRAL_STATEMENTS]
        return self.encode_questions(texts, spans)

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-2, dtype=np.float32)
        for stem in content_stems(text, "en"):
            seed = int(hashlib.sha256(f"{self.fingerprint}{stem}".encode()).hexdigest()[:8], 16)
            vector += np.random.default_rng(seed).choice([-1.0, 1.0], self.dimension).astype(np.float32)
        return vector / np.linalg.norm(vector)


class WordReader:
    """A fake reader whose tokens are words. The answer is the first number in a text that isn't in the question.

    A text with such a number has an answer logit of 3, any other text -3. The span margin of the number is 6, that of
    any other words is negative.
    """

    def __init__(self) -> None:
        self.questions: list[str] = []  # all questions read so far, in order

    def read(self, question: str, text: str) -> Reading:
        self.questions.append(question)
        offsets = np.array([match.span() for match in re.finditer(r"\w+", text)]).reshape(-1, 2)
        words = [text[start:end] for start, end in offsets]
        number = next((word for word in words if word.isdigit() and word not in question), None)
        scores = np.array([3.0 if word == number else -3.0 for word in words], dtype=np.float32)
        return Reading(-3.0 if number is None else 3.0, scores, scores, offsets)
