"""A sentence-transformers model -> files that ONNX Runtime and `tokenizers` run alone.

This is the one place that imports torch. The word embeddings leave the graph as a NumPy file, so
that a question maps the few rows it needs into memory instead of loading a table of 250,000 words;
the graph takes their vectors and gives a vector for each token.
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
from assistant.embedding.prepared_model import DESCRIPTION_FILE
from assistant.errors import ModelError

# Texts on which the export must agree with the original: short, long, two languages, odd characters.
_PROBES = (
    "What is NBIS?",
    "Vilka samarbetar med universiteten?",
    "Genomic medicine relies on collaboration between healthcare, academia and industry. " * 20,
    "½ ﬁ™ — 5 µg/ml\n\n- åäö ÅÄÖ\t東京",
)
_LEAST_COSINE = 0.9999


def export_model(source: ModelSource, folder: Path) -> None:
    """Load `source` with sentence-transformers and write its runnable form to the empty `folder`.

    A model of another shape than Transformer, Pooling (mean or first token), Normalize, or one whose
    export doesn't agree with the original, is kept as it is, to be run by sentence-transformers.

    Raises:
        ModelError: sentence-transformers can't load it.
    """
    model = _load(source)
    description = _describe(model, source)
    if _exportable(model):
        with contextlib.suppress(_DisagreesError):
            _export_graph(model, folder)
            _write(folder, {**description, "runtime": "onnx"})
            _compare(model, folder)
            return
    shutil.rmtree(folder)
    folder.mkdir()
    model.save(str(folder / "model"), create_model_card=False)
    _write(folder, {**description, "runtime": "sentence-transformers"})


class _DisagreesError(Exception):
    """The exported model gives other vectors than the original."""


def _write(folder: Path, description: dict[str, Any]) -> None:
    (folder / DESCRIPTION_FILE).write_text(json.dumps(description, indent=1), encoding="utf-8")


def _load(source: ModelSource) -> Any:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    from sentence_transformers import SentenceTransformer

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars of the loader
            return SentenceTransformer(source.folder, device="cpu", trust_remote_code=False)
    except Exception as error:  # any library on the way may raise its own
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


def _exportable(model: Any) -> bool:
    kinds = [type(module).__name__ for module in model]
    return (
        kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
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

    table = transformer.get_input_embeddings().weight.detach().numpy()
    np.save(folder / "word_embeddings.npy", table)
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", max=model.max_seq_length)
    example = (torch.zeros(2, 7, table.shape[1]), torch.ones(2, 7, dtype=torch.int64))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.disable(logging.WARNING)
        try:
            torch.onnx.export(
                Graph(), example, folder / "encoder.onnx", dynamo=True, external_data=False,
                input_names=["inputs_embeds", "attention_mask"], output_names=["token_embeddings"],
                dynamic_shapes={"inputs_embeds": {0: batch, 1: tokens}, "attention_mask": {0: batch, 1: tokens}},
            )  # fmt: skip
        except Exception as error:  # whatever it can't trace is run by sentence-transformers instead
            raise _DisagreesError from error
        finally:
            logging.disable(logging.NOTSET)


def _compare(model: Any, folder: Path) -> None:
    from assistant.embedding.onnx_encoder import OnnxEncoder

    ours = OnnxEncoder(folder, threads=1)
    original = model.encode(
        [ours.passage_prompt + text for text in _PROBES], prompt="", normalize_embeddings=True, show_progress_bar=False
    )
    if min((ours.encode_passages(list(_PROBES)).vectors * original).sum(axis=1)) < _LEAST_COSINE:
        raise _DisagreesError
