"""Splitting text into words and folding the words so that they can be compared."""

from __future__ import annotations

import re
import unicodedata

from assistant.schema import Span
from assistant.text.function_words import is_function_word

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


def fold_text(text: str) -> str:
    """Apply Unicode normalisation (NFKC) and case folding to `text`, so that it can be compared with other text."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def split_words(text: str) -> list[str]:
    """Return the folded words of `text`. A decimal number is one word. Hyphens and apostrophes separate words."""
    return _WORD.findall(fold_text(text))


def content_words(text: str) -> list[tuple[str, Span]]:
    """Return the folded words of `text` and their spans, leaving out function words in any supported language."""
    all_words = [(fold_text(match.group()), Span(match.start(), match.end())) for match in _WORD.finditer(text)]
    return [(word, span) for word, span in all_words if not is_function_word(word)]
