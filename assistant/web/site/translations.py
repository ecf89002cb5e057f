"""What the pages say, in English and Swedish (`texts/*.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from assistant.text.language import LANGUAGES

_FOLDER = Path(__file__).parents[1] / "translations"


@cache
def translations() -> dict[str, dict[str, str]]:
    """Language code -> key -> words."""
    return {code: tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8")) for code in LANGUAGES}


def translate(language: str, key: str, **values: object) -> str:
    """The words of `key` in `language`, English where we don't speak it, with `values` filled in."""
    words = translations().get(language, translations()["en"])[key]
    return words.format(**values) if values else words
