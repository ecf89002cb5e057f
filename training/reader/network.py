"""The network of the reader: the encoder of multilingual-e5-small, with a head for spans and one for answerability.

The word embeddings stay those of multilingual-e5-small, so they are neither trained nor saved. The span head scores
each token as the start and as the end of the answer; the first token stands for "no answer" (Devlin et al. 2019,
arXiv:1810.04805, section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

HIDDEN_SIZE, HEAD_COUNT, LAYER_COUNT, MAX_TOKENS = 384, 12, 12, 512
START_ID, PADDING_ID, SEPARATOR_ID = 0, 1, 2  # ids of <s>, <pad> and </s>
MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS = 60, 380
_EXCLUDED = -1e4  # logit of a token that can't be part of an answer
_MAX_FILE_BYTES = 15_000_000

# The names of the tensors in weights that were trained before the network had its present names.
_FORMER_NAMES = {"pos": "position_embeddings", "typ": "segment_embeddings", "ln": "embedding_norm", "L": "layers",
                 "o": "attention_output", "n1": "attention_norm", "f1": "intermediate", "f2": "output",
                 "n2": "output_norm", "span": "span_head", "pool": "pooler", "cls": "answer_head"}  # fmt: skip


class Layer(nn.Module):
    """One transformer layer, which normalises after each block.

    Args:
        hidden_size: the width of the token vectors.
        head_count: the number of attention heads.
        dropout: the probability with which a value is dropped during training.
    """

    def __init__(self, hidden_size: int = HIDDEN_SIZE, head_count: int = HEAD_COUNT, dropout: float = 0.0) -> None:
        super().__init__()
        self.qkv = nn.Linear(hidden_size, 3 * hidden_size)
        self.attention_output = nn.Linear(hidden_size, hidden_size)
        self.attention_norm = nn.LayerNorm(hidden_size, eps=1e-12)
        self.intermediate = nn.Linear(hidden_size, 4 * hidden_size)
        self.output = nn.Linear(4 * hidden_size, hidden_size)
        self.output_norm = nn.LayerNorm(hidden_size, eps=1e-12)
        self.head_count, self.dropout = head_count, dropout

    def forward(self, states: Tensor, attention_bias: Tensor) -> Tensor:
        """Return the token vectors after this layer, `[batch, tokens, hidden]`.

        Args:
            states: the token vectors, `[batch, tokens, hidden]`.
            attention_bias: what is added to the attention scores, `[batch, 1, 1, tokens]`.
        """
        batch, tokens, hidden = states.shape
        qkv = self.qkv(states).view(batch, tokens, 3, self.head_count, hidden // self.head_count)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        if states.is_cuda:
            context = functional.scaled_dot_product_attention(query, key, value, attn_mask=attention_bias)
        else:  # on a CPU, the backward pass of the fused attention takes several times as long
            scores = (query * (hidden // self.head_count) ** -0.5) @ key.transpose(2, 3) + attention_bias
            context = torch.softmax(scores, -1, dtype=scores.dtype) @ value
        context = self.attention_output(context.transpose(1, 2).reshape(batch, tokens, hidden))
        states = self.attention_norm(states + functional.dropout(context, self.dropout, self.training))
        change = self.output(functional.gelu(self.intermediate(states)))
        normalised: Tensor = self.output_norm(states + functional.dropout(change, self.dropout, self.training))
        return normalised


class ReaderNetwork(nn.Module):
    """Reads a question together with a text.

    Args:
        layer_count: the number of layers.
        dropout: the probability with which a value is dropped during training.
    """

    def __init__(self, layer_count: int = LAYER_COUNT, dropout: float = 0.0) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(MAX_TOKENS, HIDDEN_SIZE)
        self.segment_embeddings = nn.Embedding(2, HIDDEN_SIZE)
        self.embedding_norm = nn.LayerNorm(HIDDEN_SIZE, eps=1e-12)
        self.layers = nn.ModuleList(Layer(dropout=dropout) for _ in range(layer_count))
        self.span_head = nn.Linear(HIDDEN_SIZE, 2)
        self.pooler = nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE)
        self.answer_head = nn.Linear(HIDDEN_SIZE, 1)
        self.dropout = dropout
        for head in (self.span_head, self.pooler, self.answer_head):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, word_embeddings: Tensor, segments: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the span logits, `[batch, tokens, 2]`, and the answerability logits, `[batch]`.

        Args:
            word_embeddings: the word embeddings of the tokens, `[batch, tokens, hidden]`.
            segments: 1 for the tokens of the text, else 0, `[batch, tokens]`.
            mask: 1 for tokens, 0 for padding, `[batch, tokens]`.
        """
        positions = self.position_embeddings.weight[: segments.shape[1]]
        states = self.embedding_norm(word_embeddings + positions + self.segment_embeddings(segments))
        states = functional.dropout(states, self.dropout, self.training)
        device = states.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else states.dtype
        attention_bias = (mask[:, None, None, :].to(dtype) - 1) * -_EXCLUDED
        for layer in self.layers:
            states = layer(states, attention_bias)
        may_answer = segments * mask
        may_answer = torch.cat([torch.ones_like(may_answer[:, :1]), may_answer[:, 1:]], dim=1)
        span_logits = self.span_head(states).float()
        span_logits = span_logits * may_answer[..., None] + (1 - may_answer[..., None]) * _EXCLUDED
        return span_logits, self.answer_head(torch.tanh(self.pooler(states[:, 0]))).float()[:, 0]


def load_weights(folder: Path, name: str) -> dict[str, Tensor]:
    """Load the weights that `save_weights` saved under `name` in `folder`, as float32.

    Raises:
        FileNotFoundError: the folder has no such weights.
    """
    files = sorted(folder.glob(f"{name}.[0-9]*.npz"), key=lambda file: int(file.suffixes[-2][1:]))
    if not files:
        raise FileNotFoundError(f"no weights {name!r} in {str(folder)!r}; train them or name another folder")
    weights: dict[str, Tensor] = {}
    for file in files:
        with np.load(file) as arrays:
            weights |= {_present_name(key): torch.from_numpy(arrays[key].astype(np.float32)) for key in arrays.files}
    return weights


def save_weights(weights: Mapping[str, Tensor], folder: Path, name: str) -> None:
    """Save `weights` as half precision in `folder`, in as many files as needed to keep each below 15 MB."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob(f"{name}.[0-9]*.npz"):
        file.unlink()
    parts: list[dict[str, NDArray[Any]]] = [{}]
    for key, weight in sorted(weights.items()):
        array = weight.detach().cpu().half().numpy()
        if sum(item.nbytes for item in parts[-1].values()) + array.nbytes > _MAX_FILE_BYTES:
            parts.append({})
        parts[-1][key] = array
    for number, part in enumerate(parts):
        # numpy's stubs take the names for its own options
        np.savez_compressed(folder / f"{name}.{number}.npz", **part)  # type: ignore[arg-type]


def _present_name(key: str) -> str:
    return ".".join(_FORMER_NAMES.get(part, part) for part in key.split("."))


def load_network(folder: Path, name: str) -> ReaderNetwork:
    """Load the network whose weights `save_weights` saved under `name` in `folder`, ready for use."""
    weights = load_weights(folder, name)
    layer_count = 1 + max(int(key.split(".")[1]) for key in weights if key.startswith("layers."))
    network = ReaderNetwork(layer_count)
    network.load_state_dict(weights)
    return network.eval()
