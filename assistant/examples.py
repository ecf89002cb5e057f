"""Example questions from the corpus itself: each one is asked first and kept only if it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.chat import Assistant
from assistant.schema import Verdict

# "National Bioinformatics Infrastructure (NBIS)": a run of capitalised words and its abbreviation.
_ABBREVIATION = re.compile(
    r"[A-ZÅÄÖ][\w-]+(?: (?:[A-ZÅÄÖ][\w-]+|for|of|och|för|av))* \(([A-ZÅÄÖ][A-Za-zÅÄÖåäö0-9]{1,11})\)"
)
_QUESTIONS = {"en": "What is {name}?", "sv": "Vad är {name}?"}
_TRIED = 20


def example_questions(assistant: Assistant, count: int = 4) -> list[str]:
    """At most `count` questions that `assistant` answers, the languages in turn."""
    found: list[str] = []
    for question in _candidates(assistant):
        if len(found) == count:
            break
        if assistant.ask(question).verdict is Verdict.ANSWERED:
            found.append(question)
    return found


def _candidates(assistant: Assistant) -> Iterator[str]:
    names: dict[str, None] = {}
    for document in assistant.index.documents.values():
        for match in _ABBREVIATION.finditer(document.text):
            names.setdefault(match.group(1))
            if len(names) == _TRIED:
                break
    for number, name in enumerate(names):
        language = ("en", "sv")[number % 2]
        yield _QUESTIONS[language].format(name=name)
        yield _QUESTIONS["sv" if language == "en" else "en"].format(name=name)
