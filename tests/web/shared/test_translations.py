from __future__ import annotations

import re
from string import Formatter

from assistant.web.shared.translations import load_translations, translate
from tests.conftest import ROOT

# Keys with these prefixes are put together at run time, so they don't appear in full in the code.
COMPOSED_KEYS = ("answer_", "rating_", "notice_", "reason_", "common.", "about_key_")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, swedish = load_translations()["en"], load_translations()["sv"]
    assert english.keys() == swedish.keys()
    assert {key for key in english if placeholders(english[key]) != placeholders(swedish[key])} == set()


def test_every_key_is_used() -> None:
    folder = ROOT / "assistant" / "web"
    files = [file for suffix in ("html", "py", "js") for file in folder.rglob(f"*.{suffix}")]
    used = set(re.findall(r"[\"']([\w.]+)[\"']", "".join(file.read_text(encoding="utf-8") for file in files)))
    unused = [key for key in load_translations()["en"] if key not in used and not key.startswith(COMPOSED_KEYS)]
    assert unused == []


def test_texts_contain_no_markup_and_no_surrounding_space() -> None:
    for texts in load_translations().values():
        assert {key for key, text in texts.items() if "<" in text or text != text.strip()} == set()


def test_translation_fills_placeholders() -> None:
    [key, *_] = [key for key, text in load_translations()["en"].items() if placeholders(text)]
    values = {name: f"value of {name}" for name in placeholders(load_translations()["en"][key])}
    for language in ("en", "sv"):
        text = translate(language, key, **values)
        assert all(value in text for value in values.values())


def test_unsupported_language_falls_back_to_english() -> None:
    assert translate("fi", "close") == load_translations()["en"]["close"]
