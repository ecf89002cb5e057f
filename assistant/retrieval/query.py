"""Encodes a question as a query, which consists of a vector and weighted words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.embedding.encoder import Encoder
from assistant.index.loading import Index
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# Verbs that only ask. Unlike function words, they count in documents, where they may carry meaning.
_EMPTY_VERBS = frozenset("happen happens happened hända händer hände hänt".split())


@dataclass(frozen=True, slots=True)
class Query:
    """An encoded question.

    Attributes:
        text: the text of the question.
        language: the language code of the question.
        question_vector: the embedding of the question, `[dimension]`.
        content_words: the distinct content words of the question, normalised by `fold_text`.
        word_weights: the weight of each word, `[words]`: its idf divided by the sum of all the idfs.
        word_vectors: the contextual vector of each word, `[words, dimension]`.
        word_token_counts: the number of tokens into which the model splits each word. Rare words
            are split into more tokens than common ones.
    """

    text: str
    language: str
    question_vector: NDArray[np.float32]
    content_words: tuple[str, ...]
    word_weights: NDArray[np.float32]
    word_vectors: NDArray[np.float32]
    word_token_counts: tuple[int, ...]


def make_query(index: Index, encoder: Encoder, text: str, language: str) -> Query:
    """Encode the question `text`, which is written in `language`, for searching `index`."""
    import numpy as np

    span_of = dict(reversed(content_words(text)))  # reversed so that a repeated word keeps its first span
    if any(word not in _EMPTY_VERBS for word in span_of):
        span_of = {word: span for word, span in span_of.items() if word not in _EMPTY_VERBS}
    encoded = encoder.encode_questions([text], [list(span_of.values())])
    weights = np.array(index.lexical_index.word_idfs(span_of), dtype=np.float32)
    return Query(
        text=text,
        language=language,
        question_vector=encoded.vectors[0],
        content_words=tuple(span_of),
        word_weights=weights / max(float(weights.sum()), 1e-9),
        word_vectors=index.word_vector_index.centre_question(encoded.span_vectors[0], language),
        word_token_counts=tuple(encoder.count_tokens(word) - encoder.count_tokens("") for word in span_of),
    )
