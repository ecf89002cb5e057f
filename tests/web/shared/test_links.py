from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.conversation.assistant import Assistant
from assistant.web.shared.links import fragment_url, reading_link


@pytest.mark.parametrize(
    ("url", "quote", "expected"),
    [
        ("https://a.example/x", "Rain falls.", "https://a.example/x#:~:text=Rain%20falls."),
        ("https://a.example/x#top", "well-known, mostly", "https://a.example/x#top:~:text=well%2Dknown%2C%20mostly"),
        (
            "https://a.example/",
            "a b c d e f g h i j k l m",
            "https://a.example/#:~:text=a%20b%20c%20d%20e%20f,h%20i%20j%20k%20l%20m",
        ),
        ("https://a.example/", 'å & "ö"', "https://a.example/#:~:text=%C3%A5%20%26%20%22%C3%B6%22"),
    ],
)
def test_text_fragment_identifies_the_quote(url: str, quote: str, expected: str) -> None:
    assert fragment_url(url, quote) == expected


def test_reading_link_contains_offsets_and_language(small_assistant: Assistant) -> None:
    answered = small_assistant.ask("When was the Alpha Institute founded in Lund?")
    citation = replace(answered.citations[0], passage_id="a b/c", start=3, end=9)
    assert reading_link("../", citation) == "../sources/a%20b/c?start=3&end=9"
    assert reading_link("./", citation, "sv") == "./sources/a%20b/c?start=3&end=9&lang=sv"
