"""Makes examples from the questions of SQuAD 2.0.

Of a question that its paragraph answers come examples with the answer and, to teach the difference, examples without
it: the sentences around the answer, or another paragraph of the same article that shares words with the question. A
question that its paragraph doesn't answer is asked of the sentence that seems to answer it, of any other sentences, or
of the whole paragraph. The shares were tried on the development sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.reader.data import NO_PIECE, SquadData
from training.reader.examples.example import CandidateSpan, Example, Tokens, make_example
from training.reader.examples.form_sampler import FormSampler
from training.reader.examples.windows import draw_window, spans_within

# The shares of the languages of a question and of its text.
_LANGUAGE_SHARES = {("en", "en"): 0.45, ("fi", "fi"): 0.2, ("fi", "en"): 0.25, ("en", "fi"): 0.1}
# The kinds of examples of an answerable question, with their cumulative shares: another paragraph, a window without the
# answer, and a window with it; the rest are whole paragraphs.
_OTHER_PARAGRAPH, _WITHOUT_ANSWER, _WITH_ANSWER = 0.14, 0.32, 0.92
# The same for an unanswerable question: a window with the sentence that seems to answer it, and any window.
_SEEMING_ANSWER, _ANY_WINDOW = 0.7, 0.85
_OTHER_WINDOW_SHARE = 0.75  # of the examples with another paragraph
_MIN_PRIOR = 0.03  # of a piece that may be the answer
_MAX_GAP = 4  # tokens from the end of a piece to the start of the next, if both may be one answer
_JOINED_SHARE = 0.4  # of the probability of a piece, that it is only a part of the answer
_MAX_NEIGHBOURS = 6  # other paragraphs of which the one that shares most words with the question is chosen
# How probable it must be that a sentence contains the answer, for a window to be drawn with or without the sentence.
_MIN_PROBABILITY_WITH, _MIN_PROBABILITY_WITHOUT = 0.6, 0.85
_WEIGHT_WITHOUT = 0.8  # of an example whose text may contain the answer after all
_LONG_TEXT, _LONG_TEXT_SHARE = 150, 0.2  # tokens; the share of longer texts that is used where windows are preferred


@dataclass(frozen=True)
class SquadExamples:
    """Makes examples from the questions of SQuAD 2.0.

    Attributes:
        data: the questions.
        labels: 1 for each question that its paragraph answers, 0 for each that it doesn't, `[questions]`.
        pool: the numbers of the questions to draw from; a question may be in it several times.
        prefers_windows: whether texts are windows where possible. Otherwise some are whole paragraphs.
    """

    data: SquadData
    labels: NDArray[np.int8]
    pool: NDArray[np.int64]
    prefers_windows: bool

    def make(self, rng: Generator) -> Example | None:
        """Make an example; None if the question that was drawn would need a long text and windows are preferred."""
        question = int(self.pool[rng.integers(len(self.pool))])
        combinations = list(_LANGUAGE_SHARES)
        asked_in, language = combinations[int(rng.choice(len(combinations), p=list(_LANGUAGE_SHARES.values())))]
        tokens: Tokens = self.data.questions[asked_in][question]
        if asked_in == "en":
            tokens = self._form_sampler.draw(rng, question, tokens)
        if self.labels[question] == 1:
            return self._answerable_example(rng, question, tokens, language)
        return self._unanswerable_example(rng, question, tokens, language)

    @cached_property
    def _form_sampler(self) -> FormSampler:
        return FormSampler.of(self.data.forms)

    @cached_property
    def _paragraphs_of_article(self) -> dict[int, NDArray[np.int64]]:
        articles = self.data.articles
        return {int(article): np.flatnonzero(articles == article) for article in np.unique(articles)}

    def _unanswerable_example(self, rng: Generator, question: int, tokens: Tokens, language: str) -> Example:
        paragraph = int(self.data.paragraphs[question])
        text, sentences = self.data.texts[language][paragraph], self.data.sentences[language][paragraph]
        sentence, _ = likely_sentence(self.data, question, language)
        kind = rng.random()
        window = None
        if kind < _SEEMING_ANSWER and sentence is not None:
            window = draw_window(rng, sentences, including=sentence)
        elif kind < _ANY_WINDOW or self.prefers_windows:
            window = draw_window(rng, sentences)
        return make_example(tokens, text[window] if window else text)

    def _answerable_example(self, rng: Generator, question: int, tokens: Tokens, language: str) -> Example | None:
        kind = rng.random()
        if kind < _OTHER_PARAGRAPH and (example := self._neighbour_example(rng, question, tokens, language)):
            return example
        paragraph = int(self.data.paragraphs[question])
        text, sentences = self.data.texts[language][paragraph], self.data.sentences[language][paragraph]
        spans = self._candidate_spans(question, language)
        sentence, probability = likely_sentence(self.data, question, language)
        if (
            (kind < _WITH_ANSWER or self.prefers_windows)
            and sentence is not None
            and probability > _MIN_PROBABILITY_WITH
        ):
            if kind >= _WITHOUT_ANSWER:
                window = draw_window(rng, sentences, including=sentence)
                if window and (inside := spans_within(spans, window)):
                    return make_example(tokens, text[window], inside, True)
            elif probability > _MIN_PROBABILITY_WITHOUT:
                window = draw_window(rng, sentences, excluding=sentence)
                if window:
                    return make_example(tokens, text[window], weight=_WEIGHT_WITHOUT)
        if self.prefers_windows and len(text) > _LONG_TEXT and rng.random() >= _LONG_TEXT_SHARE:
            return None
        return make_example(tokens, text, spans, True)

    def _neighbour_example(self, rng: Generator, question: int, tokens: Tokens, language: str) -> Example | None:
        """Ask the question of another paragraph: the one of a few that shares most words with the question."""
        own = int(self.data.paragraphs[question])
        candidates = self._paragraphs_of_article[int(self.data.articles[own])]
        drawn = candidates[rng.integers(len(candidates), size=int(rng.integers(1, _MAX_NEIGHBOURS + 1)))].tolist()
        others = [paragraph for paragraph in drawn if paragraph != own]
        if not others:
            return None
        words = set(tokens.tolist())
        texts = self.data.texts[language]
        nearest = max(others, key=lambda paragraph: len(words.intersection(texts[paragraph].tolist())))
        uses_window = self.prefers_windows or rng.random() < _OTHER_WINDOW_SHARE
        window = draw_window(rng, self.data.sentences[language][nearest]) if uses_window else None
        return make_example(tokens, texts[nearest][window] if window else texts[nearest])

    def _candidate_spans(self, question: int, language: str) -> tuple[CandidateSpan, ...]:
        pieces = self.data.pieces[language][int(self.data.paragraphs[question])]
        likely, probabilities = self.data.likely_pieces[language], self.data.piece_probabilities[language]
        return candidate_spans(pieces, likely[question], probabilities[question])


def candidate_spans(
    pieces: NDArray[np.uint16], likely: NDArray[np.uint8], probabilities: NDArray[np.float16]
) -> tuple[CandidateSpan, ...]:
    """Return what may be the answer: each likely piece, alone and joined with each neighbour that is close to it.

    Args:
        pieces: first and last token of each piece of the paragraph, `[pieces, 2]`.
        likely: the numbers of the likely pieces.
        probabilities: their probabilities.
    """
    spans: list[CandidateSpan] = []
    bounds = pieces.astype(int).tolist()
    for number, probability in zip(likely.tolist(), probabilities.tolist(), strict=True):
        if number == NO_PIECE or probability < _MIN_PRIOR:
            continue
        first, last = bounds[number]
        joined = []
        if number + 1 < len(bounds) and 0 <= bounds[number + 1][0] - last <= _MAX_GAP:
            joined.append((first, bounds[number + 1][1]))
        if number > 0 and 0 <= first - bounds[number - 1][1] <= _MAX_GAP:
            joined.append((bounds[number - 1][0], last))
        alone = probability * (1 - _JOINED_SHARE) if joined else probability
        spans.append(CandidateSpan(first, last, math.log(alone)))
        spans += [CandidateSpan(*span, math.log(probability * _JOINED_SHARE / len(joined))) for span in joined]
    return tuple(spans)


def likely_sentence(data: SquadData, question: int, language: str) -> tuple[int | None, float]:
    """Return the sentence that is most likely to contain the answer to a question, and how probable that is."""
    paragraph = int(data.paragraphs[question])
    pieces, sentences = data.pieces[language][paragraph], data.sentences[language][paragraph]
    probabilities: dict[int, float] = {}
    likely, weights = data.likely_pieces[language][question], data.piece_probabilities[language][question]
    for number, probability in zip(likely.tolist(), weights.tolist(), strict=True):
        if number != NO_PIECE and pieces[number][0] < len(sentences):
            sentence = int(sentences[pieces[number][0]])
            probabilities[sentence] = probabilities.get(sentence, 0.0) + probability
    if not probabilities:
        return None, 0.0
    best = max(probabilities, key=probabilities.__getitem__)
    return best, probabilities[best]
