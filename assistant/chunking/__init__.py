"""Chunking, which splits documents into passages that fit the embedding model and have exact offsets.

Importing `passage_parser` takes seconds because it imports llama-index. The other stages need only this module,
which doesn't import llama-index.
"""

from __future__ import annotations

from collections.abc import Sequence

CHUNKER_VERSION = 1  # part of the identity of an index; increase it if a code change splits documents differently
CHUNK_SIZE_TOKENS = 200


def chunker_name() -> str:
    """Return the name and the parameters of the chunker in the form that the manifest of an index records."""
    return f"passages-{CHUNKER_VERSION}-{CHUNK_SIZE_TOKENS}"


def passage_header(title: str, heading: Sequence[str]) -> str:
    """Return the title and the heading path. The model reads them before a passage, as context for the passage."""
    return " > ".join(dict.fromkeys([title, *heading])) + "\n"
