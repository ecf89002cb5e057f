"""Converts multilingual-e5-small to the network with which the training of the reader starts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from training.reader.network import ReaderNetwork

_SEED = 0  # of the heads, which start with random weights
_EMBEDDING_NAMES = {
    "embeddings.position_embeddings.weight": "position_embeddings.weight",
    "embeddings.token_type_embeddings.weight": "segment_embeddings.weight",
    "embeddings.LayerNorm.weight": "embedding_norm.weight",
    "embeddings.LayerNorm.bias": "embedding_norm.bias",
}
_LAYER_NAMES = {
    "attention.output.dense": "attention_output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "intermediate",
    "output.dense": "output",
    "output.LayerNorm": "output_norm",
}


def make_initial_network(e5_weights: Mapping[str, Tensor]) -> ReaderNetwork:
    """Create a network with the weights of multilingual-e5-small and with new heads.

    Args:
        e5_weights: the weights, with the names of a `BertModel` in transformers.
    """
    weights = {new: e5_weights[old] for old, new in _EMBEDDING_NAMES.items()}
    layer_count = len({name.split(".")[2] for name in e5_weights if name.startswith("encoder.layer.")})
    for number in range(layer_count):
        old, new = f"encoder.layer.{number}", f"layers.{number}"
        for part in ("weight", "bias"):
            query_key_value = [e5_weights[f"{old}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            weights[f"{new}.qkv.{part}"] = torch.cat(query_key_value)
            for their_name, our_name in _LAYER_NAMES.items():
                weights[f"{new}.{our_name}.{part}"] = e5_weights[f"{old}.{their_name}.{part}"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        network = ReaderNetwork(layer_count)
    network.load_state_dict(network.state_dict() | weights)
    return network
