"""Builds the glossary: the names and abbreviations in the corpus, each with the sentence that best defines it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.onboarding.name_extraction import (
    IndexedSentence,
    find_abbreviations,
    find_names,
    indexed_sentences,
    is_glossary_term,
    long_forms_by_abbreviation,
)
from assistant.schema import Citation
from assistant.text.function_words import is_function_word

_MAX_TERMS = 400
_MAX_TERM_WORDS = 5
# The pattern that a definition follows (Hearst 1992): "Achondroplasia is a form of …", "GMS är ett nationellt …".
_DEFINITION = re.compile(
    r"(?:(?:The|An?|En|Ett) )?(?P<term>[^\W_][^,;:()]{1,58}?)(?: \((?P<short>[^()]{2,30})\))?"
    r"(?:,[^,]{2,60},)? (?:is|are|was|were|är|var) (?:an?|the|one of|en|ett|den|det|de|ett av|en av) (?=\w)"
)
KIND_DEFINED, KIND_SPELLED_OUT, KIND_MENTIONED = "defined", "spelled out", "mentioned"  # best kind first
DEFINITION_RANK = {KIND_DEFINED: 0, KIND_SPELLED_OUT: 1, KIND_MENTIONED: 2}


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """A glossary entry.

    `long_form` is the long form of an abbreviation, or "" for a name. `definition_kind` states whether the cited
    sentence defines the term, spells it out or only mentions it. `mention_count` is the number of sentences that
    contain the term.
    """

    name: str
    long_form: str
    definition_kind: str
    mention_count: int
    citation: Citation


def make_glossary(index: Index) -> tuple[GlossaryTerm, ...]:
    """Build the glossary of `index`, sorted alphabetically and limited to the 400 best-documented terms."""
    long_forms = long_forms_by_abbreviation(index)
    abbreviations = {long.casefold(): short for short, long in long_forms.items()}
    best: dict[str, tuple[str, IndexedSentence]] = {}
    counts: dict[str, int] = {}
    for sentence in indexed_sentences(index):
        for name, kind in _terms_in(sentence, abbreviations):
            counts[name] = counts.get(name, 0) + 1
            if name not in best or DEFINITION_RANK[kind] < DEFINITION_RANK[best[name][0]]:
                best[name] = (kind, sentence)
    terms = [
        GlossaryTerm(name, long_forms.get(name, ""), kind, counts[name], sentence.make_citation())
        for name, (kind, sentence) in best.items()
    ]
    return tuple(sorted(_best_terms(terms), key=lambda term: alphabetical_sort_key(term.name)))


def alphabetical_sort_key(name: str) -> str:
    """Return a key that sorts Swedish and English names. In the Swedish alphabet, å, ä and ö follow z."""
    return name.casefold().translate({ord("å"): "{", ord("ä"): "|", ord("ö"): "}"})


def _best_terms(terms: Iterable[GlossaryTerm]) -> list[GlossaryTerm]:
    """Return at most `_MAX_TERMS` terms, sorted by kind of definition (best first) and then by frequency."""
    return sorted(terms, key=lambda term: (DEFINITION_RANK[term.definition_kind], -term.mention_count))[:_MAX_TERMS]


def _terms_in(sentence: IndexedSentence, abbreviations: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Return each term in a sentence with its kind of definition. Long forms are replaced by their abbreviations."""
    text = sentence.text
    spelled_out = dict(find_abbreviations(text))
    kinds: dict[str, str] = {}
    for full_name, _ in find_names(text):
        name = abbreviations.get(full_name.casefold(), full_name)
        if is_glossary_term(name):
            kinds[name] = KIND_SPELLED_OUT if name in spelled_out else KIND_MENTIONED
    kinds.update(dict.fromkeys(spelled_out, KIND_SPELLED_OUT))
    defined = defined_term(text)
    if defined:
        name = abbreviations.get(defined.casefold(), defined)
        if name in kinds or _is_subject(defined, sentence):
            kinds[name] = KIND_DEFINED
    return kinds.items()


def defined_term(sentence: str) -> str:
    """Return the term that `sentence` defines, or "" if the sentence is not a definition."""
    match = _DEFINITION.match(sentence)
    if not match:
        return ""
    term = match.group("term").strip()
    first = term.split()[0].casefold()
    return "" if is_function_word(first) or len(term.split()) > _MAX_TERM_WORDS else term


def _is_subject(term: str, sentence: IndexedSentence) -> bool:
    """Return whether `term` is the title or a heading of the sentence's passage, ignoring case."""
    passage = sentence.passage
    return term.casefold() in {passage.title.casefold(), *(heading.casefold() for heading in passage.heading)}
