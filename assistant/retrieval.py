"""Question -> passages: dense, lexical and word-by-word evidence, added.

    score = (cosine of the passage + cosine of its best sentence) / 2
          + 0.12 * lexical share + 0.25 * word match

All three parts are on scales of their own that don't depend on the corpus, so they are added as
they are: this holds for four passages as for a hundred thousand, where z-scores and reciprocal ranks
don't. The weights are a flat optimum over seven development sets; see benchmarks/retrieval.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.embedding.encoder import Encoder
from assistant.index.loaded import Index
from assistant.language import content_words
from assistant.schema import Retrieved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEXICAL_WEIGHT, WORD_WEIGHT = 0.12, 0.25
_CANDIDATES = 30  # of each retriever
_DEEP = 24  # of them are compared word by word


@dataclass(frozen=True, slots=True)
class Query:
    """A question ready for retrieval.

    `vector` `[dimension]`; `words` its distinct content words, folded, with their `weights` (shares
    of the idf mass, summing to 1) and `word_vectors` `[words, dimension]`.
    """

    text: str
    language: str
    vector: NDArray[np.float32]
    words: tuple[str, ...]
    weights: NDArray[np.float32]
    word_vectors: NDArray[np.float32]


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
    )


def retrieve(index: Index, query: Query, count: int) -> list[Retrieved]:
    """The `count` best passages for `query`, best first; fewer when the index is smaller."""
    import numpy as np

    if not index.passages:
        return []
    nearest, cosines = index.nearest(query.vector, _CANDIDATES)
    shares = index.lexical.shares(query.text)
    lexical = np.argsort(-shares, kind="stable")[:_CANDIDATES]
    cosine_of = dict(zip(nearest.tolist(), cosines.tolist(), strict=True))
    for row in lexical[shares[lexical] > 0].tolist():  # a passage without a matching term is no hit
        cosine_of.setdefault(row, index.cosine(query.vector, row))
    first = {
        row: (cosine + float(index.sentence_cosines(query.vector, row).max(initial=-1.0))) / 2
        + LEXICAL_WEIGHT * float(shares[row])
        for row, cosine in cosine_of.items()
    }
    deep = sorted(first, key=lambda row: (-first[row], row))[: max(_DEEP, count)]
    found = [
        Retrieved(index.passages[row], first[row] + WORD_WEIGHT * match, cosine_of[row], float(shares[row]), match)
        for row in deep
        for match in [word_match(index, query, row)]
    ]
    return sorted(found, key=lambda item: -item.score)[:count]


def word_match(index: Index, query: Query, row: int) -> float:
    """How well passage `row` covers the question's words: best cosine of each, weighed; -1..1."""
    if not query.words:
        return 0.0
    matches = index.words.matches(query.word_vectors, row)
    return float(matches.max(axis=0) @ query.weights) if len(matches) else 0.0
