from __future__ import annotations

import pytest

from assistant.corpus.blocks import DocumentBlock
from assistant.corpus.markdown import parse_markdown


def test_markup_pictures_and_raw_html_are_dropped() -> None:
    assert parse_markdown(
        "# First\n\nSome *emphatic* words,\nwrapped, with a [link](https://x.example), `code` and <b>bold</b>.\n\n"
        "![picture of a dog](dog.png)\n\n<div>raw</div>\n"
    ) == [
        DocumentBlock("First", 1),
        DocumentBlock("Some emphatic words, wrapped, with a link, code and bold."),
        DocumentBlock(""),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- one\n- two\n", "- one\n- two"),
        ("3. three\n4. four\n   - inner\n", "3. three\n4. four\n- inner"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", "a | b\n1 | 2"),
        ("```python\nx = 1\n\ny = 2\n```\n", "x = 1\n\ny = 2"),
        ("line\\\nbreak\n", "line\nbreak"),
        ("> quoted\n> words\n", "quoted words"),
    ],
)
def test_a_structure_becomes_one_block_of_text(text: str, expected: str) -> None:
    assert parse_markdown(text) == [DocumentBlock(expected)]
