"""Scores the sentences in the retrieved passages and selects the ones to quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.definitions import DefinitionQuestion
from assistant.answering.disagreement import sentences_disagree
from assistant.answering.whole_lists import expand_to_list
from assistant.index.loading import Index
from assistant.reader.windows import SentenceReading
from assistant.retrieval.query import Query
from assistant.schema import Passage, RetrievedPassage, Span

# score = cosine of the sentence + 0.5 * word match of the sentence + 0.6 * score of the passage
# The best sentence contains the answer almost as often as with the optimal weights; this was measured on five
# development sets (1,660 questions). The weights 0.7 and 0.3 work just as well as 0.5 and 0.6.
_MATCH_WEIGHT, _PASSAGE_WEIGHT = 0.5, 0.6
MAX_QUOTES = 3
_MIN_MARK_MARGIN = 0.0  # words are marked if they are at least as likely as "no answer"
# A further sentence is quoted if its score is within this margin of the best score. Readings spread the scores; with
# the wider margin, as many sentences are quoted as without a reader.
_SCORE_MARGIN, _MARGIN_AFTER_READING = 0.04, 0.07
_DISAGREEMENT_DEPTH = 8  # a sentence that contradicts the best one is sought among this many top sentences


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence of a retrieved passage with its scores.

    Attributes:
        retrieved_passage: the retrieved passage with its scores.
        span: the position of the sentence in the document.
        cosine: the cosine between the sentence and the question, -1..1.
        word_match: how well the sentence, the title and the headings together cover the words of the question, -1..1.
        score: the total score; higher is better.
        reading: what the reader makes of the sentence; None if it hasn't read it.
    """

    retrieved_passage: RetrievedPassage
    span: Span
    cosine: float
    word_match: float
    score: float
    reading: SentenceReading | None = None

    @property
    def passage(self) -> Passage:
        """The passage that contains the sentence."""
        return self.retrieved_passage.passage

    @property
    def answer(self) -> Span | None:
        """The words of the sentence that answer the question, or None if no words are likely to."""
        return self.reading.answer if self.reading and self.reading.span_margin >= _MIN_MARK_MARGIN else None

    @property
    def quote(self) -> str:
        """The sentence, verbatim."""
        return self.passage.quote(self.span)


def score_sentences(
    index: Index,
    query: Query,
    retrieved: Sequence[RetrievedPassage],
    definition_question: DefinitionQuestion | None = None,
) -> list[ScoredSentence]:
    """Score every sentence of the retrieved passages, best first.

    Args:
        index: the index that was searched.
        query: the question.
        retrieved: the retrieved passages.
        definition_question: the parsed question if it asks what a name means, else None. Sentences that define the
            name get a bonus.
    """
    scored = []
    for item in retrieved:
        row = index.row_by_passage_id[item.passage.passage_id]
        cosines, matches = index.sentence_cosines(query.question_vector, row), _word_matches(index, query, row)
        for span, cosine, match in zip(item.passage.sentences, cosines.tolist(), matches, strict=True):
            score = cosine + _MATCH_WEIGHT * match + _PASSAGE_WEIGHT * item.score
            if definition_question:
                score += definition_question.score_bonus(item.passage.quote(span))
            scored.append(ScoredSentence(item, span, cosine, match, score))
    return sorted(scored, key=lambda item: -item.score)


def _disagrees(sentence: ScoredSentence, best: ScoredSentence) -> bool:
    language = best.passage.language
    return sentence.passage.language == language and sentences_disagree(best.quote, sentence.quote, language)


def _is_part_of(sentence: ScoredSentence, other: ScoredSentence) -> bool:
    """Return whether `sentence` lies within the span of `other`, which must be a different sentence."""
    if sentence is other or sentence.passage.passage_id != other.passage.passage_id:
        return False
    return other.span.start <= sentence.span.start and sentence.span.end <= other.span.end


def _word_matches(index: Index, query: Query, row: int) -> list[float]:
    """Return the word match of each sentence in the passage in row `row`."""
    import numpy as np

    count = len(index.passages[row].sentences)
    if not query.content_words:
        return [0.0] * count
    by_word = index.word_vector_index.word_cosines(query.word_vectors, row)
    numbers = index.word_vector_index.passage_sentence_numbers(row)
    header = by_word[numbers < 0].max(axis=0, initial=-1.0)
    best = [np.maximum(header, by_word[numbers == number].max(axis=0, initial=-1.0)) for number in range(count)]
    return [float(cosines @ query.word_weights) for cosines in best]


def select_sentences(sentences: Sequence[ScoredSentence]) -> list[ScoredSentence]:
    """Select the sentences to quote, in reading order.

    The selection consists of the best sentence, any that score almost as well and, if there is one, a sentence that
    contradicts the best. If a selected sentence belongs to a list, the whole list is quoted.

    Args:
        sentences: the scored sentences, best first.
    """
    if not sentences:
        return []
    best = sentences[0]
    margin = _MARGIN_AFTER_READING if best.reading else _SCORE_MARGIN
    selected = [item for item in sentences[:MAX_QUOTES] if item.score >= best.score - margin]
    others = (item for item in sentences[1:_DISAGREEMENT_DEPTH] if item not in selected)
    selected += [item for item in others if _disagrees(item, best)][:1]
    passage_order = list(dict.fromkeys(item.passage.passage_id for item in sentences))
    widened = [replace(item, span=expand_to_list(item.passage, item.span)) for item in selected]
    distinct = list({" ".join(item.quote.split()): item for item in reversed(widened)}.values())
    separate = [item for item in distinct if not any(_is_part_of(item, other) for other in distinct)]
    return sorted(separate, key=lambda item: (passage_order.index(item.passage.passage_id), item.span.start))
