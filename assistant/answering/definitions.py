"""Questions for what a name means, and the sentences that say it.

The corpus defines its own abbreviations: "National Bioinformatics Infrastructure (NBIS)".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"(?P<name>[\w][\w .&/-]{0,60}?)"
_STANDS_FOR = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:and |so )?what (?:does|do) (?:the )?(?:abbreviation |term |name )?{_NAME} (?:stand for|mean)\W*$",
        rf"^\W*what is {_NAME} (?:short|an abbreviation) for\W*$",
        rf"^\W*(?:och |så )?vad (?:står|betyder|innebär) (?:förkortningen |namnet |termen )?{_NAME}(?: för)?\W*$",
        rf"^\W*vad är {_NAME} (?:en )?förkortning (?:av|för)\W*$",
    )
)
_WHAT_IS = re.compile(rf"^\W*(?:what (?:is|are)|vad är|who are|vilka är)(?: the| an?)? ?{_NAME}\W*$", re.IGNORECASE)
# Beside scores of 1.5 to 2: a sentence that spells the letters out wins where that was asked.
_SPELLED_OUT, _STATED, _NAMED = 0.5, 0.15, 0.08
_MOST_WORDS = 5
_COPULA = "is|are|was|were|är|var|refers to|means|stands for|betyder|står för"
_CAPITALISED = r"[A-ZÅÄÖ][\w’'-]*(?:\s(?:(?:of|for|and|the|i|och|för|av)\s)?[A-ZÅÄÖ][\w’'-]*)*"


@dataclass(frozen=True, slots=True)
class Definition:
    """That a question asks what `name` is; `spelled_out` when it asks what the letters stand for."""

    name: str
    spelled_out: bool

    def bonus(self, sentence: str) -> float:
        """What is added to the score of a sentence that says it; 0.0 for another."""
        quoted = re.escape(self.name)
        spelled = rf"{_CAPITALISED}\s\({quoted}\)|\b{quoted}\s\({_CAPITALISED}\)"
        if re.search(spelled, sentence):
            return _SPELLED_OUT if self.spelled_out else _NAMED
        stated = rf"^(?:the |an? )?{quoted}(?:\s\([^)]*\))?,? (?:{_COPULA})\b"
        return _STATED if not self.spelled_out and re.search(stated, sentence, re.IGNORECASE) else 0.0


def parse_definition_question(question: str) -> Definition | None:
    """What `question` asks the meaning of, None for another kind of question."""
    for pattern in (*_STANDS_FOR, _WHAT_IS):
        match = pattern.match(question)
        name = match.group("name").strip() if match else ""
        if name and len(name.split()) <= _MOST_WORDS:
            return Definition(name, pattern is not _WHAT_IS)
    return None


def to_search_query(question: str, language: str) -> str:
    """ "What does GMS stand for?" -> "What is GMS?", which is what sentences can be compared with."""
    asked = parse_definition_question(question)
    if asked is None or not asked.spelled_out:
        return question
    return f"{'Vad är' if language == 'sv' else 'What is'} {asked.name}?"
