"""Summarises each document with up to three of its own sentences.

Sentences are scored by how close they are to the document's centroid and by their position, as in MEAD (Radev et al.
2004, "Centroid-based summarization of multiple documents"). Redundant sentences are penalised as in maximal marginal
relevance (Carbonell & Goldstein 1998).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.onboarding.name_extraction import IndexedSentence
from assistant.schema import Citation, Document

_MAX_SENTENCES = 3
_MIN_WORDS, _MAX_WORDS = 8, 45  # the minimum and maximum number of words in a self-contained sentence
# The position weight is small because sentences differ by only a few hundredths in their cosine to the centroid.
_POSITION_WEIGHT, _REDUNDANCY_WEIGHT = 0.02, 0.5
_READING_SPEED = 200  # in words per minute
# Words that refer to the previous sentence when they begin a sentence.
_REFERS_BACK = re.compile(
    r"\W*(?:this|these|those|it|its|they|their|he|she|such|another|one of these|however|therefore|also|but|and|"
    r"detta|dessa|den|det|de|deras|dess|han|hon|denna|en annan|dock|därför|men|och)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """The title and reading time of a document, and up to three of its sentences in reading order."""

    document_id: str
    title: str
    language: str
    reading_minutes: int
    citations: tuple[Citation, ...]


def is_self_contained_sentence(sentence: str) -> bool:
    """Return whether `sentence` can be understood without the previous one."""
    return _MIN_WORDS <= len(sentence.split()) <= _MAX_WORDS and not _REFERS_BACK.match(sentence)


def summarise_document(index: Index, document: Document) -> DocumentSummary:
    """Summarise `document`, which must be in `index`."""
    import numpy as np

    sentences: list[IndexedSentence] = []
    vectors = []
    for row, passage in index.document_passages(document.document_id).items():
        for span, vector in zip(passage.sentences, index.passage_sentence_vectors(row), strict=True):
            sentences.append(IndexedSentence(row, passage, span))
            vectors.append(vector)
    minutes = max(1, round(len(document.text.split()) / _READING_SPEED))
    if not sentences:
        return DocumentSummary(document.document_id, document.title, document.language, minutes, ())
    matrix = np.stack(vectors)
    scores = matrix @ (matrix.mean(axis=0) / np.linalg.norm(matrix.mean(axis=0)))
    scores = scores - _POSITION_WEIGHT * np.arange(len(sentences)) / len(sentences)
    selected: list[int] = []
    remaining = [number for number, sentence in enumerate(sentences) if is_self_contained_sentence(sentence.text)] or [
        0
    ]
    while remaining and len(selected) < _MAX_SENTENCES:
        redundancy = (
            (matrix[remaining] @ matrix[selected].T).max(axis=1) if selected else np.zeros(len(remaining), np.float32)
        )
        best = remaining[int(np.argmax(scores[remaining] - _REDUNDANCY_WEIGHT * redundancy))]
        selected.append(best)
        remaining.remove(best)
    citations = tuple(sentences[position].make_citation(number) for number, position in enumerate(sorted(selected), 1))
    return DocumentSummary(document.document_id, document.title, document.language, minutes, citations)
