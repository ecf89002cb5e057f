"""Encoders: texts -> unit vectors. The ONNX one needs neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.embedding.models import prepare, read_description
from assistant.errors import ModelError
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Tokens in a batch at the most, padding included: what a layer makes of them then stays in a core's cache, which takes
# a fifth less time than batches of 4096; a batch of like lengths wastes little.
_BATCH_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of passages, float32 `[n, dimension]`, and of the spans asked for in each, `[k, dimension]`."""

    vectors: NDArray[np.float32]
    spans: tuple[NDArray[np.float32], ...]


class Encoder(Protocol):
    """What the stages need of an embedding model. All vectors have unit length."""

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """Vectors of questions and, within each, of character spans (its words)."""

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """Vectors of passages and, within each, of character spans (its sentences and words)."""

    def count_tokens(self, text: str) -> int:
        """How many tokens the model reads for `text` as a passage, prompt and specials included."""


def load_encoder(
    name: str, cache: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None,
    report: Any = lambda _: None,
) -> Encoder:  # fmt: skip
    """The encoder of model `name`, prepared on first use (see `models.prepare`).

    Raises:
        ModelError: the model can't be found, verified or run.
    """
    folder = prepare(name, cache, report)
    runtime = read_description(folder).get("runtime")
    kind: type[OnnxEncoder] | type[TorchEncoder] = OnnxEncoder if runtime == "onnx" else TorchEncoder
    return kind(folder, threads, query_prompt, passage_prompt)


class _Described:
    """What every encoder knows from the description of its prepared model."""

    def __init__(self, folder: Path, query_prompt: str | None, passage_prompt: str | None) -> None:
        from tokenizers import Tokenizer

        about = read_description(folder)
        self.folder = folder
        self.name: str = about["name"]
        self.dimension: int = about["dimension"]
        self.max_tokens: int = about["max_tokens"]
        self.pooling: str | None = about["pooling"]
        self.query_prompt: str = about["query_prompt"] if query_prompt is None else query_prompt
        self.passage_prompt: str = about["passage_prompt"] if passage_prompt is None else passage_prompt
        overridden = "" if query_prompt is None and passage_prompt is None else f"+{query_prompt!r}+{passage_prompt!r}"
        self.fingerprint: str = about["fingerprint"] + overridden
        files = [folder / "tokenizer.json", folder / "model" / "tokenizer.json"]
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(next(file for file in files if file.is_file())))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(self.passage_prompt + text).ids)


class OnnxEncoder(_Described):
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

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """See `Encoder`."""
        return self._encode(self.query_prompt, texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """See `Encoder`."""
        return self._encode(self.passage_prompt, texts, spans)

    def _encode(self, prompt: str, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> Encoded:
        import numpy as np

        encodings = self.tokenizer.encode_batch([prompt + text for text in texts])
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        of_spans: list[NDArray[np.float32]] = [np.zeros((0, self.dimension), dtype=np.float32)] * len(texts)
        for rows in _batches([len(encoding.ids) for encoding in encodings]):
            for row, states in zip(rows, self._token_states([encodings[row] for row in rows]), strict=True):
                vectors[row] = states[0] if self.pooling == "cls" else states.mean(axis=0)
                if spans is not None:
                    of_spans[row] = _pool_spans(states, encodings[row].offsets, spans[row], len(prompt))
        return Encoded(_unit(vectors), tuple(_unit(found) for found in of_spans))

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


class TorchEncoder(_Described):
    """Runs a model through sentence-transformers, where it can't be exported."""

    def __init__(
        self, folder: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        super().__init__(folder, query_prompt, passage_prompt)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(folder / "model"), device="cpu", trust_remote_code=False)

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """See `Encoder`; a span is encoded as a text of its own."""
        return self._encode(self.query_prompt, texts, spans)

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """See `Encoder`; a span is encoded as a text of its own."""
        return self._encode(self.passage_prompt, texts, spans)

    def _encode(self, prompt: str, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> Encoded:
        import numpy as np

        pieces = [
            [text[span.start : span.end] for span in own]
            for text, own in zip(texts, spans or [()] * len(texts), strict=True)
        ]
        distinct = list(dict.fromkeys([*texts, *(piece for own in pieces for piece in own)]))
        rows = {text: row for row, text in enumerate(distinct)}
        vectors = self._vectors([prompt + text for text in distinct])
        return Encoded(
            vectors[[rows[text] for text in texts]],
            tuple(vectors[np.array([rows[piece] for piece in own], dtype=int)] for own in pieces),
        )

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        found = self._model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)


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


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
