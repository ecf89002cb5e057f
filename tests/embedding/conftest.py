"""Makes a tiny exported model, whose results can be calculated by hand.

No layer changes the token vectors: each one is simply the token's word embedding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer, models, pre_tokenizers

VOCABULARY = {"<unk>": 0, "query": 1, "passage": 2, "red": 3, "green": 4, "blue": 5}
WORD_EMBEDDINGS = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [2, 0, 0], [0, 2, 0], [0, 0, 3]], dtype=np.float32)


def write_tokenizer(path: Path) -> None:
    """Write a tokenizer that produces one token per word."""
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(path))


def write_description(folder: Path, **changes: Any) -> None:
    """Write encoder.json as `export_model` would."""
    description = {
        "name": "tiny", "fingerprint": "f" * 64, "dimension": 3, "max_tokens": 4, "query_prompt": "query ",
        "passage_prompt": "passage ", "pooling": "mean", "runtime": "onnx",
    }  # fmt: skip
    (folder / "encoder.json").write_text(json.dumps({**description, **changes}), encoding="utf-8")


@pytest.fixture
def tiny_model(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a tiny prepared model to a folder. Keyword arguments override parts of its description."""

    def write(**changes: Any) -> Path:
        folder = tmp_path / "tiny"
        folder.mkdir()
        write_description(folder, **changes)
        write_tokenizer(folder / "tokenizer.json")
        np.save(folder / "word_embeddings.npy", WORD_EMBEDDINGS)
        inputs = [
            helper.make_tensor_value_info("inputs_embeds", TensorProto.FLOAT, ["batch", "tokens", 3]),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "tokens"]),
        ]
        outputs = [helper.make_tensor_value_info("token_embeddings", TensorProto.FLOAT, ["batch", "tokens", 3])]
        node = helper.make_node("Identity", ["inputs_embeds"], ["token_embeddings"])
        graph = helper.make_graph([node], "tiny", inputs, outputs)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, str(folder / "encoder.onnx"))
        return folder

    return write
