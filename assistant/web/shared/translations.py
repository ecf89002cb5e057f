"""The texts of the pages in English and Swedish (`translations/*.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from assistant.text.language import SUPPORTED_LANGUAGES

_FOLDER = Path(__file__).parents[1] / "translations"


@cache
def load_translations() -> dict[str, dict[str, str]]:
    """Return all texts, as one dictionary of keys and texts for each language code."""
    return {code: tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8")) for code in SUPPORTED_LANGUAGES}


def translate(language: str, key: str, **values: object) -> str:
    """Return the text for `key`, with its placeholders filled in from `values`.

    The text is in `language`, or in English if `language` is not supported.
    """
    text = load_translations().get(language, load_translations()["en"])[key]
    return text.format(**values) if values else text
