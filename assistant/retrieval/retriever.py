"""Retrieves the passages with the highest sum of dense, lexical and word-by-word scores.

    score = (cosine of the passage + cosine of its best sentence) / 2
          + 0.12 * lexical score + 0.25 * word match

The scale of each part doesn't depend on the corpus, so the parts are added without normalisation. Unlike a sum of
z-scores or reciprocal ranks, this sum works as well for four passages as for a hundred thousand. The weights are close
to optimal on seven development sets, and small changes to them make little difference; see benchmarks/retrieval.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import Query
from assistant.schema import RetrievedPassage
from assistant.text.words import split_words

_CANDIDATES = 30  # number of candidates taken from each retriever
_RESCORED_CANDIDATES = 24  # number of candidates that are also scored word by word
_DUPLICATE_OVERLAP = 0.95  # two passages are duplicates if they share at least this fraction of their words


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """The weights of the parts that make up a passage's score.

    Attributes:
        sentence_share: how much the best sentence contributes to the cosine score, 0..1; the whole passage contributes
            the rest.
        lexical_score: the weight of the lexical score.
        word_match: the weight of the word match.
    """

    sentence_share: float = 0.5
    lexical_score: float = 0.12
    word_match: float = 0.25


DEFAULT_SCORE_WEIGHTS = ScoreWeights()


def retrieve(
    index: Index,
    query: Query,
    count: int,
    passage_filter: PassageFilter | None = None,
    weights: ScoreWeights = DEFAULT_SCORE_WEIGHTS,
) -> list[RetrievedPassage]:
    """Retrieve the best passages for `query`, best first.

    If several passages are nearly identical, only the best of them is returned.

    Args:
        index: the index to search.
        query: the encoded question.
        count: the maximum number of passages to return.
        passage_filter: selects the passages that may be retrieved; if None, any passage may be.
        weights: the weights of the parts that make up the score.
    """
    import numpy as np

    allowed = passage_filter.allowed_rows(index) if passage_filter else None
    if not index.passages or (allowed is not None and not len(allowed)):
        return []
    nearest, cosines = index.dense_index.nearest_passages(query.question_vector, _CANDIDATES, allowed)
    shares = index.lexical_index.search_passages(query.text, _CANDIDATES, nearest, allowed)
    cosine_of = dict(zip(nearest.tolist(), cosines.tolist(), strict=True))
    lexical_only = np.array([row for row in shares if row not in cosine_of], dtype=np.int64)
    cosine_of.update(
        zip(
            lexical_only.tolist(),
            index.dense_index.passage_cosines(query.question_vector, lexical_only).tolist(),
            strict=True,
        )
    )
    first_scores = {
        row: (1 - weights.sentence_share) * cosine
        + weights.sentence_share * float(index.sentence_cosines(query.question_vector, row).max(initial=-1.0))
        + weights.lexical_score * shares[row]
        for row, cosine in cosine_of.items()
    }
    ranking = sorted(first_scores, key=lambda row: (-first_scores[row], row))
    candidates = []
    for row in ranking[: max(_RESCORED_CANDIDATES, count)]:
        match = passage_word_match(index, query, row)
        score = first_scores[row] + weights.word_match * match
        candidates.append(RetrievedPassage(index.passages[row], score, cosine_of[row], shares[row], match))
    return _without_duplicates(sorted(candidates, key=lambda item: -item.score), count)


def _without_duplicates(candidates: Sequence[RetrievedPassage], count: int) -> list[RetrievedPassage]:
    """Return the first `count` candidates, leaving out those that nearly repeat an earlier candidate."""
    selected: list[tuple[RetrievedPassage, set[str]]] = []
    for candidate in candidates:
        if len(selected) == count:
            break
        vocabulary = set(split_words(f"{candidate.passage.title} {candidate.passage.text}"))
        if all(len(vocabulary & other) < _DUPLICATE_OVERLAP * len(vocabulary | other) for _, other in selected):
            selected.append((candidate, vocabulary))
    return [candidate for candidate, _ in selected]


def passage_word_match(index: Index, query: Query, row: int) -> float:
    """Return how well passage `row` covers the words of the question, -1..1.

    Each content word of the question is matched with the passage word to which it has the highest cosine. The result
    is the weighted mean of these cosines, or 0 if the question has no content words.
    """
    if not query.content_words:
        return 0.0
    matches = index.word_vector_index.word_cosines(query.word_vectors, row)
    return float(matches.max(axis=0) @ query.word_weights) if len(matches) else 0.0
