"""An encoder that runs exported models on ONNX Runtime, without torch or transformers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.embedding.encoder import EncodedTexts, to_unit_length
from assistant.embedding.prepared_model import PreparedModel
from assistant.errors import ModelError
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# The maximum number of tokens in a batch, including padding. At this size, a layer's activations fit in the cache of a
# CPU core, and encoding takes a fifth less time than with 4096 tokens. Texts of similar length are batched together, so
# that little padding is needed.
_BATCH_TOKENS = 512


class OnnxEncoder(PreparedModel):
    """Runs a model exported by `export_model`.

    The whole text is encoded in one run, and a span's vector is the mean of the token vectors in the span ("late
    chunking", Günther et al. 2024, arXiv:2409.04701). A sentence's vector therefore reflects the sentence's context,
    and no further run of the model is needed to compute it.

    Raises:
        ModelError: a file of the prepared model is missing or damaged.
    """

    def __init__(
        self, folder: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        import numpy as np
        import onnxruntime

        super().__init__(folder, query_prompt, passage_prompt)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                folder / "encoder.onnx", options, providers=["CPUExecutionProvider"]
            )
            self._word_embeddings = np.load(folder / "word_embeddings.npy", mmap_mode="r")
        except Exception as error:  # if a file is damaged, ONNX Runtime raises its own error classes
            raise ModelError(
                f"prepared model {str(folder)!r} is damaged; remove that folder and run: assistant index"
            ) from error
        self.tokenizer.enable_truncation(self.max_tokens)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self._encode(self.query_prompt, texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self._encode(self.passage_prompt, texts, spans)

    def _encode(self, prompt: str, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> EncodedTexts:
        import numpy as np

        encodings = self.tokenizer.encode_batch([prompt + text for text in texts])
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        span_vectors: list[NDArray[np.float32]] = [np.zeros((0, self.dimension), dtype=np.float32)] * len(texts)
        for rows in _batches([len(encoding.ids) for encoding in encodings]):
            for row, states in zip(rows, self._token_vectors([encodings[row] for row in rows]), strict=True):
                vectors[row] = states[0] if self.pooling == "cls" else states.mean(axis=0)
                if spans is not None:
                    span_vectors[row] = _pool_spans(states, encodings[row].offsets, spans[row], len(prompt))
        return EncodedTexts(to_unit_length(vectors), tuple(to_unit_length(pooled) for pooled in span_vectors))

    def _token_vectors(self, encodings: Sequence[Any]) -> Iterable[NDArray[np.float32]]:
        """Run the model once. Return the token vectors of each text, `[tokens, dimension]`, without padding."""
        import numpy as np

        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int64)
        mask = np.zeros((len(encodings), width), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        (states,) = self._session.run(None, {"inputs_embeds": self._word_embeddings[ids], "attention_mask": mask})
        return [row[: len(encoding.ids)] for row, encoding in zip(states, encodings, strict=True)]


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Group the indices of texts of similar length. Each group has at most `_BATCH_TOKENS` tokens or a single text."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _pool_spans(
    token_vectors: NDArray[np.float32], offsets: Sequence[tuple[int, int]], spans: Sequence[Span], prompt_length: int
) -> NDArray[np.float32]:
    """Return the mean token vector of each span, `[k, dimension]`, or zeros if all of the span was truncated.

    Args:
        token_vectors: the vectors of the tokens of the prompt and the text, `[tokens, dimension]`.
        offsets: the character range of each token, counted from the start of the prompt.
        spans: the spans, as character ranges in the text without the prompt.
        prompt_length: the length of the prompt in characters.
    """
    import numpy as np

    if not spans:
        return np.zeros((0, token_vectors.shape[1]), dtype=np.float32)
    starts, ends = np.asarray(offsets).T
    bounds = np.array([(span.start + prompt_length, span.end + prompt_length) for span in spans])
    inside = (starts < bounds[:, 1:]) & (ends > bounds[:, :1]) & (ends > starts)
    weights = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)
    return np.asarray(weights @ token_vectors, dtype=np.float32)
