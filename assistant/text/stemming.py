"""Snowball stemming (Porter 2001) of English and Swedish words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from assistant.text.words import content_words


@lru_cache(maxsize=4)
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer({"sv": "swedish"}.get(language, "english"))


def stem_word(word: str, language: str) -> str:
    """Return the stem of a folded word. Words in languages other than Swedish are stemmed as if they were English."""
    return str(_stemmer(language).stemWord(word))


def content_stems(text: str, language: str) -> list[str]:
    """Return the stems of the content words of `text`, in order."""
    return stem_words([word for word, _ in content_words(text)], language)


def stem_words(words: Sequence[str], language: str) -> list[str]:
    """Return the stem of each folded word; see `stem_word`."""
    return [str(word_stem) for word_stem in _stemmer(language).stemWords(words)]
