"""The encoder for a model that ONNX Runtime cannot run: sentence-transformers itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.encoder import EncodedTexts
from assistant.embedding.prepared_model import PreparedModel
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TorchEncoder(PreparedModel):
    """Runs a model through sentence-transformers, where it can't be exported."""

    def __init__(
        self, folder: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        super().__init__(folder, query_prompt, passage_prompt)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(folder / "model"), device="cpu", trust_remote_code=False)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`; a span is encoded as a text of its own."""
        return self._encode(self.query_prompt, texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`; a span is encoded as a text of its own."""
        return self._encode(self.passage_prompt, texts, spans)

    def _encode(self, prompt: str, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> EncodedTexts:
        import numpy as np

        pieces = [
            [text[span.start : span.end] for span in own]
            for text, own in zip(texts, spans or [()] * len(texts), strict=True)
        ]
        distinct = list(dict.fromkeys([*texts, *(piece for own in pieces for piece in own)]))
        rows = {text: row for row, text in enumerate(distinct)}
        vectors = self._vectors([prompt + text for text in distinct])
        return EncodedTexts(
            vectors[[rows[text] for text in texts]],
            tuple(vectors[np.array([rows[piece] for piece in own], dtype=int)] for own in pieces),
        )

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        found = self._model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)
