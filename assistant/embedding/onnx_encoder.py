"""The encoder that runs an exported model on ONNX Runtime: neither torch nor transformers is imported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.embedding.encoder import EncodedTexts, _unit
from assistant.embedding.prepared_model import PreparedModel
from assistant.errors import ModelError
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# Tokens in a batch at the most, padding included: what a layer makes of them then stays in a core's cache, which takes
# a fifth less time than batches of 4096; a batch of like lengths wastes little.
_BATCH_TOKENS = 512


class OnnxEncoder(PreparedModel):
    """Runs a model that `export` wrote, on ONNX Runtime.

    A span's vector is the mean of its tokens' vectors as they stand in the whole passage ("late
    chunking", Günther et al. 2024, arXiv:2409.04701): sentences get vectors that know their
    context, for no further pass through the model.
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
            self._table = np.load(folder / "word_embeddings.npy", mmap_mode="r")
        except Exception as error:  # ONNX Runtime raises classes of its own for a damaged file
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
        of_spans: list[NDArray[np.float32]] = [np.zeros((0, self.dimension), dtype=np.float32)] * len(texts)
        for rows in _batches([len(encoding.ids) for encoding in encodings]):
            for row, states in zip(rows, self._token_states([encodings[row] for row in rows]), strict=True):
                vectors[row] = states[0] if self.pooling == "cls" else states.mean(axis=0)
                if spans is not None:
                    of_spans[row] = _pool_spans(states, encodings[row].offsets, spans[row], len(prompt))
        return EncodedTexts(_unit(vectors), tuple(_unit(found) for found in of_spans))

    def _token_states(self, encodings: Sequence[Any]) -> Iterable[NDArray[np.float32]]:
        import numpy as np

        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int64)
        mask = np.zeros((len(encodings), width), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        (states,) = self._session.run(None, {"inputs_embeds": self._table[ids], "attention_mask": mask})
        return [row[: len(encoding.ids)] for row, encoding in zip(states, encodings, strict=True)]


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Row numbers in groups of like length, each within `_BATCH_TOKENS`."""
    group: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if group and lengths[group[0]] * (len(group) + 1) > _BATCH_TOKENS:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _pool_spans(
    states: NDArray[np.float32], offsets: Sequence[tuple[int, int]], spans: Sequence[Span], shift: int
) -> NDArray[np.float32]:
    """Mean token state of each span moved by `shift`, `[k, dimension]`; zeros where the model read none of it."""
    import numpy as np

    if not spans:
        return np.zeros((0, states.shape[1]), dtype=np.float32)
    starts, ends = np.asarray(offsets).T
    bounds = np.array([(span.start + shift, span.end + shift) for span in spans])
    inside = (starts < bounds[:, 1:]) & (ends > bounds[:, :1]) & (ends > starts)
    weights = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)
    return np.asarray(weights @ states, dtype=np.float32)
