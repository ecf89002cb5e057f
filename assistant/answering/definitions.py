"""Recognises questions that ask what a name means, and sentences that define the name.

Documents often introduce an abbreviation in brackets, for example: "National Bioinformatics Infrastructure (NBIS)".
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
# Without a bonus, sentences score about 1.5 to 2. If the question asks for the full name, the largest bonus
# puts a sentence that contains the full name first.
_SPELLED_OUT_BONUS, _STATED_BONUS, _NAMED_BONUS = 0.5, 0.15, 0.08
_MAX_NAME_WORDS = 5
_COPULA = "is|are|was|were|är|var|refers to|means|stands for|betyder|står för"
_CAPITALISED = r"[A-ZÅÄÖ][\w’'-]*(?:\s(?:(?:of|for|and|the|i|och|för|av)\s)?[A-ZÅÄÖ][\w’'-]*)*"


@dataclass(frozen=True, slots=True)
class DefinitionQuestion:
    """A question that asks what a name means.

    Attributes:
        term: the name or abbreviation.
        asks_for_long_form: whether the question asks what the letters of the name stand for.
    """

    term: str
    asks_for_long_form: bool

    def score_bonus(self, sentence: str) -> float:
        """Return the bonus to add to the score of `sentence`: positive if the sentence defines the name, else 0."""
        name = re.escape(self.term)
        spelled_out = rf"{_CAPITALISED}\s\({name}\)|\b{name}\s\({_CAPITALISED}\)"
        if re.search(spelled_out, sentence):
            return _SPELLED_OUT_BONUS if self.asks_for_long_form else _NAMED_BONUS
        stated = rf"^(?:the |an? )?{name}(?:\s\([^)]*\))?,? (?:{_COPULA})\b"
        return _STATED_BONUS if not self.asks_for_long_form and re.search(stated, sentence, re.IGNORECASE) else 0.0


def parse_definition_question(question: str) -> DefinitionQuestion | None:
    """Parse a question that asks what a name means. Returns None for any other question."""
    for pattern in (*_STANDS_FOR, _WHAT_IS):
        match = pattern.match(question)
        name = match.group("name").strip() if match else ""
        if name and len(name.split()) <= _MAX_NAME_WORDS:
            return DefinitionQuestion(name, pattern is not _WHAT_IS)
    return None


def to_search_query(question: str, language: str) -> str:
    """Reword `question` for retrieval: "What does GMS stand for?" becomes "What is GMS?".

    The embedding of the reworded question is closer to the sentences that define the name.
    """
    definition_question = parse_definition_question(question)
    if definition_question is None or not definition_question.asks_for_long_form:
        return question
    return f"{'Vad är' if language == 'sv' else 'What is'} {definition_question.term}?"
