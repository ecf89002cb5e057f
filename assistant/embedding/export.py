"""Exporting sentence-transformers models to ONNX.

The word embeddings are stored outside the graph, in a memory-mapped NumPy file with up to 250,000 rows. To encode a
question, only a few of these rows need to be read. The graph converts word embeddings to token vectors.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
import warnings
from pathlib import Path
from typing import Any

from assistant.embedding.models import ModelSource
from assistant.embedding.prepared_model import MODEL_DESCRIPTION_FILE
from assistant.errors import ModelError

# Texts of varied length, language and script, for which the exported and original models must give the same vectors.
_CHECK_TEXTS = (
    "What is NBIS?",
    "Vilka samarbetar med universiteten?",
    "Genomic medicine relies on collaboration between healthcare, academia and industry. " * 20,
    "½ ﬁ™ — 5 µg/ml\n\n- åäö ÅÄÖ\t東京",
)
_MIN_COSINE = 0.9999


def export_model(source: ModelSource, folder: Path) -> None:
    """Export model `source` to the empty `folder`.

    A model is converted to ONNX only if it consists of the modules Transformer, Pooling (mean or first token) and
    optionally Normalize. Any other model is copied unchanged and is later run by sentence-transformers. The same
    applies if the converted model gives different vectors from the original.

    Raises:
        ModelError: sentence-transformers can't load the model.
    """
    model = load_original_model(source)
    description = _describe(model, source)
    if _is_exportable(model):
        with contextlib.suppress(_ExportError):
            _export_graph(model, folder)
            _write_description(folder, {**description, "runtime": "onnx"})
            _check_export(model, folder)
            return
    shutil.rmtree(folder)
    folder.mkdir()
    model.save(str(folder / "model"), create_model_card=False)
    _write_description(folder, {**description, "runtime": "sentence-transformers"})


class _ExportError(Exception):
    """The model can't be exported, or the exported model gives different vectors."""


def _write_description(folder: Path, description: dict[str, Any]) -> None:
    (folder / MODEL_DESCRIPTION_FILE).write_text(json.dumps(description, indent=1), encoding="utf-8")


def load_original_model(source: ModelSource) -> Any:
    """Load `source` with sentence-transformers.

    Raises:
        ModelError: the model can't be loaded.
    """
    logging.getLogger("transformers").setLevel(logging.ERROR)
    from sentence_transformers import SentenceTransformer

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # hides progress bars
            return SentenceTransformer(source.folder, device="cpu", trust_remote_code=False)
    except Exception as error:  # several libraries are involved, each with its own error classes
        raise ModelError(
            f"sentence-transformers can't load model {source.name!r} ({type(error).__name__}); "
            "check the name or folder: ASSISTANT_MODEL"
        ) from error


def _describe(model: Any, source: ModelSource) -> dict[str, Any]:
    prompts = model.prompts or {}
    return {
        "name": source.name,
        "fingerprint": source.fingerprint,
        "dimension": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "query_prompt": prompts.get("query", ""),
        "passage_prompt": prompts.get("document") or prompts.get("passage") or "",
        "pooling": _pooling(model),
    }


def _pooling(model: Any) -> str | None:
    pooling = getattr(model[1], "pooling_mode", None) if len(model) > 1 else None
    return pooling if pooling in {"mean", "cls"} else None


def _is_exportable(model: Any) -> bool:
    layers = [type(module).__name__ for module in model]
    return (
        layers in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and _pooling(model) is not None
        and getattr(model.tokenizer, "is_fast", False)
        and not getattr(model[0], "do_lower_case", False)
    )


def _export_graph(model: Any, folder: Path) -> None:
    import numpy as np
    import torch

    transformer = model[0].auto_model.eval()
    transformer.set_attn_implementation("eager")

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, inputs_embeds: Any, attention_mask: Any) -> Any:
            return self.transformer(inputs_embeds=inputs_embeds, attention_mask=attention_mask).last_hidden_state

    word_embeddings = transformer.get_input_embeddings().weight.detach().numpy()
    np.save(folder / "word_embeddings.npy", word_embeddings)
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", max=model.max_seq_length)
    example = (torch.zeros(2, 7, word_embeddings.shape[1]), torch.ones(2, 7, dtype=torch.int64))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # these warnings concern the internals of the exporter
        logging.disable(logging.WARNING)
        try:
            torch.onnx.export(
                Graph(), example, folder / "encoder.onnx", dynamo=True, external_data=False,
                input_names=["inputs_embeds", "attention_mask"], output_names=["token_embeddings"],
                dynamic_shapes={"inputs_embeds": {0: batch, 1: tokens}, "attention_mask": {0: batch, 1: tokens}},
            )  # fmt: skip
        except Exception as error:  # sentence-transformers runs the model instead
            raise _ExportError from error
        finally:
            logging.disable(logging.NOTSET)


def _check_export(model: Any, folder: Path) -> None:
    from assistant.embedding.onnx_encoder import OnnxEncoder

    encoder = OnnxEncoder(folder, threads=1)
    texts = [encoder.passage_prompt + text for text in _CHECK_TEXTS]
    expected = model.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
    if min((encoder.encode_passages(list(_CHECK_TEXTS)).vectors * expected).sum(axis=1)) < _MIN_COSINE:
        raise _ExportError
