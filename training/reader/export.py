"""Exports the trained network to ONNX with 8-bit weights, into the package `assistant.reader`.

    python -m training.reader.export DATA WEIGHTS [NAME]

DATA is the folder that `training.reader.prepare` wrote; some of its examples show how large activations become. A few
channels are far larger than all others, and on a scale that includes them, 8 bits are too coarse for the rest. Each
linear layer therefore first divides its input by a factor for each channel, and its weights are multiplied by the
same factors (SmoothQuant, Xiao et al. 2023, arXiv:2211.10438). Weights have 7 bits, so that sums don't overflow on
processors without VNNI instructions.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime import InferenceSession
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn import functional

from training.reader.data import load_development_sets, load_word_embeddings
from training.reader.examples.example import make_example
from training.reader.network import HIDDEN_SIZE, MAX_TOKENS, Layer, ReaderNetwork, load_network

INPUTS, OUTPUTS = ["word_embeddings", "segments", "mask"], ["span_logits", "answer_logit"]
SMOOTHED_LAYERS = ("qkv", "intermediate", "output")  # the others gain nothing
SMOOTHING = 0.7  # 0: weights as they are; 1: all channels of the activations on one scale
SAMPLE_SIZE = 160
MIN_CORRELATION = 0.99  # between the answer logits before and after quantisation

NetworkInput = tuple[Tensor, Tensor, Tensor]  # word embeddings, segments and mask, each with a batch of one


class SmoothedLinear(nn.Module):
    """A linear layer whose input is divided by `factors`, and whose weights are multiplied by them."""

    def __init__(self, linear: nn.Linear, factors: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(linear.weight.detach() * factors)
        self.bias = linear.bias
        self.reciprocals: Tensor
        self.register_buffer("reciprocals", 1 / factors)

    def forward(self, states: Tensor) -> Tensor:
        """Return the layer's output, the same as that of the original layer."""
        return functional.linear(states * self.reciprocals, self.weight, self.bias)


def smooth_network(network: ReaderNetwork, inputs: Sequence[NetworkInput]) -> None:
    """Replace the linear layers named in `SMOOTHED_LAYERS`. `inputs` show how large their activations become."""
    linears = [
        (layer, name, getattr(layer, name))
        for layer in network.layers
        if isinstance(layer, Layer)
        for name in SMOOTHED_LAYERS
    ]
    largest = largest_activations([linear for _, _, linear in linears], network, inputs)
    for (layer, name, linear), activations in zip(linears, largest, strict=True):
        weights = linear.weight.detach().abs().amax(dim=0).clamp(min=1e-4)
        factors = activations.clamp(min=1e-3) ** SMOOTHING / weights ** (1 - SMOOTHING)
        setattr(layer, name, SmoothedLinear(linear, factors / factors.mean()))


def largest_activations(
    linears: Sequence[nn.Linear], network: ReaderNetwork, inputs: Iterable[NetworkInput]
) -> list[Tensor]:
    """Return the largest absolute input of each layer, by channel, `[channels]`, when `network` reads `inputs`."""
    largest = [torch.zeros(linear.in_features) for linear in linears]

    def record(number: int, states: Tensor) -> None:
        largest[number] = torch.maximum(largest[number], states.detach().abs().flatten(0, 1).amax(dim=0))

    hooks = [
        linear.register_forward_pre_hook(lambda _, args, number=number: record(number, args[0]))
        for number, linear in enumerate(linears)
    ]
    with torch.no_grad():
        for item in inputs:
            network(*item)
    for hook in hooks:
        hook.remove()
    return largest


def export_network(network: ReaderNetwork, target: Path) -> None:
    """Write `network` to `target` as an ONNX graph with float32 weights."""
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=MAX_TOKENS)}
    integers = torch.ones(2, 7, dtype=torch.int64)
    example = (torch.zeros(2, 7, HIDDEN_SIZE), integers, integers)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # these warnings concern the internals of the exporter
        logging.disable(logging.WARNING)
        try:
            torch.onnx.export(
                network, example, target, dynamo=True, external_data=False, input_names=INPUTS, output_names=OUTPUTS,
                dynamic_shapes=dict.fromkeys(INPUTS, axes),
            )  # fmt: skip
        finally:
            logging.disable(logging.NOTSET)


def quantise(source: Path, target: Path) -> None:
    """Quantise the weights of the graph `source` to integers, with a scale for each output channel."""
    logging.disable(logging.INFO)
    try:
        quantize_dynamic(
            source, target, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8,
        )  # fmt: skip
    finally:
        logging.disable(logging.NOTSET)
    _remove_metadata(target)


def _remove_metadata(file: Path) -> None:
    """Remove what the exporter notes about its source code, such as paths of this machine."""
    model = onnx.load(file)
    for item in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del item.metadata_props[:]
        item.doc_string = ""
    onnx.save(model, file)


def sample_inputs(data: Path, count: int) -> list[NetworkInput]:
    """Return about `count` inputs from the development sets in the prepared data, each without padding."""
    embeddings = torch.from_numpy(load_word_embeddings(data))
    inputs = []
    sets = load_development_sets(data)
    for questions in sets.values():
        for number in range(0, len(questions.labels), max(1, len(sets) * len(questions.labels) // count)):
            example = make_example(questions.questions[number], questions.texts[number])
            tokens = torch.from_numpy(example.tokens)[None]
            segments = torch.zeros_like(tokens)
            segments[:, example.text_start : -1] = 1
            inputs.append((embeddings[tokens], segments, torch.ones_like(tokens)))
    return inputs


def answer_logit_correlation(network: ReaderNetwork, graph: Path, inputs: Sequence[NetworkInput]) -> float:
    """Return the correlation of the answer logits of `network` and of the exported `graph`."""
    session = InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = [float(network(*item)[1][0]) for item in inputs]
    exported = [
        float(session.run(None, {name: value.numpy() for name, value in zip(INPUTS, item, strict=True)})[1][0])
        for item in inputs
    ]
    return float(np.corrcoef(expected, exported)[0, 1])


def main() -> None:
    """Export, quantise and check the network, and put it into the package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the prepared data")
    parser.add_argument("weights", type=Path, help="folder with the trained weights")
    parser.add_argument("name", nargs="?", default="reader", help="name of the weights in that folder")
    options = parser.parse_args()
    inputs = sample_inputs(options.data, 2 * SAMPLE_SIZE)
    original, network = (load_network(options.weights, options.name) for _ in range(2))
    smooth_network(network, inputs[::2])
    target = Path(str(resources.files("assistant.reader"))) / "reader.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        export_network(network, Path(scratch) / "float.onnx")
        quantise(Path(scratch) / "float.onnx", target)
    correlation = answer_logit_correlation(original, target, inputs[1::2])
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB; correlation of the answer logits: {correlation:.4f}")
    if correlation < MIN_CORRELATION:
        raise SystemExit(f"the exported network differs too much: correlation below {MIN_CORRELATION}")


if __name__ == "__main__":
    main()
