"""An encoder for models that can't be converted to ONNX. It runs them with sentence-transformers."""

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
    """Runs a model with sentence-transformers. Each span is encoded as a separate text, without its context."""

    def __init__(
        self, folder: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        super().__init__(folder, query_prompt, passage_prompt)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(folder / "model"), device="cpu", trust_remote_code=False)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self._encode(self.query_prompt, texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self._encode(self.passage_prompt, texts, spans)

    def _encode(self, prompt: str, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> EncodedTexts:
        import numpy as np

        span_texts = [
            [text[span.start : span.end] for span in text_spans]
            for text, text_spans in zip(texts, spans or [()] * len(texts), strict=True)
        ]
        distinct = list(dict.fromkeys([*texts, *(span_text for group in span_texts for span_text in group)]))
        rows = {text: row for row, text in enumerate(distinct)}
        vectors = self._vectors([prompt + text for text in distinct])
        return EncodedTexts(
            vectors[[rows[text] for text in texts]],
            tuple(vectors[np.array([rows[span_text] for span_text in group], dtype=int)] for group in span_texts),
        )

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)
