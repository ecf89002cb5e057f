from __future__ import annotations

from assistant.chunking import chunker_name, passage_header


def test_the_header_is_the_title_and_the_heading_path() -> None:
    assert passage_header("Alpha", ["Funding", "2024"]) == "Alpha > Funding > 2024\n"


def test_the_header_does_not_repeat_the_title() -> None:
    assert passage_header("Alpha", ["Alpha", "Funding"]) == "Alpha > Funding\n"


def test_the_chunker_name_is_stable() -> None:
    assert chunker_name() == "passages-1-200"  # changing the name would change the hash that identifies every index
