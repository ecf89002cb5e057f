from __future__ import annotations

import pytest

from assistant.text.words import content_words, fold_text, split_words


def test_words_are_folded_and_numbers_keep_their_decimals() -> None:
    assert split_words("Life-science\u00a0ＧＭＳ, SciLifeLab’s 3.5!") == [
        "life",
        "science",
        "gms",
        "scilifelab",
        "s",
        "3.5",
    ]


@pytest.mark.parametrize(("text", "folded"), [("GMS", "gms"), ("Straße", "strasse"), ("ﬁnans", "finans"), ("ÅR", "år")])
def test_folding_normalises_case_and_compatibility_characters(text: str, folded: str) -> None:
    assert fold_text(text) == folded


def test_content_words_come_with_their_spans() -> None:
    text = "The Centre och metoderna"
    content = content_words(text)
    assert [word for word, _ in content] == ["centre", "metoderna"]
    assert [text[span.start : span.end] for _, span in content] == ["Centre", "metoderna"]
