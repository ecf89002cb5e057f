"""Retrieval with BM25 (Robertson & Zaragoza 2009) on stems and on character 4-grams.

Each score is divided by the total idf of the question's terms, so that it lies in 0..1. The total includes words that
don't occur in the corpus, so a question in a language that the corpus doesn't use gets low scores. Thanks to 4-grams,
the search also finds parts of Swedish compounds, misspelt words, and names that are spelt similarly in two languages.
Words of a passage are stemmed in the passage's language. Words of a question are stemmed in each of the index's
languages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.centring_texts import NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS
from assistant.index.search.postings import MAX_QUANTISED_IMPACT, Postings, PostingsWriter
from assistant.index.storage.arrays import top_scoring_rows
from assistant.text.function_words import FUNCTION_WORDS, is_function_word
from assistant.text.stemming import stem_word, stem_words
from assistant.text.words import fold_text, split_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEXICAL_FOLDER = "lexical"
_LANGUAGES = "languages.json"
_K1, _B = 1.2, 0.75
_TITLE_WEIGHT = 2  # a word in the title or headings counts as this many words
_NGRAM_LENGTH = 4
_CACHED_TERMS = 4096
_CACHED_WORDS = 1 << 16
# Terms are scored from the rarest to the most frequent. To limit the cost of a question, terms that remain after
# `_MAX_POSTINGS` postings affect only the scores of the `_PRUNED_CANDIDATES` passages that are best so far ("continue"
# strategy, Moffat & Zobel 1996).
_MAX_POSTINGS, _PRUNED_CANDIDATES = 500_000, 1000


def analyser_version() -> str:
    """Return a hash of the word lists, parameters and library versions on which terms and word vectors depend."""
    function_words = {code: sorted(words_of_language) for code, words_of_language in FUNCTION_WORDS.items()}
    parts = [function_words, _K1, _B, _TITLE_WEIGHT, _NGRAM_LENGTH, NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS]
    libraries = [version(name) for name in ("PyStemmer", "sentencex")]
    return hashlib.sha256(json.dumps([parts, libraries], sort_keys=True).encode()).hexdigest()[:16]


def character_ngrams(word: str) -> tuple[str, ...]:
    """Return the character 4-grams of a folded word. The ends of the word are marked: "<gen", "geno", …, "mik>"."""
    marked = f"<{word}>"
    return tuple(marked[i : i + _NGRAM_LENGTH] for i in range(max(1, len(marked) - _NGRAM_LENGTH + 1)))


_cached_ngrams = lru_cache(_CACHED_WORDS)(character_ngrams)  # used only during builds; question words aren't cached


def _ngrams_of_words(folded_words: Sequence[str], _: str = "") -> list[str]:
    return [ngram for word in folded_words for ngram in _cached_ngrams(word)]


_FIELDS: dict[str, Callable[[Sequence[str], str], list[str]]] = {"stems": stem_words, "grams": _ngrams_of_words}


class LexicalWriter:
    """Creates `folder` and writes a BM25 index there, passage by passage."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._fields = {name: PostingsWriter(folder / name, _K1, _B) for name in _FIELDS}
        self._languages: set[str] = set()

    def add_passage(self, header: Sequence[str], text: Sequence[str], language: str) -> None:
        """Add a passage. `header` has the content words of its title and headings, and `text` those of its text."""
        for name, terms in _FIELDS.items():
            self._fields[name].add_passage(terms(header, language) * _TITLE_WEIGHT + terms(text, language))
        self._languages.add(language)

    def close(self) -> None:
        """Complete all files."""
        for field in self._fields.values():
            field.close()
        (self._folder / _LANGUAGES).write_text(json.dumps(sorted(self._languages)), encoding="utf-8")


class _Field:
    """The loaded postings of either the stems or the 4-grams in an index of `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self.postings = Postings(folder)
        self._term_number: Callable[[str], int | None] = lru_cache(_CACHED_TERMS)(
            lambda term: self.postings.term_number(term)
        )

    def idf(self, term: str) -> float:
        """Return ln(1 + (N - n + 0.5) / (n + 0.5)), where n of N passages contain `term`. This is highest if n = 0."""
        number = self._term_number(term)
        return self._idf(self.postings.document_frequency(number) if number is not None else 0)

    def _idf(self, count: int) -> float:
        return log(1 + (self.size - count + 0.5) / (count + 0.5))

    def weighted_terms(self, groups: Sequence[Sequence[str]]) -> list[tuple[int, float]]:
        """Return the term number of each known term, and the term's idf divided by the total idf of all groups.

        A term is known if it occurs in the corpus. Each group contains the variants of one word. It adds the highest
        idf of its known terms to the total, or the idf of an unknown term if it has no known terms.
        """
        known_groups = [
            [(term, number) for term in group if (number := self._term_number(term)) is not None] for group in groups
        ]
        total = sum(max((self.idf(term) for term, _ in group), default=self._idf(0)) for group in known_groups)
        return [(number, self.idf(term) / total) for group in known_groups for term, number in group]


class LexicalIndex:
    """The BM25 index of a generation with `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        self._size = size
        self._stems, self._ngrams = (_Field(folder / name, size) for name in _FIELDS)
        self._languages: list[str] = json.loads((folder / _LANGUAGES).read_text(encoding="utf-8"))

    def character_rarity(self, word: str) -> float:
        """Return the mean idf of a folded word's 4-grams as a fraction (0..1) of the highest possible idf."""
        ngrams = character_ngrams(word)
        return sum(self._ngrams.idf(ngram) for ngram in ngrams) / len(ngrams) / self._ngrams.idf("")

    @property
    def highest_idf(self) -> float:
        """The idf of a word that isn't in the corpus."""
        return self._stems.idf("")

    def word_stems(self, word: str) -> list[str]:
        """Stem a folded word in each of the index's languages, and return the distinct stems."""
        return list(dict.fromkeys(stem_word(word, code) for code in self._languages))

    def search_passages(
        self,
        question: str,
        count: int,
        extra_rows: NDArray[np.int64],
        allowed_rows: NDArray[np.int64] | None = None,
    ) -> dict[int, float]:
        """Return scores in 0..1, by passage row. The best passages come first, in order, followed by `extra_rows`.

        Args:
            question: the text of the question.
            count: the maximum number of best passages. Passages without a matching term are left out.
            extra_rows: rows of passages that are always scored.
            allowed_rows: the ascending rows from which the best passages are selected. If None, all rows are allowed.
        """
        import numpy as np

        scores = self._scores(question, extra_rows, allowed_rows)
        best = _best_rows(scores, count, allowed_rows)
        rows = dict.fromkeys(np.concatenate([best, extra_rows]).tolist())
        return {row: float(scores[row]) for row in rows}

    def _scores(
        self, question: str, extra_rows: NDArray[np.int64], allowed_rows: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        """Score all passages, `[passages]`. Once terms are pruned, all but candidates and `extra_rows` score 0."""
        import numpy as np

        scores = np.zeros(self._size, dtype=np.float32)
        deferred, read = [], 0
        for postings, number, weight in self._question_terms(question):
            rows, impacts = postings.rows_and_impacts(number)
            read += len(rows)
            if read > _MAX_POSTINGS:
                deferred.append((rows, impacts, weight))
            else:
                scores[rows] += np.float32(weight / MAX_QUANTISED_IMPACT) * impacts.astype(np.float32)
        if deferred:
            candidates = np.union1d(_best_rows(scores, _PRUNED_CANDIDATES, allowed_rows), extra_rows)
            for rows, impacts, weight in deferred:
                positions = np.minimum(rows.searchsorted(candidates), len(rows) - 1)
                matching = np.where(rows[positions] == candidates, impacts[positions], 0)
                scores[candidates] += np.float32(weight / MAX_QUANTISED_IMPACT) * matching
            complete = scores[candidates]
            scores[:] = 0
            scores[candidates] = complete
        return scores

    def _question_terms(self, question: str) -> list[tuple[Postings, int, float]]:
        """Return the postings, number and weight of each known term of a question, rarest first."""
        distinct = query_words(question)
        by_stem = self._stems.weighted_terms([self.word_stems(word) for word in distinct])
        ngrams = dict.fromkeys(ngram for word in distinct for ngram in character_ngrams(word))
        by_ngram = self._ngrams.weighted_terms([[ngram] for ngram in ngrams])
        terms = [(self._stems.postings, number, weight / 2) for number, weight in by_stem]
        terms += [(self._ngrams.postings, number, weight / 2) for number, weight in by_ngram]
        return sorted(terms, key=lambda item: item[0].document_frequency(item[1]))

    def word_idfs(self, folded_words: Iterable[str]) -> list[float]:
        """Return the idf of each folded word's most frequent stem. For an unknown word, this is `highest_idf`."""
        return [min((self._stems.idf(term) for term in self.word_stems(word)), default=1.0) for word in folded_words]


def _best_rows(scores: NDArray[np.float32], count: int, allowed_rows: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return (
        top_scoring_rows(scores, count)
        if allowed_rows is None
        else allowed_rows[top_scoring_rows(scores[allowed_rows], count)]
    )


def query_words(question: str) -> list[str]:
    """Return the distinct content words of a question or, if there are none, all its distinct words."""
    content = [word for word in split_words(question) if not is_function_word(word)]
    return list(dict.fromkeys(content or split_words(question) or [fold_text(question)]))
