"""What the priors need to know about English and Finnish: function words, stems and question words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from training.reader.preparation.answer_types import AnswerType

_WORD = re.compile(r"\w+")

_ENGLISH_FUNCTION_WORDS = frozenset(
    "the a an of in on at to for by with from and or is are was were be been being did do does has have had that this "
    "these those it its as which what who whom whose when where why how many much than then there their his her he she "
    "they them i you we not no also into about after before during between over under".split()
)
_FINNISH_FUNCTION_WORDS = frozenset(
    "ja on oli ovat olivat ei se ne että mikä mitä mitkä kuka ketkä kenen missä mistä mihin milloin miksi miten kuinka "
    "joka jotka jossa jonka tai sekä kun kuin myös hän he hänen heidän oli ole olla olleet ollut monta paljon "
    "vuonna".split()
)
_ENGLISH_QUESTIONS: tuple[tuple[str, AnswerType], ...] = (
    (r"\b(when|what year|which year|what date|what day|what month|what decade|what century|how long ago|what time"
     r"|which century|which decade)\b", "time"),
    (r"\b(how many|how much|what percent|what percentage|how large|how big|how far|how old|how long|how tall|how high"
     r"|what number|what is the population|how often|how fast)\b", "number"),
    (r"\b(who|whom|whose|which person|what person)\b", "person"),
    (r"\b(where|what city|which city|what country|which country|what state|which state|what region)\b", "place"),
    (r"\b(why|how)\b", "reason"),
)  # fmt: skip
_FINNISH_QUESTIONS: tuple[tuple[str, AnswerType], ...] = (
    (r"\b(milloin|minä vuonna|mihin aikaan|millä vuosi|minä päivänä|kuinka kauan)", "time"),
    (r"\b(kuinka mon|montako|kuinka paljon|mikä prosentti|kuinka suuri)", "number"),
    (r"\b(kuka|ketkä|kenen|kenelle|ketä|keneltä)\b", "person"),
    (r"\b(missä|mistä|mihin|minne)\b", "place"),
    (r"\b(miksi|miten|kuinka)\b", "reason"),
)


@dataclass(frozen=True)
class PriorLanguage:
    """A language.

    Attributes:
        function_words: the words that are left out.
        stem: returns the stem of a word.
        questions: patterns of lower-case questions with the type of answer that they ask for; the first match decides.
    """

    function_words: frozenset[str]
    stem: Callable[[str], str]
    questions: tuple[tuple[str, AnswerType], ...]

    def content_stems(self, text: str) -> list[str]:
        """Return the stems of the words of `text`, without function words."""
        return [self.stem(word) for word in _WORD.findall(text) if word.lower() not in self.function_words]

    def answer_type(self, question: str) -> AnswerType:
        """Return the type of answer that `question` asks for."""
        lower = question.lower()
        return next((kind for pattern, kind in self.questions if re.search(pattern, lower)), "other")


def english() -> PriorLanguage:
    """Return the rules for English."""
    return PriorLanguage(_ENGLISH_FUNCTION_WORDS, _english_stem, _ENGLISH_QUESTIONS)


def finnish() -> PriorLanguage:
    """Return the rules for Finnish."""
    return PriorLanguage(_FINNISH_FUNCTION_WORDS, _finnish_stem, _FINNISH_QUESTIONS)


def words_in(text: str) -> list[tuple[int, int, str]]:
    """Return the words of `text` with their character ranges: start, end and word."""
    return [(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def _english_stem(word: str) -> str:
    word = word.lower()
    if word.isdigit():
        return word
    for suffix in ("ing", "edly", "ed", "es", "s", "ly"):
        if len(word) > len(suffix) + 3 and word.endswith(suffix):
            word = word.removesuffix(suffix)
            break
    return word[:6]


def _finnish_stem(word: str) -> str:
    word = word.lower()
    return word if word.isdigit() else word[: max(4, min(6, len(word) - 2))]
