"""Which sentences answer: each sentence of the retrieved passages with what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.definitions import Definition
from assistant.answering.disagreement import disagree
from assistant.answering.whole_lists import expand_to_list
from assistant.index.loading import Index
from assistant.retrieval.query import Query
from assistant.schema import Passage, RetrievedPassage, Span

# score = cosine of the sentence + 0.5 * its word match + 0.6 * score of its passage: a flat optimum over
# five development sets for the answer being in the first sentence
# (measured once over 1,660 questions; 0.7 and 0.3 do as well).
_MATCH_WEIGHT, _PASSAGE_WEIGHT = 0.5, 0.6
MAX_QUOTES = 3
_SCORE_MARGIN = 0.04  # a further sentence is quoted when it is that close to the best
_DISAGREEMENT_DEPTH = 8  # sentences among which one that disagrees with the best is looked for


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence with its scores.

    `cosine` to the question, -1..1; `word_match`: how well its words, and its title's and headings',
    cover the question's, -1..1; `score` orders.
    """

    retrieved: RetrievedPassage
    span: Span
    cosine: float
    word_match: float
    score: float

    @property
    def passage(self) -> Passage:
        """The passage the sentence stands in."""
        return self.retrieved.passage

    @property
    def quote(self) -> str:
        """The sentence, word for word."""
        return self.passage.quote(self.span)


def score_sentences(
    index: Index, query: Query, retrieved: Sequence[RetrievedPassage], definition: Definition | None = None
) -> list[ScoredSentence]:
    """Every sentence of `retrieved` as evidence, best first; `definition` if the question asks for one."""
    found = []
    for item in retrieved:
        row = index.rows[item.passage.passage_id]
        cosines, matches = index.sentence_cosines(query.vector, row), _word_matches(index, query, row)
        for span, cosine, match in zip(item.passage.sentences, cosines.tolist(), matches, strict=True):
            score = cosine + _MATCH_WEIGHT * match + _PASSAGE_WEIGHT * item.score
            if definition:
                score += definition.bonus(item.passage.quote(span))
            found.append(ScoredSentence(item, span, cosine, match, score))
    return sorted(found, key=lambda item: -item.score)


def _disagrees(item: ScoredSentence, best: ScoredSentence) -> bool:
    language = best.passage.language
    return item.passage.language == language and disagree(best.quote, item.quote, language)


def _is_part_of(item: ScoredSentence, other: ScoredSentence) -> bool:
    """Whether `item` is a part of the longer `other`."""
    same = item is not other and item.passage.passage_id == other.passage.passage_id
    return same and other.span.start <= item.span.start and item.span.end <= other.span.end


def _word_matches(index: Index, query: Query, row: int) -> list[float]:
    """Word match of each sentence of passage `row`."""
    import numpy as np

    count = len(index.passages[row].sentences)
    if not query.words:
        return [0.0] * count
    by_word = index.words.matches(query.word_vectors, row)
    numbers = index.words.sentence_numbers(row)
    header = by_word[numbers < 0].max(axis=0, initial=-1.0)
    best = [np.maximum(header, by_word[numbers == number].max(axis=0, initial=-1.0)) for number in range(count)]
    return [float(own @ query.weights) for own in best]


def select_sentences(evidence: Sequence[ScoredSentence]) -> list[ScoredSentence]:
    """The sentences to quote, in reading order: the best, what is almost as good, and what contradicts it."""
    if not evidence:
        return []
    best = evidence[0]
    near = [item for item in evidence[:MAX_QUOTES] if item.score >= best.score - _SCORE_MARGIN]
    near += [item for item in evidence[1:_DISAGREEMENT_DEPTH] if item not in near and _disagrees(item, best)][:1]
    order = list(dict.fromkeys(item.passage.passage_id for item in evidence))
    whole = [replace(item, span=expand_to_list(item.passage, item.span)) for item in near]
    distinct = list({" ".join(item.quote.split()): item for item in reversed(whole)}.values())
    apart = [item for item in distinct if not any(_is_part_of(item, other) for other in distinct)]
    return sorted(apart, key=lambda item: (order.index(item.passage.passage_id), item.span.start))
