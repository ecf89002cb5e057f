"""Document -> passages that the embedding model reads whole, with exact offsets.

`parser` does it on llama-index, which takes seconds to import; what the other stages must know of
it stands here.
"""

from __future__ import annotations

from collections.abc import Sequence

VERSION = 1  # raised when the same document would be divided otherwise; part of the index's identity
CHUNK_TOKENS = 200


def chunker_name() -> str:
    """Name and parameters of the chunker, as an index's manifest holds them."""
    return f"passages-{VERSION}-{CHUNK_TOKENS}"


def passage_header(title: str, heading: Sequence[str]) -> str:
    """What the model reads in front of a passage's text, so that "this condition" has a name."""
    return " > ".join(dict.fromkeys([title, *heading])) + "\n"
