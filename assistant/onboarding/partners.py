"""Finds out which organisations and groups work together, and cites a sentence as evidence for each connection.

A name counts as an organisation if a word such as "University" occurs in it or after it. Two organisations count as
connected if the words between their names say so, or if one of them is listed after a phrase such as "together with".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.onboarding.name_extraction import find_names, indexed_sentences, long_forms_by_abbreviation
from assistant.schema import Citation, Span
from assistant.text.function_words import is_function_word

_ORGANISATION = re.compile(
    r"\b(?:institutes?|universit(?:y|ies)|cent(?:er|re)s?|facilit(?:y|ies)|platforms?|infrastructures?|networks?|"
    r"agenc(?:y|ies)|authority|hospitals?|laborator(?:y|ies)|labs?|councils?|regions?|compan(?:y|ies)|industry|"
    r"foundations?|associations?|societ(?:y|ies)|federation|alliance|consortium|programs?|programmes?|initiative|"
    r"department|ministry|group|board|committee|school|college|academy|inc|ltd|ab|gmbh|"
    r"\w*(?:institutet|universitetet|universitet|sjukhuset|sjukhus|centrum|nätverket|nätverk|myndigheten|verket|"
    r"rådet|regionen|stiftelsen|föreningen|förbundet|bolaget|akademin|plattformen|programmet|gruppen|nämnden))\b",
    re.IGNORECASE,
)
_COLLABORATION = re.compile(
    r"\b(?:together with|(?:collaborat\w+|cooperat\w+|co-operat\w+|work\w*|partners?\w*) (?:\w+ )?with|"
    r"partnership with|tillsammans med|samarbet\w+ med|samverka\w* med|partnerskap med)\s+",
    re.IGNORECASE,
)
_AFTER_GENITIVE = re.compile(r"[’'](?:s\b)?[^,;:]{0,40}$")
# Words that express a connection if they occur between two names.
_CONNECTION_WORD = re.compile(
    r"\b(?:collaborat|cooperat|co-operat|together|partner|work\w* with|works? closely|fund|financ|"
    r"belong|part of|member|originat|found|host|coordinat|lead|led|develop|deliver|provid|support|join|own|within|"
    r"constitut|"
    r"samarbet|samverka|tillsammans|finansier|tillhör|ingår|del av|medlem|grunda|värd|samordna|led|utveckla|levere|"
    r"stöd|äg|inom)",
    re.IGNORECASE,
)  # fmt: skip
_FIRST_PERSON_PLURAL = re.compile(r"\b(?:we|our|us|vi|vår|vårt|våra|oss)\b", re.IGNORECASE)
_VAGUE_WORDS = frozenset(
    "other others their its many several some different various all each one these those such "
    "andra deras dess många flera några olika alla varje en ett dessa sådana".split()
)
_MAX_PARTNER_WORDS, _MAX_SENTENCE_WORDS = 4, 60


@dataclass(frozen=True, slots=True)
class PartnerConnection:
    """Two partners named in the cited sentence. `is_collaboration` is true if it says that they collaborate."""

    first_partner: str
    second_partner: str
    is_collaboration: bool
    citation: Citation


def find_partner_connections(index: Index) -> tuple[PartnerConnection, ...]:
    """Find the connections between partners in the corpus, each with the first sentence that states it.

    In a document, "we" is taken to mean the organisation that is the document's source, provided that the corpus
    mentions that organisation.
    """
    long_forms = long_forms_by_abbreviation(index)
    abbreviations = {long.casefold(): short for short, long in long_forms.items()}
    organisations = _find_organisations(index, long_forms)
    connections: dict[tuple[str, str], PartnerConnection] = {}
    for sentence in indexed_sentences(index):
        text = sentence.text
        if len(text.split()) > _MAX_SENTENCE_WORDS or text.count(" - ") > 1:
            continue  # the text is a list rather than a sentence
        source = (index.documents[sentence.passage.document_id].source or "").split(",")[0].strip()
        speaker = abbreviations.get(source.casefold(), source if source in organisations else "")
        named = _organisations_in(text, organisations, abbreviations)
        together = bool(_COLLABORATION.search(text))
        for first, second in [*_connected_pairs(text, named), *_listed_pairs(text, named, abbreviations, speaker)]:
            key = (min(first, second), max(first, second))
            connections.setdefault(key, PartnerConnection(first, second, together, sentence.make_citation()))
    return tuple(connections.values())


def _find_organisations(index: Index, long_forms: Mapping[str, str]) -> frozenset[str]:
    """Find the names of organisations by typical words in the name, in its long form or directly after the name."""
    names: set[str] = set()
    followed_by_type: set[str] = set()  # such as "the Clinical Genomics facilities"
    for sentence in indexed_sentences(index):
        for name, span in find_names(sentence.text):
            names.add(name)
            if _ORGANISATION.match(sentence.text, span.end + 1):
                followed_by_type.add(name)
    return frozenset(
        name for name in names | set(long_forms)
        if name in followed_by_type
        or _abbreviates_proper_name(name, long_forms)
        or _ORGANISATION.search(f"{name} {long_forms.get(name, '')}")
    )  # fmt: skip


def _abbreviates_proper_name(name: str, long_forms: Mapping[str, str]) -> bool:
    """Return whether the long form of `name` is capitalised like an organisation's name ("Genomic Medicine Sweden")."""
    words = [word for word in long_forms.get(name, "").split() if not is_function_word(word.casefold())]
    return len(words) > 1 and all(word[0].isupper() for word in words)


def _organisations_in(
    text: str, organisations: frozenset[str], abbreviations: Mapping[str, str]
) -> list[tuple[str, Span]]:
    """Return each organisation in `text`, abbreviated if possible, with the position where it is first mentioned."""
    spans: dict[str, Span] = {}
    for name, span in find_names(text):
        if name in organisations or name.casefold() in abbreviations:
            spans.setdefault(abbreviations.get(name.casefold(), name), span)
    return list(spans.items())


def _connected_pairs(text: str, named: Sequence[tuple[str, Span]]) -> Iterator[tuple[str, str]]:
    """Yield each pair of organisations whose names have a connecting word or a genitive between them."""
    for number, (first, span) in enumerate(named):
        for second, second_span in named[number + 1 :]:
            between = text[span.end : second_span.start]
            if _CONNECTION_WORD.search(between) or _AFTER_GENITIVE.match(between):
                yield first, second


def _listed_pairs(
    text: str, named: Sequence[tuple[str, Span]], abbreviations: Mapping[str, str], speaker: str
) -> Iterator[tuple[str, str]]:
    """Yield pairs of a sentence's subject and each partner listed after a phrase such as "together with"."""
    match = _COLLABORATION.search(text)
    if not match:
        return
    partners = parse_partner_list(text[match.end() :])
    subject = next((name for name, _ in named), speaker if _FIRST_PERSON_PLURAL.search(text) else "")
    for partner in partners if subject else ():
        yield subject, abbreviations.get(partner.casefold(), partner)


def parse_partner_list(text: str) -> list[str]:
    """Return the partners in the list at the start of `text`.

    For example, "healthcare providers, academia and patient organizations we …" starts with three partners. A partner's
    name ends at the first function word. Vague phrases such as "other facilities" are not partners.
    """
    partners: list[str] = []
    pieces = re.split(r"(,\s+(?:and|och)\s+|,\s+|\s+(?:and|och)\s+)", re.split(r"[.;:()]", text)[0])
    for position in range(0, len(pieces), 2):  # pieces at odd positions are separators between the partners
        words = pieces[position].split()
        partner = _noun_phrase(words)
        if partner:
            partners.append(partner)
        elif not _starts_with_name(words):
            return partners[:1]
        if position > 0 and re.search(r"and|och", pieces[position - 1]):
            return partners
    return partners[:1]


def _starts_with_name(words: Sequence[str]) -> bool:
    return bool(words) and words[0][0].isupper()


def _noun_phrase(words: Sequence[str]) -> str:
    """Return the words before the first function word. A leading "the" is kept.

    Returns "" if the phrase is empty, vague, too long or contains a name, because `find_names` handles names.
    """
    article = ["the"] if words and words[0].casefold() == "the" else []
    phrase: list[str] = []
    for word in words[len(article) :]:
        if is_function_word(word.casefold()) or not word.replace("-", "").isalpha():
            break
        phrase.append(word)
    has_name = any(char.isupper() for char in "".join(phrase))
    if not phrase or has_name or phrase[0].casefold() in _VAGUE_WORDS or len(phrase) > _MAX_PARTNER_WORDS:
        return ""
    return " ".join([*article, *phrase])
