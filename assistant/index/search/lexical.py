"""BM25 over stems and over character 4-grams (Robertson & Zaragoza 2009).

Scores are shares of the question's idf mass, 0..1: a word of the question that the corpus doesn't
have weighs too, so that a question in another language, whose words are mostly unknown, gets little
from here by itself. 4-grams match the parts of Swedish compounds, misspellings and names that two
languages write alike. A passage is stemmed in its own language, a question in every language of the
index.
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

from assistant.index.search.neutral_texts import NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS
from assistant.index.search.postings import FULL, Postings, PostingsWriter
from assistant.index.storage.arrays import top_rows
from assistant.text.function_words import FUNCTION_WORDS, is_function_word
from assistant.text.stemming import stem, stem_words
from assistant.text.words import fold, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "lexical"
_LANGUAGES = "languages.json"
_K1, _B = 1.2, 0.75
_TITLE_WEIGHT = 2  # a title's words count as often
_GRAM = 4
_TERMS_KEPT = 4096  # terms lately asked for
_WORDS_KEPT = 1 << 16  # words lately cut up
# Postings that are added up for every passage. What is left of the most frequent terms then only counts for the
# `_KEPT` best ("continue" of Moffat & Zobel 1996): a question costs as much over a million passages as over a few.
_MAX_POSTINGS, _PRUNED_CANDIDATES = 500_000, 1000


def analyser_version() -> str:
    """A hash of all that decides which terms an index holds and what they weigh, for its identity."""
    words_of = {code: sorted(own) for code, own in FUNCTION_WORDS.items()}
    parts = [words_of, _K1, _B, _TITLE_WEIGHT, _GRAM, NEUTRAL_QUESTIONS, NEUTRAL_STATEMENTS]
    libraries = [version(name) for name in ("PyStemmer", "sentencex")]
    return hashlib.sha256(json.dumps([parts, libraries], sort_keys=True).encode()).hexdigest()[:16]


def character_ngrams(word: str) -> tuple[str, ...]:
    """Character 4-grams of a folded word with its ends marked, as "<gen", "geno", …, "mik>"."""
    marked = f"<{word}>"
    return tuple(marked[at : at + _GRAM] for at in range(max(1, len(marked) - _GRAM + 1)))


_cached_ngrams = lru_cache(_WORDS_KEPT)(character_ngrams)  # for building alone: words of questions aren't kept


def _ngrams_of_words(found: Sequence[str], _: str = "") -> list[str]:
    return [gram for word in found for gram in _cached_ngrams(word)]


_FIELDS: dict[str, Callable[[Sequence[str], str], list[str]]] = {"stems": stem_words, "grams": _ngrams_of_words}


class LexicalWriter:
    """Writes the fields of passages as they come, in the new folder `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._fields = {name: PostingsWriter(folder / name, _K1, _B) for name in _FIELDS}
        self._languages: set[str] = set()

    def add(self, header: Sequence[str], text: Sequence[str], language: str) -> None:
        """Write the next passage: the content words of its title and headings, and of its text."""
        for name, terms in _FIELDS.items():
            self._fields[name].add(terms(header, language) * _TITLE_WEIGHT + terms(text, language))
        self._languages.add(language)

    def close(self) -> None:
        """Finish the files."""
        for field in self._fields.values():
            field.close()
        (self._folder / _LANGUAGES).write_text(json.dumps(sorted(self._languages)), encoding="utf-8")


class _Field:
    """One loaded field of `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self.postings = Postings(folder)
        self._numbers: Callable[[str], int | None] = lru_cache(_TERMS_KEPT)(lambda term: self.postings.number(term))

    def idf(self, term: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)); highest for a term that isn't there."""
        number = self._numbers(term)
        return self._idf(self.postings.frequency(number) if number is not None else 0)

    def _idf(self, count: int) -> float:
        return log(1 + (self.size - count + 0.5) / (count + 0.5))

    def weighted_terms(self, groups: Sequence[Sequence[str]]) -> list[tuple[int, float]]:
        """The terms that are there with their weights, as shares of the mass of `groups`, each the variants of one
        term."""
        known = [[(term, number) for term in own if (number := self._numbers(term)) is not None] for own in groups]
        mass = sum(max((self.idf(term) for term, _ in own), default=self._idf(0)) for own in known)
        return [(number, self.idf(term) / mass) for own in known for term, number in own]


class LexicalIndex:
    """The loaded fields of an index of `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        self._size = size
        self._stems, self._grams = (_Field(folder / name, size) for name in _FIELDS)
        self._languages: list[str] = json.loads((folder / _LANGUAGES).read_text(encoding="utf-8"))

    def character_rarity(self, word: str) -> float:
        """Mean idf of a folded word's 4-grams as a share of the highest there is, 0..1."""
        own = character_ngrams(word)
        return sum(self._grams.idf(gram) for gram in own) / len(own) / self._grams.idf("")

    @property
    def highest_idf(self) -> float:
        """The idf of a word that the corpus doesn't have."""
        return self._stems.idf("")

    def variants(self, word: str) -> list[str]:
        """The stems of a folded word in the languages of the index."""
        return list(dict.fromkeys(stem(word, code) for code in self._languages))

    def search(
        self, question: str, count: int, also: NDArray[np.int64], among: NDArray[np.int64] | None = None
    ) -> dict[int, float]:
        """What share of the question's words passages have, 0..1, by row.

        Args:
            question: its words are looked for.
            count: so many of the best are given, best first; none without a matching term.
            also: the shares of these rows are given as well.
            among: only these rows count for the best, all when None.
        """
        import numpy as np

        found = self._shares(question, also, among)
        best = _best(found, count, among)
        rows = dict.fromkeys(np.concatenate([best, also]).tolist())
        return {row: float(found[row]) for row in rows}

    def _shares(self, question: str, also: NDArray[np.int64], among: NDArray[np.int64] | None) -> NDArray[np.float32]:
        """The share of every passage, `[passages]`; over many postings exact only for the best, and for `also`."""
        import numpy as np

        shares = np.zeros(self._size, dtype=np.float32)
        later, read = [], 0
        for postings, number, weight in self._weighed(question):
            rows, impacts = postings.of(number)
            read += len(rows)
            if read > _MAX_POSTINGS:
                later.append((rows, impacts, weight))
            else:
                shares[rows] += np.float32(weight / FULL) * impacts.astype(np.float32)
        if later:
            kept = np.union1d(_best(shares, _PRUNED_CANDIDATES, among), also)
            for rows, impacts, weight in later:
                places = np.minimum(rows.searchsorted(kept), len(rows) - 1)
                shares[kept] += np.float32(weight / FULL) * np.where(rows[places] == kept, impacts[places], 0)
            whole = shares[kept]
            shares[:] = 0
            shares[kept] = whole
        return shares

    def _weighed(self, question: str) -> list[tuple[Postings, int, float]]:
        """The terms of a question with their weights, rarest first."""
        asked = query_words(question)
        by_stem = self._stems.weighted_terms([self.variants(word) for word in asked])
        parts = dict.fromkeys(gram for word in asked for gram in character_ngrams(word))
        by_gram = self._grams.weighted_terms([[gram] for gram in parts])
        found = [(self._stems.postings, number, weight / 2) for number, weight in by_stem]
        found += [(self._grams.postings, number, weight / 2) for number, weight in by_gram]
        return sorted(found, key=lambda item: item[0].frequency(item[1]))

    def idf(self, asked: Iterable[str]) -> list[float]:
        """Weight of each folded word: the idf of its most frequent known stem, highest for an unknown word."""
        return [min((self._stems.idf(term) for term in self.variants(word)), default=1.0) for word in asked]


def _best(scores: NDArray[np.float32], count: int, among: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return top_rows(scores, count) if among is None else among[top_rows(scores[among], count)]


def query_words(question: str) -> list[str]:
    """The question's content words, each once; all its words when it has nothing else."""
    found = [word for word in words(question) if not is_function_word(word)]
    return list(dict.fromkeys(found or words(question) or [fold(question)]))
