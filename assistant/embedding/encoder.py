"""The interface that all embedding models provide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """The vectors of `n` texts, float32 `[n, dimension]`, and of the `k` spans of each text, float32 `[k, dimension]`.

    All vectors have unit length, except the vectors of spans that the model cut off, which are zero.
    """

    vectors: NDArray[np.float32]
    span_vectors: tuple[NDArray[np.float32], ...]


class Encoder(Protocol):
    """An embedding model. `fingerprint` identifies its weights and prompts."""

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """Embed questions and the character spans given in `spans`, which are each question's words."""

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """Embed passages and the character spans given in `spans`, which are each passage's sentences and words."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens, including the prompt and special tokens, of `text` when encoded as a passage."""


def to_unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row of `vectors`, `[n, dimension]`, to length 1. Rows that are zero stay zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
