from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.corpus.formats import read_file, read_front_matter
from assistant.corpus.gathering.markdown_writer import Origin, text_hash, to_markdown
from assistant.schema import Document

# Words that CommonMark would take for markup.
TRICKY = (
    "# no heading", "1. no list\n2) at all", "- a list\n- of two", "- a list\nand a line", "+ 5 degrees", "> said he",
    "*stars* and _lines_ and snake_case_names", "`code` and ``more``", "<b>bold</b> & &amp; &copy;",
    "[a](https://example.org) ![b](c.png) [1]", "a | b\n--- | ---\nc | d", "line\n===", "title\n---", "***",
    "```\nfence\n```", "two  spaces  \nand a break", "back\\slash \\* and \\\\",
    "https://example.org/_a_*b*", "~~~", "1986\\. A year",
    "    four", "[ref]: https://example.org",
    "5 * 3 * 2 = 30", "Kött & bröd – “så” säger vi…", ":::", "+46 8 123 45", "=1+1",
)  # fmt: skip


def document(text: str) -> Document:
    return Document(document_id="x.md", title="A title", text=text, language="en")


@pytest.mark.parametrize("text", TRICKY)
def test_words_that_look_like_markup_stay_words(text: str) -> None:
    written = to_markdown(document(f"Before.\n\n{text}\n\nAfter."), Origin(), "2026-11-23")
    read = read_file(written.encode(), "x.md")
    assert read.text.split() == f"Before. {text} After.".split()
    assert read.headings == ()


def test_headings_and_lists_are_read_as_they_were() -> None:
    before = read_file(b"# One\n\nWords.\n\n## Two, *really*\n\n- first\n- second\n\nLast.\n", "x.md")
    written = to_markdown(before, Origin(), "2026-11-23")
    after = read_file(written.encode(), "x.md")
    assert (after.text, after.headings) == (before.text, before.headings)
    assert "## Two, really\n\n- first\n- second\n" in written


def test_the_head_says_where_a_text_is_from() -> None:
    origin = Origin("https://example.org/a", '"1"', "Mon, 23 Nov 2026 10:00:00 GMT")
    written = to_markdown(replace(document("Words."), source="Us: all"), origin, "2026-11-23")
    meta = read_front_matter(written.encode())
    assert meta["hash"] == text_hash("Words.")
    assert (meta["url"], meta["etag"], meta["source"]) == ("https://example.org/a", '"1"', "Us: all")


def test_the_layout_of_a_text_is_no_part_of_its_state() -> None:
    assert text_hash("One  two\n\nthree") == text_hash("One two three")
    assert text_hash("One two") != text_hash("One twO")
