"""A model setting -> a loaded encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.embedding.encoder import Encoder
from assistant.embedding.onnx_encoder import OnnxEncoder
from assistant.embedding.preparation import prepare_model
from assistant.embedding.prepared_model import read_description
from assistant.embedding.torch_encoder import TorchEncoder


def load_encoder(
    name: str, cache: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None,
    report: Any = lambda _: None,
) -> Encoder:  # fmt: skip
    """The encoder of model `name`, prepared on first use (see `models.prepare`).

    Raises:
        ModelError: the model can't be found, verified or run.
    """
    folder = prepare_model(name, cache, report)
    runtime = read_description(folder).get("runtime")
    kind: type[OnnxEncoder] | type[TorchEncoder] = OnnxEncoder if runtime == "onnx" else TorchEncoder
    return kind(folder, threads, query_prompt, passage_prompt)
