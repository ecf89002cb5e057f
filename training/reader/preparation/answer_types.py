"""Rates whether a piece of text is of the type that a question asks for."""

from __future__ import annotations

import re
from typing import Literal

AnswerType = Literal["time", "number", "person", "place", "reason", "other"]

_WORD = re.compile(r"\w+")
_NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty hundred "
    "thousand million billion half first second third dozen twice "
    "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen sata tuhat miljoona miljoonaa "
    "puolet".split()
)
_TIME = re.compile(
    r"(january|february|march|april|may|june|july|august|september|october|november|december"
    r"|kuuta|kuussa|century|luvu|luvul|\b1[0-9]{3}\b|\b20[0-9]{2}\b|\b[0-9]{3,4}s\b"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\bbc\b|\bad\b|years? ago|spring|summer|winter|autumn)",
    re.IGNORECASE,
)


def answer_type_score(answer_type: AnswerType, piece: str) -> float:
    """Return how well `piece`, in English or Finnish, fits the type: 2.5 for a time or number, below 0 for a misfit."""
    words = _WORD.findall(piece)
    has_number = any(word[0].isdigit() or word.lower() in _NUMBER_WORDS for word in words)
    has_capital = any(word[0].isupper() for word in words)
    is_time = bool(_TIME.search(piece))
    match answer_type:
        case "time":
            return 2.5 if is_time else 1.2 if has_number else -1.0
        case "number":
            is_bare_time = is_time and len(words) == 1
            return (0.8 if is_bare_time else 2.5) if has_number else -1.0
        case "person":
            return _name_score(has_number, has_capital, 1.3, -0.2)
        case "place":
            return _name_score(has_number, has_capital, 1.0, 0.0)
        case "reason":
            return 0.35 * min(len(words), 6) - 0.8 - (1.0 if has_number and len(words) < 3 else 0.0)
        case "other":
            return -0.9 if has_number and len(words) <= 2 else 0.0


def _name_score(has_number: bool, has_capital: bool, name: float, other: float) -> float:
    if has_number:
        return -1.2
    return name if has_capital else other
