"""Has the reader read the best sentences, and re-orders the sentences by what it makes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.sentence_selection import ScoredSentence
from assistant.reader.reader import Reader
from assistant.reader.windows import MAX_MARGIN, choose_windows, read_windows
from assistant.text.words import content_words

# A reading adds `_READING_WEIGHT * reading.score` to the score of its sentence. On the development sets, higher weights
# more often put the right sentence first, but leave fewer sentences that score almost as well and are quoted too.
# A follow-up that was appended to an earlier question has a higher weight, because the scores are mostly those of the
# earlier question.
_READING_WEIGHT, _FOLLOW_UP_READING_WEIGHT = 0.01, 0.05
_FACT_QUESTION = re.compile(
    r"\b(?:who|whom|whose|when|where|which|what|how (?:many|much|long|old|large|big|tall|far|often|high)|"
    r"vem|vems|när|var|vart|varifrån|vilken|vilket|vilka|vad|"
    r"hur (?:många|mycket|länge|gammal|gammalt|stor|stort|långt|ofta|hög|högt))\b"
)
_LOWEST_LOGIT = -5.0  # stands for the answer logit if nothing could be read


@dataclass(frozen=True, slots=True)
class ReadingFeatures:
    """What the reader makes of the best sentences, as features for `answerability`.

    Attributes:
        answer_logit: the log-odds that the best sentence and its neighbours answer the question.
        span_margin: the log-probability of the best words in that sentence, minus that of "no answer", -8..8.
        highest_answer_logit: the highest log-odds of any window that was read.
        highest_span_margin: the highest span margin of any sentence that was read, -8..8.
        answer_in_question: the proportion of the content words of the answer that occur in the question, 0..1.
        is_open: 1 if the question doesn't ask for a fact that a few words can give. The reader was trained on few such
            questions.
        logit_if_open: `answer_logit` multiplied by `is_open`.
        margin_if_open: `span_margin` multiplied by `is_open`.
        logit_if_other_language: `answer_logit` if the question and the sentence are in different languages, else 0.
        margin_if_other_language: `span_margin` under the same condition, else 0.
    """

    answer_logit: float
    span_margin: float
    highest_answer_logit: float
    highest_span_margin: float
    answer_in_question: float
    is_open: float
    logit_if_open: float
    margin_if_open: float
    logit_if_other_language: float
    margin_if_other_language: float


def read_sentences(
    reader: Reader, question: str, sentences: Sequence[ScoredSentence], is_follow_up: bool = False
) -> list[ScoredSentence]:
    """Read the best of `sentences` and return all of them in their new order, best first.

    Args:
        reader: the reader.
        question: the question to read.
        sentences: the sentences, best first.
        is_follow_up: whether `question` was appended to an earlier question when the sentences were scored.
    """
    weight = _FOLLOW_UP_READING_WEIGHT if is_follow_up else _READING_WEIGHT
    windows = choose_windows((item.passage, item.span) for item in sentences)
    readings = read_windows(reader, question, windows)
    if not readings:
        return list(sentences)
    lowest = min(reading.score for reading in readings.values())
    read = []
    for item in sentences:
        reading = readings.get((item.passage.passage_id, item.span))
        score = item.score + weight * (reading.score if reading else lowest)
        read.append(replace(item, score=score, reading=reading))
    return sorted(read, key=lambda item: -item.score)


def compute_reading_features(question: str, language: str, sentences: Sequence[ScoredSentence]) -> ReadingFeatures:
    """Compute the features from the readings of `sentences`, best first.

    Args:
        question: the question that was read.
        language: the language code of the question.
        sentences: the sentences, in the order that `read_sentences` gave them.
    """
    readings = [item.reading for item in sentences if item.reading]
    best = sentences[0].reading if sentences else None
    lowest_logit = min((item.answer_logit for item in readings), default=_LOWEST_LOGIT)
    logit, margin = (best.answer_logit, _limit(best.span_margin)) if best else (lowest_logit, -MAX_MARGIN)
    is_open = float(not _FACT_QUESTION.search(question.casefold()))
    is_other_language = float(bool(sentences) and sentences[0].passage.language != language)
    return ReadingFeatures(
        answer_logit=logit,
        span_margin=margin,
        highest_answer_logit=max((item.answer_logit for item in readings), default=_LOWEST_LOGIT),
        highest_span_margin=max((_limit(item.span_margin) for item in readings), default=-MAX_MARGIN),
        answer_in_question=_share_in_question(question, sentences[0].passage.quote(best.answer)) if best else 0.0,
        is_open=is_open,
        logit_if_open=logit * is_open,
        margin_if_open=margin * is_open,
        logit_if_other_language=logit * is_other_language,
        margin_if_other_language=margin * is_other_language,
    )


def _share_in_question(question: str, answer: str) -> float:
    asked = {word for word, _ in content_words(question)}
    words = [word for word, _ in content_words(answer)]
    return sum(word in asked for word in words) / len(words) if words else 0.0


def _limit(margin: float) -> float:
    return max(-MAX_MARGIN, min(MAX_MARGIN, margin))
