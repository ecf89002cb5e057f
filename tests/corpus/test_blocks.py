from __future__ import annotations

from assistant.corpus.blocks import DocumentBlock, join_blocks, join_wrapped_lines


def test_blocks_are_joined_and_headings_have_offsets() -> None:
    text, headings = join_blocks(
        [DocumentBlock(" Title ", 1), DocumentBlock("  "), DocumentBlock("Words."), DocumentBlock("Part", 2)]
    )
    assert text == "Title\n\nWords.\n\nPart"
    assert [(heading.text, heading.level) for heading in headings] == [("Title", 1), ("Part", 2)]
    assert all(text[heading.span.start : heading.span.end] == heading.text for heading in headings)


def test_control_characters_become_spaces() -> None:
    text, _ = join_blocks([DocumentBlock("One\r\rtwo \x1b[31mred\x1b[0m three.\ttab")])
    assert text == "One  two  [31mred [0m three.\ttab"


def test_lone_surrogates_are_replaced() -> None:
    text, _ = join_blocks([DocumentBlock("half \ud800 pair")])
    assert text == "half ? pair"


def test_wrapped_lines_are_joined_and_other_breaks_kept() -> None:
    assert join_wrapped_lines(
        "Regional centres are located in many cities of the coun-\ntry, and they share their methods with one\n"
        "another.\n\nShort line\nNext line that is very much longer than the short one before\n"
    ) == [
        "Regional centres are located in many cities of the country, and they share their methods with one another.",
        "Short line\nNext line that is very much longer than the short one before",
    ]


def test_list_items_and_finished_sentences_keep_their_line_breaks() -> None:
    assert join_wrapped_lines("Many centres take part:\n- one\n- two\n\nThis line ends here.\nThis one follows") == [
        "Many centres take part:\n- one\n- two",
        "This line ends here.\nThis one follows",
    ]
