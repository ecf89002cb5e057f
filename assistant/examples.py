"""Example questions from the corpus itself: each one is asked first and kept only if it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from assistant.chat import Assistant
from assistant.schema import Verdict

# "National Bioinformatics Infrastructure (NBIS)": a capitalised word before its abbreviation.
_ABBREVIATION = re.compile(r"(?<=\w )\(([A-ZÅÄÖ][A-Za-zÅÄÖåäö0-9]{1,11})\)")
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
    for number, name in enumerate(islice(_names(assistant), _TRIED)):
        first, second = ("en", "sv") if number % 2 == 0 else ("sv", "en")
        yield _QUESTIONS[first].format(name=name)
        yield _QUESTIONS[second].format(name=name)


def _names(assistant: Assistant) -> Iterator[str]:
    """Abbreviations of the corpus, each once."""
    seen: set[str] = set()
    for document in assistant.index.documents.values():
        for match in _ABBREVIATION.finditer(document.text):
            name = match.group(1)
            if name not in seen:
                seen.add(name)
                yield name
