"""BM25 over stems and over character 4-grams (Robertson & Zaragoza 2009), by bm25s.

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
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.index.calibration import QUESTIONS, STATEMENTS
from assistant.language import FUNCTION_WORDS, content_words, fold, is_function_word, stem, stems, words
from assistant.schema import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "lexical"
_LANGUAGES = "languages.json"
_K1, _B = 1.2, 0.75
_TITLE_WEIGHT = 2  # a title's words count as often
_GRAM = 4


def analysis() -> str:
    """A hash of all that decides which terms an index holds and what they weigh, for its identity."""
    words_of = {code: sorted(own) for code, own in FUNCTION_WORDS.items()}
    parts = [words_of, _K1, _B, _TITLE_WEIGHT, _GRAM, QUESTIONS, STATEMENTS]
    libraries = [version(name) for name in ("bm25s", "PyStemmer", "sentencex")]
    return hashlib.sha256(json.dumps([parts, libraries], sort_keys=True).encode()).hexdigest()[:16]


def grams(word: str) -> list[str]:
    """Character 4-grams of a folded word with its ends marked, as "<gen", "geno", …, "mik>"."""
    marked = f"<{word}>"
    return [marked[at : at + _GRAM] for at in range(max(1, len(marked) - _GRAM + 1))]


def _grams_of(text: str, _: str = "") -> list[str]:
    return [gram for word, _ in content_words(text) for gram in grams(word)]


_FIELDS: dict[str, Callable[[str, str], list[str]]] = {"stems": stems, "grams": _grams_of}


def write_lexical(folder: Path, passages: Sequence[Passage]) -> None:
    """Build the fields of `passages`, in their order, in the new folder `folder`."""
    folder.mkdir()
    for name, terms in _FIELDS.items():
        _write_field(folder / name, [_terms(passage, terms) for passage in passages])
    languages = sorted({passage.language for passage in passages})
    (folder / _LANGUAGES).write_text(json.dumps(languages), encoding="utf-8")


def _terms(passage: Passage, terms: Callable[[str, str], list[str]]) -> list[str]:
    header = terms(" ".join(dict.fromkeys([passage.title, *passage.heading])), passage.language)
    return header * _TITLE_WEIGHT + terms(passage.text, passage.language)


def _write_field(folder: Path, of_passages: Sequence[list[str]]) -> None:
    import bm25s

    vocabulary = {term: number for number, term in enumerate(sorted({term for own in of_passages for term in own}))}
    folder.mkdir()
    if vocabulary:  # bm25s can't index nothing
        model = bm25s.BM25(method="lucene", k1=_K1, b=_B)
        model.index(([[vocabulary[term] for term in own] for own in of_passages], vocabulary), show_progress=False)
        model.save(folder, show_progress=False)


class _Field:
    """One loaded field of `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        import bm25s
        import numpy as np

        self.size = size
        self.model: Any = bm25s.BM25.load(folder, mmap=True) if any(folder.iterdir()) else None
        self.frequency = np.diff(self.model.scores["indptr"]) if self.model else np.zeros(0)

    def number(self, term: str) -> int | None:
        # bm25s adds a term "" of its own
        found: int | None = self.model.vocab_dict.get(term) if self.model and term else None
        return found

    def idf(self, term: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)); highest for a term that isn't there."""
        number = self.number(term)
        count = int(self.frequency[number]) if number is not None else 0
        return log(1 + (self.size - count + 0.5) / (count + 0.5))

    def shares(self, groups: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Score of every passage as a share of the mass of `groups`, each the variants of one term."""
        import numpy as np

        known = [[term for term in group if self.number(term) is not None] for group in groups]
        mass = sum(max((self.idf(term) for term in own), default=self.idf("")) for own in known)
        terms = [term for own in known for term in own]
        if not terms:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self.model.get_scores(terms) / mass, dtype=np.float32)


class Lexical:
    """The loaded fields of an index of `size` passages."""

    def __init__(self, folder: Path, size: int) -> None:
        self._stems, self._grams = (_Field(folder / name, size) for name in _FIELDS)
        self._languages: list[str] = json.loads((folder / _LANGUAGES).read_text(encoding="utf-8"))

    def strangeness(self, word: str) -> float:
        """Mean idf of a folded word's 4-grams as a share of the highest there is, 0..1."""
        own = grams(word)
        return sum(self._grams.idf(gram) for gram in own) / len(own) / self._grams.idf("")

    @property
    def highest_idf(self) -> float:
        """The idf of a word that the corpus doesn't have."""
        return self._stems.idf("")

    def variants(self, word: str) -> list[str]:
        """The stems of a folded word in the languages of the index."""
        return list(dict.fromkeys(stem(word, code) for code in self._languages))

    def shares(self, question: str) -> NDArray[np.float32]:
        """What share of the question's words each passage has, `[passages]`; 0.0 for none."""
        asked = query_words(question)
        by_gram = [[gram] for gram in dict.fromkeys(gram for word in asked for gram in grams(word))]
        found: NDArray[np.float32] = 0.5 * self._stems.shares([self.variants(word) for word in asked])
        return found + 0.5 * self._grams.shares(by_gram)

    def idf(self, asked: Iterable[str]) -> list[float]:
        """Weight of each folded word: the idf of its most frequent known stem, highest for an unknown word."""
        return [min((self._stems.idf(term) for term in self.variants(word)), default=1.0) for word in asked]


def query_words(question: str) -> list[str]:
    """The question's content words, each once; all its words when it has nothing else."""
    found = [word for word in words(question) if not is_function_word(word)]
    return list(dict.fromkeys(found or words(question) or [fold(question)]))
