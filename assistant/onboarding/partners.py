"""Who works with whom: named organisations and groups, and the sentences that connect them.

Found by how they are written: names with a word that only organisations have, what stands beside
such a name, and what stands in a list after "together with". Every connection is one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.onboarding.names import aliases, find_names, indexed_sentences
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
_TOGETHER = re.compile(
    r"\b(?:together with|(?:collaborat\w+|cooperat\w+|co-operat\w+|work\w*|partners?\w*) (?:\w+ )?with|"
    r"partnership with|tillsammans med|samarbet\w+ med|samverka\w* med|partnerskap med)\s+",
    re.IGNORECASE,
)
_GENITIVE = re.compile(r"[’'](?:s\b)?[^,;:]{0,40}$")
# What says between two names that one has to do with the other.
_CONNECTS = re.compile(
    r"\b(?:collaborat|cooperat|co-operat|together|partner|work\w* with|works? closely|fund|financ|"
    r"belong|part of|member|originat|found|host|coordinat|lead|led|develop|deliver|provid|support|join|own|within|"
    r"constitut|"
    r"samarbet|samverka|tillsammans|finansier|tillhör|ingår|del av|medlem|grunda|värd|samordna|led|utveckla|levere|"
    r"stöd|äg|inom)",
    re.IGNORECASE,
)  # fmt: skip
_WE = re.compile(r"\b(?:we|our|us|vi|vår|vårt|våra|oss)\b", re.IGNORECASE)
_VAGUE = frozenset("other others their its many several some different various all each one these those such "
                   "andra deras dess många flera några olika alla varje en ett dessa sådana".split())  # fmt: skip
_MOST_WORDS, _LONGEST_SENTENCE = 4, 60  # words


@dataclass(frozen=True, slots=True)
class Connection:
    """Two that a sentence connects, by name; `together` when it says that somebody works with somebody."""

    first: str
    second: str
    together: bool
    citation: Citation


def find_connections(index: Index) -> tuple[Connection, ...]:
    """For each pair the first sentence that says how the two are connected.

    Who says "we" in a text is its source, where its front matter names one of the names of the corpus.
    """
    spelled = aliases(index)
    short = {long.casefold(): name for name, long in spelled.items()}
    known = _organisations(index, spelled)
    found: dict[tuple[str, str], Connection] = {}
    for sentence in indexed_sentences(index):
        if len(sentence.text.split()) > _LONGEST_SENTENCE or sentence.text.count(" - ") > 1:
            continue  # more a list than a sentence
        source = (index.documents[sentence.passage.document_id].source or "").split(",")[0].strip()
        speaker = short.get(source.casefold(), source if source in known else "")
        named = _organisations_in(sentence.text, known, short)
        for first, second in [*_connected(sentence.text, named), *_listed(sentence.text, named, short, speaker)]:
            key = (min(first, second), max(first, second))
            together = bool(_TOGETHER.search(sentence.text))
            found.setdefault(key, Connection(first, second, together, sentence.cite()))
    return tuple(found.values())


def _organisations(index: Index, spelled: Mapping[str, str]) -> frozenset[str]:
    """Names that are those of organisations: by a word in them, or in what they stand for."""
    names: set[str] = set()
    called: set[str] = set()  # "the Clinical Genomics facilities"
    for sentence in indexed_sentences(index):
        for name, span in find_names(sentence.text):
            names.add(name)
            if _ORGANISATION.match(sentence.text, span.end + 1):
                called.add(name)
    return frozenset(
        name for name in names | set(spelled)
        if name in called or _is_actor(name, spelled) or _ORGANISATION.search(f"{name} {spelled.get(name, '')}")
    )  # fmt: skip


def _is_actor(name: str, spelled: Mapping[str, str]) -> bool:
    """An abbreviation of capitalised words is a name ("Genomic Medicine Sweden"), not a thing."""
    long = [word for word in spelled.get(name, "").split() if not is_function_word(word.casefold())]
    return len(long) > 1 and all(word[0].isupper() for word in long)


def _organisations_in(text: str, known: frozenset[str], short: Mapping[str, str]) -> list[tuple[str, Span]]:
    """Organisations of a sentence and where they stand, abbreviated where the corpus does, each once."""
    found: dict[str, Span] = {}
    for name, span in find_names(text):
        if name in known or name.casefold() in short:
            found.setdefault(short.get(name.casefold(), name), span)
    return list(found.items())


def _connected(text: str, named: Sequence[tuple[str, Span]]) -> Iterator[tuple[str, str]]:
    """Pairs with words between them that connect."""
    for number, (first, span) in enumerate(named):
        for second, other in named[number + 1 :]:
            between = text[span.end : other.start]
            if _CONNECTS.search(between) or _GENITIVE.match(between):
                yield first, second


def _listed(
    text: str, named: Sequence[tuple[str, Span]], short: Mapping[str, str], speaker: str
) -> Iterator[tuple[str, str]]:
    """The one a sentence is about with each of those listed after "together with"."""
    match = _TOGETHER.search(text)
    if not match:
        return
    listed = listed_partners(text[match.end() :])
    subject = next((name for name, _ in named), speaker if _WE.search(text) else "")
    for item in listed if subject else ():
        yield subject, short.get(item.casefold(), item)


def listed_partners(after: str) -> list[str]:
    """The items of a list: "healthcare providers, academia and patient organizations we …" gives three.

    An item ends where a word without content of its own stands, or a vague one makes it no partner.
    """
    items: list[str] = []
    pieces = re.split(r"(,\s+(?:and|och)\s+|,\s+|\s+(?:and|och)\s+)", re.split(r"[.;:()]", after)[0])
    for at in range(0, len(pieces), 2):
        words = pieces[at].split()
        item = _noun_phrase(words)
        if item:
            items.append(item)
        elif not _begins_with_a_name(words):
            return items[:1]
        if at > 0 and re.search(r"and|och", pieces[at - 1]):
            return items
    return items[:1]


def _begins_with_a_name(words: Sequence[str]) -> bool:
    return bool(words) and words[0][0].isupper()


def _noun_phrase(words: Sequence[str]) -> str:
    """The words up to the first function word, its article kept; "" for none, vague or too many.

    Names are left to `find_names`.
    """
    article = ["the"] if words and words[0].casefold() == "the" else []
    kept: list[str] = []
    for word in words[len(article) :]:
        if is_function_word(word.casefold()) or not word.replace("-", "").isalpha():
            break
        kept.append(word)
    named = any(char.isupper() for char in "".join(kept))
    if not kept or named or kept[0].casefold() in _VAGUE or len(kept) > _MOST_WORDS:
        return ""
    return " ".join([*article, *kept])
