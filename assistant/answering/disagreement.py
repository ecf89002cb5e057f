"""Detects pairs of sentences that contradict each other: their numbers differ, or only one of them is negated.

The method compares only the words of the two sentences. It reports a pair only if almost all the other words are the
same, because a false notice costs more trust than a missing one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Citation, Notice
from assistant.text.stemming import content_stems
from assistant.text.words import split_words

# The fraction of the shorter sentence's content stems, not counting numbers, that the other sentence must also contain.
_MIN_SHARED_PART = 0.8
_MIN_SHARED_STEMS = 3
_NUMBER = re.compile(r"\d+(?:[.,\s]\d+)*")
# Numbers that only identify something, such as "Table 3" or a telephone number.
_LABEL = re.compile(
    r"\b(?:table|figure|fig\.?|step|chapter|section|page|part|phase|tabell|figur|steg|kapitel|avsnitt|sida|del|fas)\s+\d+"
    r"|(?:\+|\b0)(?:[\s()-]{0,2}\d){6,}",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(r"\b(?:not (?:only|just)|inte (?:bara|enbart|endast))\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAMES = re.compile(r"(?<!^)\b[A-ZÅÄÖ]\w*")
_NEGATIONS = frozenset("not no never none without cannot nor inte ej aldrig ingen inget inga utan".split())


def sentences_disagree(first: str, second: str, language: str) -> bool:
    """Return whether two sentences in `language` contradict each other."""
    if _LABEL.search(first) or _LABEL.search(second):
        return False
    first_stems, second_stems = _comparable_stems(first, language), _comparable_stems(second, language)
    min_shared = max(_MIN_SHARED_STEMS, _MIN_SHARED_PART * min(len(first_stems), len(second_stems)))
    if len(first_stems & second_stems) < min_shared or set(_NAMES.findall(first)) != set(_NAMES.findall(second)):
        return False
    if _is_negated(first) != _is_negated(second):
        return True
    return _numbers_conflict(set(_NUMBER.findall(first)), set(_NUMBER.findall(second)))


def _comparable_stems(text: str, language: str) -> set[str]:
    """Return the content stems of `text`, leaving out numbers and negations."""
    return {stem for stem in content_stems(text, language) if not stem[0].isdigit() and stem not in _NEGATIONS}


def _is_negated(text: str) -> bool:
    """Return whether a sentence is negated. Two negations cancel each other out."""
    text = _NOT_ONLY.sub(" ", text.replace("n't", " not").replace("n’t", " not"))
    return sum(word in _NEGATIONS for word in split_words(text)) % 2 == 1


def _numbers_conflict(first: set[str], second: set[str]) -> bool:
    """Return whether two sets of numbers conflict. Figures for different years are a series, not a conflict."""
    if not first or not second or first <= second or second <= first:
        return False
    first_years = {number for number in first if _YEAR.fullmatch(number)}
    second_years = {number for number in second if _YEAR.fullmatch(number)}
    return first_years == second_years or (first_years == first and second_years == second)


def disagreement_notices(citations: Sequence[Citation]) -> tuple[Notice, ...]:
    """Return a notice for each pair of quotes that contradict each other."""
    return tuple(
        Notice("disagree", (first.number, second.number))
        for position, first in enumerate(citations)
        for second in citations[position + 1 :]
        if first.language == second.language and sentences_disagree(first.quote, second.quote, first.language)
    )
