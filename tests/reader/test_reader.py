from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.embedding.models import E5_SMALL
from assistant.embedding.preparation import prepare_model
from assistant.errors import ModelError
from assistant.reader import reader as reader_module
from assistant.reader.reader import Reader, Reading
from assistant.schema import Span
from tests.conftest import CACHE

TEXT = "Gasell is a laboratory in Umeå. It was founded in 1996 by Karin Berg. Forty nurses work there."


def reading(start_scores: list[float], end_scores: list[float]) -> Reading:
    """A reading of the text "aa bb cc dd"."""
    offsets = np.array([(0, 2), (3, 5), (6, 8), (9, 11)])
    return Reading(0.0, np.array(start_scores, dtype=np.float32), np.array(end_scores, dtype=np.float32), offsets)


def test_best_answer_is_the_likeliest_start_with_the_likeliest_end_after_it() -> None:
    found = reading([0, 5, 0, 0], [9, 0, 4, 0]).best_answer(Span(0, 11))
    assert found is not None
    assert (found.span, found.margin) == (Span(0, 2), 9.0)
    found = reading([0, 5, 0, 0], [3, 0, 4, 0]).best_answer(Span(0, 11))
    assert found is not None
    assert (found.span, found.margin) == (Span(3, 8), 9.0)


def test_best_answer_lies_within_the_range() -> None:
    found = reading([9, 0, 1, 0], [9, 0, 0, 1]).best_answer(Span(3, 11))
    assert found is not None
    assert (found.span, found.margin) == (Span(6, 11), 2.0)


def test_range_without_a_word_has_no_answer() -> None:
    assert reading([0] * 4, [0] * 4).best_answer(Span(2, 3)) is None


def test_answer_has_at_most_thirty_tokens() -> None:
    offsets = np.array([(number, number + 1) for number in range(40)])
    scores = np.zeros(40, dtype=np.float32)
    starts, ends = scores.copy(), scores.copy()
    starts[0] = ends[35] = 5
    ends[20] = 4
    found = Reading(0.0, starts, ends, offsets).best_answer(Span(0, 40))
    assert found is not None
    assert found.span == Span(0, 21)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(prepare_model(E5_SMALL, CACHE))


@pytest.mark.real
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was Gasell founded?", "1996"),
        ("Who founded Gasell?", "Karin Berg"),
        ("Vem grundade Gasell?", "Karin Berg"),
    ],
)
def test_marked_words_answer_the_question(reader: Reader, question: str, answer: str) -> None:
    found = reader.read(question, TEXT).best_answer(Span(0, len(TEXT)))
    assert found is not None
    assert TEXT[found.span.start : found.span.end] == answer


@pytest.mark.real
def test_text_that_answers_has_higher_log_odds_than_a_text_about_the_matter(reader: Reader) -> None:
    question = "When was Gasell founded?"
    assert reader.read(question, TEXT).answer_logit > 0
    assert reader.read(question, "Gasell is a laboratory with forty nurses.").answer_logit < 0


@pytest.mark.real
def test_end_of_an_overlong_text_is_cut_off(reader: Reader) -> None:
    text = TEXT * 100
    reading = reader.read("When was Gasell founded?" * 50, text)
    assert len(reading.offsets) == 380
    assert reading.best_answer(Span(len(text) - 50, len(text))) is None


@pytest.mark.real
def test_empty_text_has_no_answer(reader: Reader) -> None:
    assert reader.read("When?", "").best_answer(Span(0, 0)) is None


def test_network_contains_no_path_of_the_machine_that_exported_it() -> None:
    content = (Path(reader_module.__file__).parent / reader_module.NETWORK_FILE).read_bytes()
    assert len(content) > 20_000_000
    assert b"site-packages" not in content
    assert b".py" not in content


def test_missing_model_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make install"):
        Reader(tmp_path)
