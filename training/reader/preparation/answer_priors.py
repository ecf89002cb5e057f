"""Estimates which piece of a paragraph answers which question.

The training data lists the answers of a paragraph (its pieces) but not which question each of them answers. Three
signs tell: how many of the question's words are in and near the sentence of the piece, how close they are to the
piece, and whether the piece is of the type that the question asks for. On the development articles, where the answers
are known, the likeliest piece is right for 0.889 of the questions and in the right sentence for 0.947; of the pieces
that are more probable than 0.6, 0.981 are right.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.reader.preparation.answer_types import answer_type_score
from training.reader.preparation.prior_languages import PriorLanguage, words_in
from training.reader.preparation.text_spans import CharacterRange, sentence_numbers

# The weights of the signs, chosen on the development articles.
SENTENCE_WEIGHT, CLOSENESS_WEIGHT, TYPE_WEIGHT, REPETITION_WEIGHT = 5.0, 3.6, 1.0, 2.0
_NEIGHBOUR_SHARE = 0.15  # how much the words in a neighbouring sentence count, compared with those in the sentence
_CLOSENESS_SCALE = 6  # words; the closeness of a word falls to 1/e over this distance
_FAIR_SHARE, _FAIRNESS, _FAIRNESS_ROUNDS = 0.6, 0.6, 4  # see _share_pieces


@dataclass(frozen=True)
class WordWeights:
    """The inverse document frequencies of the stems in a collection of texts.

    Attributes:
        language: the language of the texts.
        text_count: the number of texts.
        frequencies: the number of texts in which each stem occurs.
    """

    language: PriorLanguage
    text_count: int
    frequencies: Mapping[str, int]

    @classmethod
    def of_texts(cls, texts: Sequence[str], language: PriorLanguage) -> WordWeights:
        """Count the stems in `texts`."""
        frequencies: Counter[str] = Counter()
        for text in texts:
            frequencies.update({language.stem(word) for _, _, word in words_in(text)})
        return cls(language, len(texts), dict(frequencies))

    def __getitem__(self, stem: str) -> float:
        return math.log(1 + self.text_count / (1 + self.frequencies.get(stem, 0)))


@dataclass(frozen=True)
class _Piece:
    """A piece of a paragraph: its text, its first and last word, its sentence, and the stems of its content words."""

    text: str
    first: int
    last: int
    sentence: int
    stems: list[str]


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph: the sentence of each word, the numbers of the words with each stem, and the pieces."""

    sentence_of_word: NDArray[np.int64]
    words_with_stem: Mapping[str, list[int]]
    pieces: list[_Piece]


def estimate_priors(
    text: str, pieces: Sequence[CharacterRange], questions: Sequence[str], weights: WordWeights
) -> NDArray[np.float64]:
    """Return the probability that each piece answers each question, `[questions, pieces]`.

    Args:
        text: the paragraph.
        pieces: the character ranges of the pieces.
        questions: all questions about the paragraph; each piece is assumed to answer about one of them.
        weights: the weights of the words in the language of the paragraph and the questions.
    """
    if not pieces or not questions:
        return np.zeros((len(questions), len(pieces)))
    paragraph = _analyse(text, pieces, weights.language)
    scores = np.array([_piece_scores(question, paragraph, weights) for question in questions])
    return _share_pieces(np.exp(scores))


def _analyse(text: str, pieces: Sequence[CharacterRange], language: PriorLanguage) -> _Paragraph:
    words = words_in(text)
    sentence_of_word = sentence_numbers(text, [start for start, _, _ in words])
    words_with_stem: dict[str, list[int]] = defaultdict(list)
    for number, (_, _, word) in enumerate(words):
        words_with_stem[language.stem(word)].append(number)
    analysed = []
    for start, end in pieces:
        inside = [number for number, word in enumerate(words) if word[0] < end and word[1] > start] or [0]
        sentence = int(sentence_of_word[inside[0]]) if words else 0
        stems = language.content_stems(text[start:end])
        analysed.append(_Piece(text[start:end], inside[0], inside[-1], sentence, stems))
    return _Paragraph(sentence_of_word, dict(words_with_stem), analysed)


def _piece_scores(question: str, paragraph: _Paragraph, weights: WordWeights) -> list[float]:
    """Return the logarithm of each piece's probability, up to a constant."""
    language = weights.language
    stems = list(dict.fromkeys(language.content_stems(question)))
    total = sum(weights[stem] for stem in stems) + 1e-6
    shares = {stem: weights[stem] / total for stem in stems}
    sentence_scores = _sentence_scores(shares, paragraph)
    answer_type = language.answer_type(question)
    return [
        SENTENCE_WEIGHT * sentence_scores[piece.sentence]
        + CLOSENESS_WEIGHT * _closeness(shares, piece, paragraph)
        + TYPE_WEIGHT * answer_type_score(answer_type, piece.text)
        - REPETITION_WEIGHT * sum(stem in shares for stem in piece.stems) / max(1, len(piece.stems))
        for piece in paragraph.pieces
    ]


def _sentence_scores(shares: Mapping[str, float], paragraph: _Paragraph) -> NDArray[np.float64]:
    """Return the share of the question's words in each sentence, plus a part of that in its neighbours."""
    own = np.zeros(int(paragraph.sentence_of_word.max(initial=0)) + 1)
    for stem, share in shares.items():
        for sentence in {int(paragraph.sentence_of_word[word]) for word in paragraph.words_with_stem.get(stem, ())}:
            own[sentence] += share
    scores = own.copy()
    scores[1:] += _NEIGHBOUR_SHARE * own[:-1]
    scores[:-1] += _NEIGHBOUR_SHARE * own[1:]
    return scores


def _closeness(shares: Mapping[str, float], piece: _Piece, paragraph: _Paragraph) -> float:
    """Return the share of the question's words that are in the sentence of the piece, weighted by closeness to it."""
    closeness = 0.0
    for stem, share in shares.items():
        distances = [
            min(abs(word - piece.first), abs(word - piece.last))
            for word in paragraph.words_with_stem.get(stem, ())
            if paragraph.sentence_of_word[word] == piece.sentence and not piece.first <= word <= piece.last
        ]
        if distances:
            closeness += share * math.exp(-min(distances) / _CLOSENESS_SCALE)
    return closeness


def _share_pieces(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalise each question's odds, and reduce those of a piece that answers more questions than its share."""
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    for _ in range(_FAIRNESS_ROUNDS):
        expected_questions = probabilities.sum(axis=0, keepdims=True)
        probabilities = probabilities / np.maximum(expected_questions, _FAIR_SHARE) ** _FAIRNESS
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities
