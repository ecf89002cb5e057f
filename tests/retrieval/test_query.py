from __future__ import annotations

import numpy as np
import pytest

from assistant.index.loading import Index
from assistant.retrieval.query import Query, make_query
from tests.fakes import BagOfWords


def query_of(index: Index, question: str) -> Query:
    return make_query(index, BagOfWords(), question, "en")


def test_query_has_each_content_word_once(shared_index: Index) -> None:
    query = query_of(shared_index, "Which nurses train the Nurses in Lund?")
    assert sorted(query.content_words) == ["lund", "nurses", "train"]
    assert query.word_vectors.shape == (3, 256)
    assert query.word_token_counts == (1, 1, 1)


def test_weights_sum_to_one_and_favour_rare_words(shared_index: Index) -> None:
    query = query_of(shared_index, "methods zebra")  # the word "zebra" doesn't occur in the corpus
    weights = dict(zip(query.content_words, query.word_weights.tolist(), strict=True))
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["zebra"] > weights["methods"] > 0


def test_query_has_the_vector_of_the_whole_question(shared_index: Index) -> None:
    question = "Who trains nurses?"
    query = query_of(shared_index, question)
    assert np.array_equal(query.question_vector, BagOfWords().encode_questions([question]).vectors[0])
    assert (query.text, query.language) == (question, "en")


def test_question_of_function_words_has_no_words(shared_index: Index) -> None:
    query = query_of(shared_index, "What is it?")
    assert query.content_words == query.word_token_counts == ()
    assert len(query.word_weights) == len(query.word_vectors) == 0


def test_tokens_are_counted_without_those_of_an_empty_text(shared_index: Index) -> None:
    class LetterTokens(BagOfWords):
        def count_tokens(self, text: str) -> int:
            return len(text) + 2

    assert make_query(shared_index, LetterTokens(), "Lund", "en").word_token_counts == (4,)
