"""Question -> query: its vector, its words and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.embedding.encoder import Encoder
from assistant.index.loading import Index
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Query:
    """A question ready for retrieval.

    `vector` `[dimension]`; `words` its distinct content words, folded, with their `weights` (shares
    of the idf mass, summing to 1), `word_vectors` `[words, dimension]`, and `pieces`, the number of
    tokens the model cuts each into: many for a word that is rare in its language.
    """

    text: str
    language: str
    vector: NDArray[np.float32]
    words: tuple[str, ...]
    weights: NDArray[np.float32]
    word_vectors: NDArray[np.float32]
    pieces: tuple[int, ...]


def make_query(index: Index, encoder: Encoder, text: str, language: str) -> Query:
    """Encode `text`, a question in `language`, once."""
    import numpy as np

    found = dict(reversed(content_words(text)))  # the first of equal words
    encoded = encoder.encode_questions([text], [list(found.values())])
    weights = np.array(index.lexical.idf(found), dtype=np.float32)
    return Query(
        text=text,
        language=language,
        vector=encoded.vectors[0],
        words=tuple(found),
        weights=weights / max(float(weights.sum()), 1e-9),
        word_vectors=index.words.question(encoded.spans[0], language),
        pieces=tuple(encoder.count_tokens(word) - encoder.count_tokens("") for word in found),
    )
