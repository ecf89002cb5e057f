"""The glossary: names and abbreviations of the corpus, each with the sentence that says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.onboarding.names import (
    IndexedSentence,
    aliases,
    find_abbreviations,
    find_names,
    indexed_sentences,
    is_term,
)
from assistant.schema import Citation
from assistant.text.function_words import is_function_word

_MOST = 400
# "Achondroplasia is a form of …", "GMS är ett nationellt …": what a definition looks like (Hearst 1992).
_DEFINES = re.compile(
    r"(?:(?:The|An?|En|Ett) )?(?P<term>[^\W_][^,;:()]{1,58}?)(?: \((?P<short>[^()]{2,30})\))?"
    r"(?:,[^,]{2,60},)? (?:is|are|was|were|är|var) (?:an?|the|one of|en|ett|den|det|de|ett av|en av) (?=\w)"
)
_MOST_WORDS = 5
DEFINED, SPELLED_OUT, MENTIONED = "defined", "spelled out", "mentioned"  # best first
RANK = {DEFINED: 0, SPELLED_OUT: 1, MENTIONED: 2}


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of the glossary.

    `long` is what an abbreviation stands for, "" for a name. `kind` says what the cited sentence does:
    it defines the name, spells it out, or only mentions it. `mentions` counts the sentences with it.
    """

    name: str
    long: str
    kind: str
    mentions: int
    citation: Citation


def make_glossary(index: Index) -> tuple[Term, ...]:
    """Entries in the order of the alphabet, the best evidenced ones where there are too many."""
    spelled = aliases(index)
    long_forms = {long.casefold(): short for short, long in spelled.items()}
    best: dict[str, tuple[str, IndexedSentence]] = {}
    counts: dict[str, int] = {}
    for sentence in indexed_sentences(index):
        for name, kind in _terms_in(sentence, long_forms):
            counts[name] = counts.get(name, 0) + 1
            if name not in best or RANK[kind] < RANK[best[name][0]]:
                best[name] = (kind, sentence)
    made = [
        Term(name, spelled.get(name, ""), kind, counts[name], sentence.cite())
        for name, (kind, sentence) in best.items()
    ]
    return tuple(sorted(_best_definitions(made), key=lambda term: alphabetical_key(term.name)))


def alphabetical_key(name: str) -> str:
    """What orders names as the Swedish alphabet does, which the English one is the beginning of: å, ä, ö last."""
    return name.casefold().translate({ord("å"): "{", ord("ä"): "|", ord("ö"): "}"})


def _best_definitions(terms: Iterable[Term]) -> list[Term]:
    """At most `_MOST` terms: defined and frequent ones before those that are only mentioned."""
    return sorted(terms, key=lambda term: (RANK[term.kind], -term.mentions))[:_MOST]


def _terms_in(sentence: IndexedSentence, long_forms: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Names of a sentence, abbreviated where the corpus does, and what the sentence does with each."""
    text = sentence.text
    pairs = dict(find_abbreviations(text))
    kinds: dict[str, str] = {}
    for name, _ in find_names(text):
        name = long_forms.get(name.casefold(), name)
        if is_term(name):
            kinds[name] = SPELLED_OUT if name in pairs else MENTIONED
    kinds.update(dict.fromkeys(pairs, SPELLED_OUT))
    defined = defined_term(text)
    if defined:
        name = long_forms.get(defined.casefold(), defined)
        if name in kinds or _is_subject(defined, sentence):
            kinds[name] = DEFINED
    return kinds.items()


def defined_term(text: str) -> str:
    """What a sentence defines, "" when it doesn't look like a definition."""
    match = _DEFINES.match(text)
    if not match:
        return ""
    term = match.group("term").strip()
    first = term.split()[0].casefold()
    return "" if is_function_word(first) or len(term.split()) > _MOST_WORDS else term


def _is_subject(term: str, sentence: IndexedSentence) -> bool:
    """Whether a term in lower case is what its text or section is about."""
    passage = sentence.passage
    return term.casefold() in {passage.title.casefold(), *(heading.casefold() for heading in passage.heading)}
