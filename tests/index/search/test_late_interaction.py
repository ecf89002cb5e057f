from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.index.loading import Index
from assistant.index.search import late_interaction
from assistant.index.search.late_interaction import (
    CentreEstimator,
    WordVectorIndex,
    WordVectorWriter,
    dequantise,
    open_word_vectors,
    quantise,
    subtract_centre,
)
from assistant.schema import Span
from tests.fakes import BagOfWords

# The mean word vectors of passages, English questions and Swedish questions respectively.
CENTRES = np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 0.3, 0]], dtype=np.float32)


def word_vectors(*rows: tuple[float, float, float]) -> NDArray[np.int8]:
    return quantise(np.array(rows, dtype=np.float32).reshape(-1, 3) / 4)


@pytest.fixture
def index(tmp_path: Path) -> WordVectorIndex:
    """An index of three passages: one of two words, one empty and one of a single word."""
    writer = WordVectorWriter(tmp_path, CENTRES)
    writer.add_passage(word_vectors((1, 0, 0), (0, 1, 0)), [-1, 0])
    writer.add_passage(word_vectors(), [])
    writer.add_passage(word_vectors((0, 0, 1)), [40_000])
    writer.close()
    return open_word_vectors(tmp_path)


def test_quantised_vectors_keep_two_decimals() -> None:
    vectors = np.array([[0.1234, -0.3, 0]], dtype=np.float32)
    assert quantise(vectors).tolist() == [[49, -120, 0]]
    assert dequantise(quantise(vectors)) == pytest.approx(vectors, abs=1 / 800)


def test_large_components_are_clipped() -> None:
    assert quantise(np.array([[0.9, -0.9]], dtype=np.float32)).tolist() == [[127, -127]]


def test_centred_vectors_have_unit_length() -> None:
    centred = subtract_centre(np.array([[4, 4], [1, 0]], dtype=np.float32), np.array([1, 0], dtype=np.float32))
    assert centred == pytest.approx(np.array([[0.6, 0.8], [0, 0]]))


def test_words_are_centred_and_grouped_by_passage(index: WordVectorIndex) -> None:
    assert index.passage_offsets.tolist() == [0, 2, 2, 3]
    stored = subtract_centre(dequantise(word_vectors((1, 0, 0), (0, 1, 0), (0, 0, 1))), CENTRES[0])
    assert index.word_vectors.tolist() == quantise(stored).tolist()


def test_sentence_numbers_are_limited_to_16_bits(index: WordVectorIndex) -> None:
    assert [index.passage_sentence_numbers(row).tolist() for row in range(3)] == [[-1, 0], [], [32767]]


def test_cosines_compare_every_word_with_every_question_word(index: WordVectorIndex) -> None:
    question = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    expected = dequantise(index.word_vectors)
    assert index.word_cosines(question, 0) == pytest.approx(expected[:2])
    assert index.word_cosines(question, 1).shape == (0, 3)
    assert index.word_cosines(question[:1], 2) == pytest.approx(expected[2:, :1])


@pytest.mark.parametrize(("language", "centre"), [("en", 0.1), ("sv", 0.3), ("fi", 0.2)])
def test_question_is_centred_by_its_language(index: WordVectorIndex, language: str, centre: float) -> None:
    vectors = np.array([[0, 1, 1]], dtype=np.float32)
    expected = np.array([[0, 1 - centre, 1]]) / np.linalg.norm([1 - centre, 1])
    assert index.centre_question(vectors, language) == pytest.approx(expected)


def test_few_words_have_the_centre_of_neutral_statements() -> None:
    few, none = CentreEstimator(256), CentreEstimator(256)
    few.add_word_vectors(np.full((3, 256), 100, dtype=np.int8))
    assert np.array_equal(few.estimate_centres(BagOfWords()), none.estimate_centres(BagOfWords()))


def test_centre_of_many_words_is_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_interaction, "_MIN_WORDS", 3)
    estimator = CentreEstimator(256)
    estimator.add_word_vectors(np.full((2, 256), 100, dtype=np.int8))
    estimator.add_word_vectors(np.full((2, 256), -20, dtype=np.int8))
    centres = estimator.estimate_centres(BagOfWords())
    assert centres.shape == (3, 256)
    assert centres[0] == pytest.approx(np.full(256, 40 / 400))


def test_centre_of_questions_is_the_mean_of_their_words() -> None:
    encoder = BagOfWords()
    english = CentreEstimator(256).estimate_centres(encoder)[1]
    word = encoder.encode_questions(["bridge"], [[Span(0, 6)]]).span_vectors[0]
    assert 0 < float(word[0] @ english) < 1
    assert not np.array_equal(english, CentreEstimator(256).estimate_centres(encoder)[2])


def test_best_match_of_a_word_is_the_same_word(shared_index: Index) -> None:
    row = next(row for row, passage in enumerate(shared_index.passages) if passage.title == "Gamma")
    question = BagOfWords().encode_questions(["libraries"], [[Span(0, 9)]]).span_vectors[0]
    cosines = shared_index.word_vector_index.word_cosines(
        shared_index.word_vector_index.centre_question(question, "en"), row
    )
    # These are the words of the title and the two sentences:
    # gamma | gamma university teaches statistics | library open night.
    assert int(cosines[:, 0].argmax()) == 5
