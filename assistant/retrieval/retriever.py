"""Question -> passages: dense, lexical and word-by-word evidence, added.

    score = (cosine of the passage + cosine of its best sentence) / 2
          + 0.12 * lexical share + 0.25 * word match

All three parts are on scales of their own that don't depend on the corpus, so they are added as
they are: this holds for four passages as for a hundred thousand, where z-scores and reciprocal ranks
don't. The weights are a flat optimum over seven development sets; see benchmarks/retrieval.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import Query
from assistant.schema import RetrievedPassage
from assistant.text.words import words

_CANDIDATES = 30  # of each retriever
_RESCORED = 24  # of them are compared word by word
_DUPLICATE_SHARE = 0.95  # of the words of two passages in common: one repeats the other


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """What each part of a passage's score counts; `sentence` is the best sentence's share of the cosine."""

    sentence: float = 0.5
    lexical: float = 0.12
    words: float = 0.25


WEIGHTS = ScoreWeights()


def retrieve(
    index: Index, query: Query, count: int, passage_filter: PassageFilter | None = None, weights: ScoreWeights = WEIGHTS
) -> list[RetrievedPassage]:
    """The `count` best passages for `query`, best first; near-duplicates once, fewer when there are fewer."""
    import numpy as np

    among = passage_filter.rows(index) if passage_filter else None
    if not index.passages or (among is not None and not len(among)):
        return []
    nearest, cosines = index.dense.nearest(query.vector, _CANDIDATES, among)
    shares = index.lexical.search(query.text, _CANDIDATES, nearest, among)
    cosine_of = dict(zip(nearest.tolist(), cosines.tolist(), strict=True))
    others = np.array([row for row in shares if row not in cosine_of], dtype=np.int64)
    cosine_of.update(zip(others.tolist(), index.dense.cosines(query.vector, others).tolist(), strict=True))
    first = {
        row: (1 - weights.sentence) * cosine
        + weights.sentence * float(index.sentence_cosines(query.vector, row).max(initial=-1.0))
        + weights.lexical * shares[row]
        for row, cosine in cosine_of.items()
    }
    deep = sorted(first, key=lambda row: (-first[row], row))[: max(_RESCORED, count)]
    found = [
        RetrievedPassage(index.passages[row], first[row] + weights.words * match, cosine_of[row], shares[row], match)
        for row in deep
        for match in [word_match(index, query, row)]
    ]
    return _distinct(sorted(found, key=lambda item: -item.score), count)


def _distinct(found: Sequence[RetrievedPassage], count: int) -> list[RetrievedPassage]:
    """The first `count` that don't repeat one before, title included, but for a word in twenty."""
    kept: list[tuple[RetrievedPassage, set[str]]] = []
    for item in found:
        if len(kept) == count:
            break
        own = set(words(f"{item.passage.title} {item.passage.text}"))
        if all(len(own & other) < _DUPLICATE_SHARE * len(own | other) for _, other in kept):
            kept.append((item, own))
    return [item for item, _ in kept]


def word_match(index: Index, query: Query, row: int) -> float:
    """How well passage `row` covers the question's words: best cosine of each, weighed; -1..1."""
    if not query.words:
        return 0.0
    matches = index.words.matches(query.word_vectors, row)
    return float(matches.max(axis=0) @ query.weights) if len(matches) else 0.0
