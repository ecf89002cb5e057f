"""Encoders: texts -> unit vectors. The ONNX one needs neither torch nor transformers."""

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
    """Vectors of passages, float32 `[n, dimension]`, and of the spans asked for in each, `[k, dimension]`."""

    vectors: NDArray[np.float32]
    spans: tuple[NDArray[np.float32], ...]


class Encoder(Protocol):
    """What the stages need of an embedding model. All vectors have unit length."""

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """Vectors of questions and, within each, of character spans (its words)."""

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """Vectors of passages and, within each, of character spans (its sentences and words)."""

    def count_tokens(self, text: str) -> int:
        """How many tokens the model reads for `text` as a passage, prompt and specials included."""


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
