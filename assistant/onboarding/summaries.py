"""What a text is about, in its own sentences.

Sentences near the centre of their text, early ones first among equals, none that says what another
says: the centroid and position features of MEAD (Radev et al. 2004, "Centroid-based summarization of
multiple documents") with redundancy taken out as in maximal marginal relevance (Carbonell &
Goldstein 1998).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from assistant.index.loading import Index
from assistant.onboarding.names import IndexedSentence
from assistant.schema import Citation, Document

_QUOTED = 3
_WORDS = (8, 45)  # a sentence that can stand alone has that many
_POSITION, _REDUNDANCY = 0.02, 0.5  # beside cosines to the centre, which differ by some hundredths
_WORDS_A_MINUTE = 200  # of reading
# A sentence that begins so leans on the one before it.
_LEANS = re.compile(
    r"\W*(?:this|these|those|it|its|they|their|he|she|such|another|one of these|however|therefore|also|but|and|"
    r"detta|dessa|den|det|de|deras|dess|han|hon|denna|en annan|dock|därför|men|och)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A text of the corpus in one to three of its own sentences, in reading order."""

    document_id: str
    title: str
    language: str
    minutes: int
    citations: tuple[Citation, ...]


def stands_alone(sentence: str) -> bool:
    """Whether a sentence can be read without the one before it."""
    return _WORDS[0] <= len(sentence.split()) <= _WORDS[1] and not _LEANS.match(sentence)


def summarise(index: Index, document: Document) -> DocumentSummary:
    """The summary of `document`."""
    import numpy as np

    found: list[IndexedSentence] = []
    vectors = []
    for row, passage in index.passages_of(document.document_id).items():
        own = index.sentences(row)
        for span, vector in zip(passage.sentences, own, strict=True):
            found.append(IndexedSentence(row, passage, span))
            vectors.append(vector)
    minutes = max(1, round(len(document.text.split()) / _WORDS_A_MINUTE))
    if not found:
        return DocumentSummary(document.document_id, document.title, document.language, minutes, ())
    matrix = np.stack(vectors)
    scores = matrix @ (matrix.mean(axis=0) / np.linalg.norm(matrix.mean(axis=0)))
    scores = scores - _POSITION * np.arange(len(found)) / len(found)
    chosen: list[int] = []
    free = [number for number, sentence in enumerate(found) if stands_alone(sentence.text)] or [0]
    while free and len(chosen) < _QUOTED:
        repeated = (matrix[free] @ matrix[chosen].T).max(axis=1) if chosen else np.zeros(len(free), np.float32)
        best = free[int(np.argmax(scores[free] - _REDUNDANCY * repeated))]
        chosen.append(best)
        free.remove(best)
    quoted = [replace(found[at].cite(), number=number) for number, at in enumerate(sorted(chosen), 1)]
    return DocumentSummary(document.document_id, document.title, document.language, minutes, tuple(quoted))
