"""Which language a text or a question is in, and what its words are: English and Swedish first.

Function words decide where they can (a question is often too short for statistics); py3langid
(Lui & Baldwin 2012, "langid.py") decides the rest among the languages of our users' neighbours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from assistant.text.function_words import FUNCTION_WORDS
from assistant.text.words import words

LANGUAGES = tuple(FUNCTION_WORDS)  # the languages of the page
_NEIGHBOURS = ("en", "sv", "no", "da", "fi", "de", "fr", "es", "it", "nl", "pl", "pt", "ru", "ar", "uk", "zh")
_SHARED = FUNCTION_WORDS["en"] & FUNCTION_WORDS["sv"]


def detect_question_language(text: str, default: str) -> str:
    """Language code of a question; `default` where it shows none (a name, an abbreviation)."""
    found = words(text)
    votes = {code: sum(word in own and word not in _SHARED for word in found) for code, own in FUNCTION_WORDS.items()}
    best = max(votes, key=lambda code: votes[code])
    if sum(votes.values()) == votes[best] > 0:
        return best
    if any(char in "åäö" for word in found for char in word) and votes["sv"] >= votes["en"]:
        return "sv" if _classify(text) in {"sv", "no", "da", "en"} else _classify(text)
    if len(found) < 3:
        return default
    return _classify(text)


def detect_text_language(text: str) -> str:
    """Language code of a longer text."""
    return _classify(text[:4000])


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_NEIGHBOURS))
    return identifier


def _classify(text: str) -> str:
    return str(_identifier().classify(text)[0])
