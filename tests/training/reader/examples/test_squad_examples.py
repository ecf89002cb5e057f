from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from training.reader.data import FORMS, LANGUAGES, NO_PIECE, RaggedArray, SquadData
from training.reader.examples.example import CandidateSpan
from training.reader.examples.squad_examples import SquadExamples, candidate_spans, likely_sentence

# Two paragraphs of one article. The first has four sentences of three tokens, the second has two.
TEXTS = RaggedArray.of([np.arange(100, 112), np.arange(200, 206)], np.uint16)
SENTENCES = RaggedArray.of([np.repeat(np.arange(4), 3), np.repeat(np.arange(2), 3)], np.uint8)
PIECES = RaggedArray.of([np.array([[1, 1], [7, 8]]), np.array([[0, 0]])], np.uint16)
QUESTIONS = RaggedArray.of([np.array([50, 107]), np.array([51, 52])], np.uint16)
NO_FORMS = RaggedArray.of([np.array([]), np.array([])], np.uint16)


@pytest.fixture
def squad() -> SquadData:
    likely = np.array([[1, 0, NO_PIECE, NO_PIECE], [0, 1, NO_PIECE, NO_PIECE]], np.uint8)
    return SquadData(
        articles=np.array([0, 0], np.int16),
        texts=dict.fromkeys(LANGUAGES, TEXTS),
        sentences=dict.fromkeys(LANGUAGES, SENTENCES),
        pieces=dict.fromkeys(LANGUAGES, PIECES),
        paragraphs=np.array([0, 0], np.int32),
        orders=np.array([0, 1], np.uint8),
        labels=np.array([1, 0], np.int8),
        questions=dict.fromkeys(LANGUAGES, QUESTIONS),
        forms=dict.fromkeys(FORMS, NO_FORMS),
        likely_pieces=dict.fromkeys(LANGUAGES, likely),
        piece_probabilities=dict.fromkeys(LANGUAGES, np.array([[0.9, 0.1, 0, 0]] * 2, np.float16)),
    )


def test_a_piece_close_to_another_may_be_a_part_of_a_longer_answer() -> None:
    pieces = np.array([[2, 3], [5, 6], [20, 21]], np.uint16)
    likely, probabilities = np.array([0, 2, NO_PIECE], np.uint8), np.array([0.5, 0.25, 0], np.float16)
    assert candidate_spans(pieces, likely, probabilities) == (
        CandidateSpan(2, 3, pytest.approx(math.log(0.5 * 0.6))),
        CandidateSpan(2, 6, pytest.approx(math.log(0.5 * 0.4))),
        CandidateSpan(20, 21, math.log(0.25)),
    )


def test_improbable_pieces_are_no_candidates() -> None:
    assert candidate_spans(np.array([[2, 3]], np.uint16), np.array([0], np.uint8), np.array([0.01], np.float16)) == ()


def test_the_likely_sentence_contains_the_likely_piece(squad: SquadData) -> None:
    assert likely_sentence(squad, 0, "en") == (2, pytest.approx(0.9, abs=0.001))


def test_without_pieces_no_sentence_is_likely(squad: SquadData) -> None:
    without = replace(squad, likely_pieces=dict.fromkeys(LANGUAGES, np.full((2, 4), NO_PIECE, np.uint8)))
    assert likely_sentence(without, 0, "en") == (None, 0.0)


def test_answerable_examples_contain_the_answer_and_the_others_do_not(squad: SquadData) -> None:
    maker, rng = SquadExamples(squad, squad.labels, np.array([0]), False), np.random.default_rng(0)
    examples = [example for _ in range(300) if (example := maker.make(rng))]
    answerable = [example for example in examples if example.is_answerable]
    assert 0.5 < len(answerable) / len(examples) < 0.8
    assert all(107 in example.tokens[example.text_start :] and example.spans for example in answerable)
    others = [example for example in examples if not example.is_answerable]
    assert all(107 not in example.tokens[example.text_start :] and not example.spans for example in others)
    assert any(200 in example.tokens for example in others)


def test_examples_of_an_unanswerable_question_have_no_answer(squad: SquadData) -> None:
    maker, rng = SquadExamples(squad, squad.labels, np.array([1]), True), np.random.default_rng(0)
    examples = [maker.make(rng) for _ in range(50)]
    assert all(example and not example.is_answerable and not example.spans for example in examples)
