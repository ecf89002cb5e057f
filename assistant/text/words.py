"""The words of a text, folded for comparison."""

from __future__ import annotations

import re
import unicodedata

from assistant.schema import Span
from assistant.text.function_words import is_function_word

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


def fold(text: str) -> str:
    """`text` for comparison: NFKC, lower case."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def words(text: str) -> list[str]:
    """The words of `text`, folded; numbers keep their decimals, hyphens and apostrophes divide."""
    return _WORD.findall(fold(text))


def content_words(text: str) -> list[tuple[str, Span]]:
    """Folded words of `text` and where they stand, without function words of any of our languages."""
    found = [(fold(match.group()), Span(match.start(), match.end())) for match in _WORD.finditer(text)]
    return [(word, span) for word, span in found if not is_function_word(word)]
