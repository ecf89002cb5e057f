"""Sentences that state different things of the same matter: other numbers, or one denies what the other says.

Found by words alone, and only where almost everything else is the same: a notice that is wrong costs
more trust than one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Citation, Notice
from assistant.text.stemming import content_stems
from assistant.text.words import words

_SHARED = 0.8  # of the content stems of the shorter sentence, numbers left out
_FEWEST = 3  # stems that have to be shared
_NUMBER = re.compile(r"\d+(?:[.,\s]\d+)*")
# Numbers that only tell things apart: labels, telephone numbers.
_LABEL = re.compile(
    r"\b(?:table|figure|fig\.?|step|chapter|section|page|part|phase|tabell|figur|steg|kapitel|avsnitt|sida|del|fas)\s+\d+"
    r"|(?:\+|\b0)(?:[\s()-]{0,2}\d){6,}",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(r"\b(?:not (?:only|just)|inte (?:bara|enbart|endast))\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAMES = re.compile(r"(?<!^)\b[A-ZÅÄÖ]\w*")
_DENIALS = frozenset("not no never none without cannot nor inte ej aldrig ingen inget inga utan".split())


def disagree(first: str, second: str, language: str) -> bool:
    """Whether two sentences in one language can't both be right."""
    if _LABEL.search(first) or _LABEL.search(second):
        return False
    shared = set(_without_numbers(first, language)) & set(_without_numbers(second, language))
    shorter = min(len(set(_without_numbers(text, language))) for text in (first, second))
    if len(shared) < max(_FEWEST, _SHARED * shorter) or set(_NAMES.findall(first)) != set(_NAMES.findall(second)):
        return False
    if _denies(first) != _denies(second):
        return True
    return _other_numbers(set(_NUMBER.findall(first)), set(_NUMBER.findall(second)))


def _without_numbers(text: str, language: str) -> list[str]:
    return [stem for stem in content_stems(text, language) if not stem[0].isdigit() and stem not in _DENIALS]


def _denies(text: str) -> bool:
    """Whether the denials of a sentence leave it denied: two of them don't."""
    text = _NOT_ONLY.sub(" ", text.replace("n't", " not").replace("n’t", " not"))
    return sum(word in _DENIALS for word in words(text)) % 2 == 1


def _other_numbers(first: set[str], second: set[str]) -> bool:
    """Different numbers for the same; two years with figures of their own are a series, no contradiction."""
    if not first or not second or first <= second or second <= first:
        return False
    years = {number for number in first if _YEAR.fullmatch(number)}, {n for n in second if _YEAR.fullmatch(n)}
    return years[0] == years[1] or (years[0] == first and years[1] == second)


def disagreement_notices(citations: Sequence[Citation]) -> tuple[Notice, ...]:
    """A notice for each pair of quotes that disagree."""
    return tuple(
        Notice("disagree", (first.number, second.number))
        for place, first in enumerate(citations)
        for second in citations[place + 1 :]
        if first.language == second.language and disagree(first.quote, second.quote, first.language)
    )
