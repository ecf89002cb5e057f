"""`assistant lint`: what an owner of the texts should look at.

Stale, repeated, contradicting and unreachable passages, and characters that nobody sees. Each finding names
where it is. Contradictions are found by `answering.disagreement`, which rather misses one than cries wolf.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from assistant.answering.disagreement import disagree
from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Document, Passage
from assistant.text.stemming import content_stems
from assistant.text.words import words

_NEIGHBOURS = 6  # of each passage are compared with it, itself among them
_BLOCK = 256  # passages compared at a time
_REPEATS = 0.9  # of the words of two passages in common
_NEAR = 0.88  # least cosine of two sentences that could contradict each other
_ALIKE = 0.75  # of their stems in common, and not fewer than
_FEWEST_STEMS = 5
_REACHED = 10  # a passage should be among so many for one of its own sentences
_TRIED = 5  # sentences
# Zero-width and direction marks that hide words or turn them round; soft hyphens and joiners of emoji do no harm.
_HARMLESS = frozenset("\u00ad\u200c\u200d\ufeff")

Progress = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: `kind` is stale, repeated, contradicting, unreachable or hidden; `places` are documents."""

    kind: str
    places: tuple[str, ...]
    text: str


def lint_corpus(
    assistant: Assistant, today: date, days: int, progress: Progress = lambda items, _: items
) -> Iterator[Finding]:
    """Look at every text and passage of the index.

    Args:
        assistant: over the index.
        today: the day.
        days: a text retrieved longer ago is stale.
        progress: wraps the loop over the passages.
    """
    index = assistant.index
    for document in index.documents.values():
        yield from _of_document(document, today, days)
    for start in progress(range(0, len(index.passages), _BLOCK), -(-len(index.passages) // _BLOCK)):
        rows = range(start, min(start + _BLOCK, len(index.passages)))
        yield from _of_pairs(index, rows)
        for row in rows:
            if not _is_reached(assistant, row):
                passage = index.passages[row]
                beginning = _beginning(passage.text)
                yield Finding("unreachable", (passage.document_id,), f"no sentence of it finds it: “{beginning}”")


def _of_document(document: Document, today: date, days: int) -> Iterator[Finding]:
    if document.retrieved and (today - date.fromisoformat(document.retrieved)).days > days:
        yield Finding("stale", (document.document_id,), f"retrieved {document.retrieved}, more than {days} days ago")
    hidden = sorted({char for char in document.text if unicodedata.category(char) == "Cf"} - _HARMLESS)
    if hidden:
        names = ", ".join(unicodedata.name(char, f"U+{ord(char):04X}") for char in hidden)
        yield Finding("hidden", (document.document_id,), f"characters that nobody sees: {names}")


def _of_pairs(index: Index, rows: range) -> Iterator[Finding]:
    """Passages of `rows` against those nearest to them, each pair once."""
    import numpy as np

    vectors = index.dense.vectors(np.arange(rows.start, rows.stop))
    for row, vector in zip(rows, vectors, strict=True):
        others = index.dense.nearest(vector, _NEIGHBOURS)[0].tolist()
        for other in others:
            if other < row:
                continue  # that pair came, or comes, from its other side, or isn't near from here
            first, second = index.passages[row], index.passages[other]
            if other != row and _repeats(first, second):
                yield Finding("repeated", _places(first, second), f"twice: “{_beginning(first.text)}”")
            else:
                yield from _contradictions(index, row, other)


def _contradictions(index: Index, row: int, other: int) -> Iterator[Finding]:
    import numpy as np

    first, second = index.passages[row], index.passages[other]
    if first.language != second.language:
        return
    cosines = index.sentences(row) @ index.sentences(other).T
    for one, two in np.argwhere(cosines >= _NEAR).tolist():
        if row == other and two <= one:
            continue
        said, against = first.quote(first.sentences[one]), second.quote(second.sentences[two])
        if _of_the_same(said, against, first.language) and disagree(said, against, first.language):
            yield Finding("contradicting", _places(first, second), f"“{said}” and “{against}”")


def _of_the_same(first: str, second: str, language: str) -> bool:
    """Whether two sentences say so much alike that a number or a "not" between them is a contradiction.

    Quotes that answer one question share its subject; sentences of a whole corpus have to show that they do.
    """
    own, other = ({stem for stem in content_stems(text, language) if stem.isalpha()} for text in (first, second))
    return min(len(own), len(other)) >= _FEWEST_STEMS and len(own & other) >= _ALIKE * len(own | other)


def _is_reached(assistant: Assistant, row: int) -> bool:
    """Whether one of the first sentences of a passage, asked as a question, finds it, or one that repeats it."""
    index = assistant.index
    passage = index.passages[row]
    for span in passage.sentences[:_TRIED]:
        query = make_query(index, assistant.encoder, passage.quote(span), passage.language)
        for found in retrieve(index, query, _REACHED):
            if found.passage.passage_id == passage.passage_id or _repeats(found.passage, passage):
                return True
    return False


def _repeats(first: Passage, second: Passage) -> bool:
    own, other = set(words(first.text)), set(words(second.text))
    return len(own & other) >= _REPEATS * len(own | other)


def _places(first: Passage, second: Passage) -> tuple[str, ...]:
    return tuple(dict.fromkeys((first.document_id, second.document_id)))


def _beginning(text: str) -> str:
    return " ".join(text.split())[:80]
