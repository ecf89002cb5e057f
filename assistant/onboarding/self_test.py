"""Builds a short self-test that consists of cloze questions: sentences with a name or a year left out.

For the method, see Taylor 1953, "Cloze procedure".
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from assistant.index.loading import Index
from assistant.onboarding.glossary import GlossaryTerm
from assistant.onboarding.name_extraction import IndexedSentence, indexed_sentences
from assistant.onboarding.summaries import is_self_contained_sentence
from assistant.schema import Citation

BLANK = "_____"
_MAX_QUESTIONS, _MAX_OPTIONS, _MAX_CANDIDATES = 8, 4, 64
_MIN_DISTRACTORS = 2
_MAX_USES_OF_ANSWER = 2
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class ClozeQuestion:
    """A sentence with a blank, the options for filling it, the correct option and a citation of the sentence."""

    question_id: str
    text_with_blank: str
    answer_options: tuple[str, ...]
    correct_answer: str
    citation: Citation


def make_self_test(index: Index, terms: Sequence[GlossaryTerm]) -> tuple[ClozeQuestion, ...]:
    """Build up to eight questions. As far as possible, they have different answers and come from different documents.

    The result is deterministic: the same corpus always produces the same test.
    """
    questions: list[ClozeQuestion] = []
    answer_counts: Counter[str] = Counter()
    document_counts: Counter[str] = Counter()
    remaining = list(islice(_candidates(index, terms), _MAX_CANDIDATES))
    while remaining and len(questions) < _MAX_QUESTIONS:
        best = min(
            remaining, key=lambda item: (answer_counts[item.correct_answer], document_counts[item.citation.document_id])
        )
        if answer_counts[best.correct_answer] >= _MAX_USES_OF_ANSWER:
            break
        questions.append(best)
        remaining = [item for item in remaining if item.citation.quote != best.citation.quote]
        answer_counts[best.correct_answer] += 1
        document_counts[best.citation.document_id] += 1
    return tuple(questions)


def _candidates(index: Index, terms: Sequence[GlossaryTerm]) -> Iterator[ClozeQuestion]:
    """Yield all possible questions in a pseudo-random order that mixes the documents."""
    sentences = [sentence for sentence in indexed_sentences(index) if is_self_contained_sentence(sentence.text)]
    corpus_years = sorted({year for sentence in sentences for year in _YEAR.findall(sentence.text)})
    for sentence in sorted(sentences, key=lambda item: _hash(f"{item.passage.passage_id}{item.span.start}")):
        for term in terms:
            if term.name in sentence.text and (question := _name_question(sentence, term, terms)):
                yield question
        for year in _YEAR.findall(sentence.text)[:1]:
            yield _cloze(sentence, [year], year, _year_distractors(year, corpus_years, sentence.text))


def _name_question(
    sentence: IndexedSentence, term: GlossaryTerm, terms: Sequence[GlossaryTerm]
) -> ClozeQuestion | None:
    """Build a question by leaving `term` out of a sentence.

    Returns:
        The question, or None if `term` isn't a whole word in the sentence or there are too few distractors.
    """
    text = sentence.text
    forms = [form for form in (term.name, term.long_form) if form]
    if not re.search(_whole_word_pattern(term.name), text):
        return None
    distractors = [
        other.name for other in terms
        if other.name != term.name and _shape(other.name) == _shape(term.name)
        and not any(form and form in text for form in (other.name, other.long_form))
        and term.name not in other.name and other.name not in term.name
    ]  # fmt: skip
    if len(distractors) < _MIN_DISTRACTORS:
        distractors += [
            other.name for other in terms
            if other.name not in distractors and other.name != term.name and other.name not in text
            and not (other.long_form and other.long_form in text)
        ]  # fmt: skip
    return _cloze(sentence, forms, term.name, distractors) if len(distractors) >= _MIN_DISTRACTORS else None


def _cloze(sentence: IndexedSentence, forms: Sequence[str], answer: str, distractors: Sequence[str]) -> ClozeQuestion:
    """Build a question: replace all `forms` with a blank, and offer the answer and up to three `distractors`."""
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = "|".join(_whole_word_pattern(form) for form in longest_first)
    text = re.sub(rf"(?:{pattern})", BLANK, sentence.text)
    text = text.replace(f"{BLANK} ({BLANK})", BLANK)
    key = f"{sentence.passage.passage_id}{sentence.span.start}{answer}"
    options = sorted([answer, *sorted(distractors, key=lambda other: _hash(key + other))[: _MAX_OPTIONS - 1]])
    return ClozeQuestion(_hash(key), text, tuple(options), answer, sentence.make_citation())


def _shape(name: str) -> tuple[bool, bool]:
    """Return whether a name has several words, and whether it is an abbreviation.

    A question's options are alike in both respects if possible.
    """
    return " " in name, sum(char.isupper() for char in name) > len(name) / 2


def _whole_word_pattern(form: str) -> str:
    return rf"(?<!\w){re.escape(form)}(?!\w)"


def _year_distractors(year: str, corpus_years: Sequence[str], sentence: str) -> list[str]:
    """Return years near `year` and other years that occur in the corpus, leaving out any that occur in `sentence`."""
    near = [str(int(year) + step) for step in (-2, 1, -4, 3)]
    return [other for other in (*near[:3], *corpus_years, near[3]) if other != year and other not in sentence]


def _hash(key: str) -> str:
    """Return a stable hash of `key`, which serves as an identifier and as a sort key for reproducible shuffling."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]
