"""Loading the embedding model named in the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.embedding.encoder import Encoder
from assistant.embedding.onnx_encoder import OnnxEncoder
from assistant.embedding.preparation import prepare_model
from assistant.embedding.prepared_model import read_model_description
from assistant.embedding.torch_encoder import TorchEncoder


def load_encoder(
    name: str, cache: Path, threads: int, query_prompt: str | None = None, passage_prompt: str | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Encoder:  # fmt: skip
    """Load the model `name`. If the model hasn't been prepared yet, prepare it first.

    Args:
        name: the name of the model; see `prepare_model`.
        cache: the folder in which prepared models are kept.
        threads: the number of threads used by each run of the model.
        query_prompt: the prompt for questions. If None, the model's own prompt is used.
        passage_prompt: the prompt for passages. If None, the model's own prompt is used.
        report: a function that receives progress messages.

    Raises:
        ModelError: the model can't be found, verified or run.
    """
    folder = prepare_model(name, cache, report)
    runtime = read_model_description(folder).get("runtime")
    encoder_class: type[OnnxEncoder] | type[TorchEncoder] = OnnxEncoder if runtime == "onnx" else TorchEncoder
    return encoder_class(folder, threads, query_prompt, passage_prompt)
