"""Language detection, tuned for English and Swedish.

Questions are often too short for statistical detection, so a question's function words are considered first. If these
don't settle the language, py3langid (Lui & Baldwin 2012, "langid.py") chooses from the languages most likely to be
used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from assistant.text.function_words import FUNCTION_WORDS
from assistant.text.words import split_words

SUPPORTED_LANGUAGES = tuple(FUNCTION_WORDS)  # the languages of the user interface
_CANDIDATE_LANGUAGES = ("en", "sv", "no", "da", "fi", "de", "fr", "es", "it", "nl", "pl", "pt", "ru", "ar", "uk", "zh")
_SHARED_FUNCTION_WORDS = FUNCTION_WORDS["en"] & FUNCTION_WORDS["sv"]


def detect_question_language(text: str, default: str) -> str:
    """Return a question's language code, or `default` if the question is too short to tell, such as a single name."""
    question_words = split_words(text)
    votes = {
        code: sum(word in function_words and word not in _SHARED_FUNCTION_WORDS for word in question_words)
        for code, function_words in FUNCTION_WORDS.items()
    }
    best = max(votes, key=lambda code: votes[code])
    if sum(votes.values()) == votes[best] > 0:
        return best
    if any(char in "åäö" for word in question_words for char in word) and votes["sv"] >= votes["en"]:
        return "sv" if _classify(text) in {"sv", "no", "da", "en"} else _classify(text)
    if len(question_words) < 3:
        return default
    return _classify(text)


def detect_text_language(text: str) -> str:
    """Return the language code of a longer text, as detected from the text's first 4,000 characters."""
    return _classify(text[:4000])


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_CANDIDATE_LANGUAGES))
    return identifier


def _classify(text: str) -> str:
    return str(_identifier().classify(text)[0])
