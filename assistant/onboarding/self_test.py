"""A short self-test: sentences of the corpus with a name or a year left out (Taylor 1953, "Cloze procedure")."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from assistant.index.loading import Index
from assistant.onboarding.glossary import Term
from assistant.onboarding.names import IndexedSentence, indexed_sentences
from assistant.onboarding.summaries import stands_alone
from assistant.schema import Citation

BLANK = "_____"
_QUESTIONS, _OPTIONS, _CANDIDATES = 8, 4, 64
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class ClozeQuestion:
    """A sentence with a blank, what could stand there, and what does."""

    identifier: str
    text: str
    options: tuple[str, ...]
    answer: str
    citation: Citation


def make_self_test(index: Index, terms: Sequence[Term]) -> tuple[ClozeQuestion, ...]:
    """Up to eight questions, from as many texts and about as many names as there are.

    Which ones depends on the texts alone: the same corpus gives the same test.
    """
    made: list[ClozeQuestion] = []
    asked: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    free = list(islice(_candidates(index, terms), _CANDIDATES))
    while free and len(made) < _QUESTIONS:
        best = min(free, key=lambda item: (asked[item.answer], documents[item.citation.document_id]))
        if asked[best.answer] > 1:
            break
        made.append(best)
        free = [item for item in free if item.citation.quote != best.citation.quote]
        asked[best.answer] += 1
        documents[best.citation.document_id] += 1
    return tuple(made)


def _candidates(index: Index, terms: Sequence[Term]) -> Iterator[ClozeQuestion]:
    """What could be asked, in an order that mixes the texts."""
    alone = [sentence for sentence in indexed_sentences(index) if stands_alone(sentence.text)]
    years = sorted({year for sentence in alone for year in _YEAR.findall(sentence.text)})
    for sentence in sorted(alone, key=lambda item: _hash(f"{item.passage.passage_id}{item.span.start}")):
        for term in terms:
            if term.name in sentence.text and (made := _without_name(sentence, term, terms)):
                yield made
        for year in _YEAR.findall(sentence.text)[:1]:
            yield _cloze(sentence, [year], year, _other_years(year, years, sentence.text))


def _without_name(sentence: IndexedSentence, term: Term, terms: Sequence[Term]) -> ClozeQuestion | None:
    """A cloze on `term`, None where the sentence lacks it or too few other names could stand there."""
    text = sentence.text
    forms = [form for form in (term.name, term.long) if form]
    if not re.search(_whole_word_pattern(term.name), text):
        return None
    others = [
        other.name for other in terms
        if other.name != term.name and _shape(other.name) == _shape(term.name)
        and not any(form and form in text for form in (other.name, other.long))
        and term.name not in other.name and other.name not in term.name
    ]  # fmt: skip
    if len(others) < 2:
        others += [
            other.name for other in terms
            if other.name not in others and other.name != term.name and other.name not in text
            and not (other.long and other.long in text)
        ]  # fmt: skip
    return _cloze(sentence, forms, term.name, others) if len(others) >= 2 else None


def _cloze(sentence: IndexedSentence, forms: Sequence[str], answer: str, others: Sequence[str]) -> ClozeQuestion:
    text = sentence.text
    long_first = sorted(forms, key=len, reverse=True)
    text = re.sub(rf"(?:{'|'.join(_whole_word_pattern(form) for form in long_first)})", BLANK, text)
    text = text.replace(f"{BLANK} ({BLANK})", BLANK)
    key = f"{sentence.passage.passage_id}{sentence.span.start}{answer}"
    options = sorted([answer, *sorted(others, key=lambda other: _hash(key + other))[: _OPTIONS - 1]])
    return ClozeQuestion(_hash(key), text, tuple(options), answer, sentence.cite())


def _shape(name: str) -> tuple[bool, bool]:
    """Options look alike: one word or several, an abbreviation or not."""
    return " " in name, sum(char.isupper() for char in name) > len(name) / 2


def _whole_word_pattern(form: str) -> str:
    return rf"(?<!\w){re.escape(form)}(?!\w)"


def _other_years(year: str, years: Sequence[str], text: str) -> list[str]:
    """Years near it, those of the corpus first, none that the sentence has."""
    near = [str(int(year) + step) for step in (-2, 1, -4, 3)]
    return [other for other in (*near[:3], *years, near[3]) if other != year and other not in text]


def _hash(key: str) -> str:
    """What orders and names things in the same way in every run."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]
