"""Chunking, which splits documents into passages that fit the embedding model and have exact offsets.

Importing `passage_parser` takes seconds because it imports llama-index. The other stages need only this module,
which doesn't import llama-index.
"""

from __future__ import annotations

from collections.abc import Sequence

CHUNKER_VERSION = 1  # part of an index's identity; increase this if a code change splits documents differently
CHUNK_SIZE_TOKENS = 200


def chunker_name() -> str:
    """Return the chunker's name and parameters in the form recorded in an index manifest."""
    return f"passages-{CHUNKER_VERSION}-{CHUNK_SIZE_TOKENS}"


def passage_header(title: str, heading: Sequence[str]) -> str:
    """Return the title and heading path, which the model reads before the passage to give it context."""
    return " > ".join(dict.fromkeys([title, *heading])) + "\n"
