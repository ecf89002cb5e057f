"""`assistant lint`: finds problems in documents, for the owners of the documents to review.

The command reports stale documents, hidden characters, and repeated, contradicting and unreachable passages.
Contradictions are detected by `answering.disagreement`, which favours precision over recall.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from assistant.answering.disagreement import sentences_disagree
from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Document, Passage
from assistant.text.stemming import content_stems
from assistant.text.words import split_words

_NEIGHBOURS = 6  # number of nearest passages, including the passage itself, with which each passage is compared
_BLOCK_SIZE = 256  # number of passages processed at a time
_MIN_REPEATED_WORDS = 0.9  # minimum Jaccard similarity between the words of two passages that repeat each other
_MIN_SENTENCE_COSINE = 0.88  # minimum cosine between sentences that may contradict each other
_MIN_COMMON_STEMS = 0.75  # minimum Jaccard similarity between the stems of two contradicting sentences
_MIN_STEMS = 5  # minimum number of stems in each of two contradicting sentences
_MAX_RANK = 10  # a passage is reachable if one of its own sentences retrieves it at this rank or better
_MAX_SENTENCES = 5  # number of sentences at the start of each passage that are used as questions
# Invisible characters that are common in ordinary text: the soft hyphen, joiners (used in emoji and Indic scripts) and
# the byte-order mark. Other zero-width characters and direction marks can hide or reorder words.
_HARMLESS = frozenset("\u00ad\u200c\u200d\ufeff")

ProgressWrapper = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """A problem in the documents.

    `kind` is stale, repeated, contradicting, unreachable or hidden. `places` holds the ids of the documents concerned.
    """

    kind: str
    places: tuple[str, ...]
    text: str


def lint_corpus(
    assistant: Assistant, today: date, max_age_days: int, progress: ProgressWrapper = lambda items, _: items
) -> Iterator[LintFinding]:
    """Check every document and passage of the index.

    Args:
        assistant: provides the index and the encoder.
        today: the current date.
        max_age_days: a document is stale if it was retrieved more than this number of days ago.
        progress: a function that shows progress. It takes the blocks of passages and their number, and returns an
            iterable of the same blocks.
    """
    index = assistant.index
    for document in index.documents.values():
        yield from _check_document(document, today, max_age_days)
    for start in progress(range(0, len(index.passages), _BLOCK_SIZE), -(-len(index.passages) // _BLOCK_SIZE)):
        rows = range(start, min(start + _BLOCK_SIZE, len(index.passages)))
        yield from _check_pairs(index, rows)
        for row in rows:
            if not _is_reachable(assistant, row):
                passage = index.passages[row]
                message = f"this passage is not found by any of its own sentences: “{_excerpt(passage.text)}”"
                yield LintFinding("unreachable", (passage.document_id,), message)


def _check_document(document: Document, today: date, max_age_days: int) -> Iterator[LintFinding]:
    if document.retrieved and (today - date.fromisoformat(document.retrieved)).days > max_age_days:
        yield LintFinding(
            "stale", (document.document_id,), f"retrieved {document.retrieved}, more than {max_age_days} days ago"
        )
    hidden = sorted({char for char in document.text if unicodedata.category(char) == "Cf"} - _HARMLESS)
    if hidden:
        names = ", ".join(unicodedata.name(char, f"U+{ord(char):04X}") for char in hidden)
        yield LintFinding("hidden", (document.document_id,), f"hidden characters: {names}")


def _check_pairs(index: Index, rows: range) -> Iterator[LintFinding]:
    """Compare each passage in `rows` with its nearest neighbours, one of which is the passage itself."""
    import numpy as np

    vectors = index.dense_index.passage_vectors(np.arange(rows.start, rows.stop))
    for row, vector in zip(rows, vectors, strict=True):
        neighbours = index.dense_index.nearest_passages(vector, _NEIGHBOURS)[0].tolist()
        for other in neighbours:
            if other < row:
                continue  # skip it: each pair is compared only when `row` is the lower of the two rows
            first, second = index.passages[row], index.passages[other]
            if other != row and _repeats(first, second):
                yield LintFinding("repeated", _places(first, second), f"same text: “{_excerpt(first.text)}”")
            else:
                yield from _contradictions(index, row, other)


def _contradictions(index: Index, row: int, other: int) -> Iterator[LintFinding]:
    import numpy as np

    first, second = index.passages[row], index.passages[other]
    if first.language != second.language:
        return
    cosines = index.passage_sentence_vectors(row) @ index.passage_sentence_vectors(other).T
    for i, j in np.argwhere(cosines >= _MIN_SENTENCE_COSINE).tolist():
        if row == other and j <= i:
            continue
        sentence, other_sentence = first.quote(first.sentences[i]), second.quote(second.sentences[j])
        if _same_subject(sentence, other_sentence, first.language) and sentences_disagree(
            sentence, other_sentence, first.language
        ):
            yield LintFinding("contradicting", _places(first, second), f"“{sentence}” and “{other_sentence}”")


def _same_subject(first: str, second: str, language: str) -> bool:
    """Return whether two sentences are so similar that a different number or a "not" makes them contradict each other.

    Quotes that answer the same question can be assumed to have the same subject. Arbitrary sentences from the corpus
    can't, so they must also have most of their stems in common.
    """
    stems, other_stems = (
        {stem for stem in content_stems(text, language) if stem.isalpha()} for text in (first, second)
    )
    enough = min(len(stems), len(other_stems)) >= _MIN_STEMS
    return enough and len(stems & other_stems) >= _MIN_COMMON_STEMS * len(stems | other_stems)


def _is_reachable(assistant: Assistant, row: int) -> bool:
    """Return whether any of a passage's first sentences retrieves the passage itself or one that repeats it."""
    index = assistant.index
    passage = index.passages[row]
    for span in passage.sentences[:_MAX_SENTENCES]:
        query = make_query(index, assistant.encoder, passage.quote(span), passage.language)
        for result in retrieve(index, query, _MAX_RANK):
            if result.passage.passage_id == passage.passage_id or _repeats(result.passage, passage):
                return True
    return False


def _repeats(first: Passage, second: Passage) -> bool:
    first_words, second_words = set(split_words(first.text)), set(split_words(second.text))
    return len(first_words & second_words) >= _MIN_REPEATED_WORDS * len(first_words | second_words)


def _places(first: Passage, second: Passage) -> tuple[str, ...]:
    return tuple(dict.fromkeys((first.document_id, second.document_id)))


def _excerpt(text: str) -> str:
    return " ".join(text.split())[:80]
