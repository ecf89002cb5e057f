"""Snowball stems (Porter 2001) of English and Swedish words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from assistant.text.words import content_words


@lru_cache(maxsize=4)
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer({"sv": "swedish"}.get(language, "english"))


def stem(word: str, language: str) -> str:
    """The stem of a folded word (Snowball, Porter 2001); a language without a stemmer counts as English."""
    return str(_stemmer(language).stemWord(word))


def content_stems(text: str, language: str) -> list[str]:
    """Content words of `text` in order, stemmed; function words of any of our languages left out."""
    return stem_words([word for word, _ in content_words(text)], language)


def stem_words(found: Sequence[str], language: str) -> list[str]:
    """The stem of each folded word; see `stem`."""
    return [str(own) for own in _stemmer(language).stemWords(found)]
