"""Finds names and abbreviations by their spelling. This needs no model and works on any corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.schema import Citation, Passage, Span
from assistant.text.function_words import is_function_word

_CAPITALISED = r"(?:[A-ZÅÄÖ][^\W_]*(?:-[^\W_]+)*)"
# Lower-case nouns with which a Swedish name can end, for example: "Karolinska universitetssjukhuset".
_SWEDISH_TAIL = (
    r"(?:[ ](?:universitets?sjukhuset|universitetet|universitet|sjukhuset|sjukhus|institutet|högskola|kommun))?"
)
_NAME = re.compile(rf"{_CAPITALISED}(?:[ ](?:(?:of|for|för|av|de|von)[ ](?:the[ ])?)?{_CAPITALISED})*{_SWEDISH_TAIL}")
_IN_BRACKETS = re.compile(r"\(([^\W_][^\W_\s/.&-]*(?:[-/.&][^\W_]+)?)\)")
_MAX_NAME_WORDS = 6
_MAX_ABBREVIATION_LENGTH = 10  # in characters


@dataclass(frozen=True, slots=True)
class IndexedSentence:
    """A sentence together with its passage; `passage_row` is the passage's row in the index."""

    passage_row: int
    passage: Passage
    span: Span

    @property
    def text(self) -> str:
        """The text of the sentence, verbatim."""
        return self.passage.quote(self.span)

    def make_citation(self, number: int = 1) -> Citation:
        """Return a citation of the sentence."""
        passage = self.passage
        return Citation(
            number=number, document_id=passage.document_id, title=passage.title, url=passage.url,
            heading=passage.heading, passage_id=passage.passage_id, quote=self.text,
            start=self.span.start, end=self.span.end, score=0.0, language=passage.language,
        )  # fmt: skip


def indexed_sentences(index: Index) -> Iterator[IndexedSentence]:
    """Yield every sentence in the index, in order."""
    for row, passage in enumerate(index.passages):
        for span in passage.sentences:
            yield IndexedSentence(row, passage, span)


def find_names(sentence: str) -> list[tuple[str, Span]]:
    """Find the names in `sentence`, and return each with its position.

    A name is a run of capitalised words, or one word with a capital letter or a digit inside it. A single capitalised
    word at the start of the sentence is ignored, because any word is capitalised there.
    """
    names = []
    for match in _NAME.finditer(sentence):
        start, words = match.start(), match.group().split(" ")
        while words and is_function_word(words[0].casefold()):
            start += len(words[0]) + 1
            words = words[1:]
        name = " ".join(words)
        if not words or len(words) > _MAX_NAME_WORDS or len(name) < 2:
            continue
        starts_sentence = not sentence[:start].strip(" \"'“”(-–•*")
        if len(words) == 1 and starts_sentence and not _is_distinctive(name):
            continue
        names.append((name, Span(start, start + len(name))))
    return names


def _is_distinctive(word: str) -> bool:
    """Return whether the spelling marks `word` as a name: "GMS", "SciLifeLab", "B12"."""
    return any(char.isupper() or char.isdigit() for char in word[1:])


def is_glossary_term(name: str) -> bool:
    """Return whether `name` is suitable for the glossary: it has several words or a distinctive spelling."""
    return " " in name or _is_distinctive(name)


def find_abbreviations(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield each abbreviation in brackets with the long form that precedes it, such as ("NBIS", "National …").

    The function implements Schwartz & Hearst 2003, "A simple algorithm for identifying abbreviation definitions in
    biomedical text", which matches the letters from right to left.
    """
    for match in _IN_BRACKETS.finditer(sentence):
        short = match.group(1)
        if not 2 <= len(short) <= _MAX_ABBREVIATION_LENGTH or not any(char.isupper() for char in short):
            continue
        words = sentence[: match.start()].split()[-min(len(short) + 5, 2 * len(short)) :]
        long = _match_long_form(short, " ".join(words))
        if long and len(long.split()) > 1 and len(long) > len(short) and short not in long.split():
            yield short, long


def _match_long_form(short: str, preceding: str) -> str:
    """Return the shortest final part of `preceding` that contains the letters of `short` in order.

    The first letter of `short` must match the start of a word. Returns "" if there is no match.
    """
    position = len(preceding) - 1
    for letter_number in range(len(short) - 1, -1, -1):
        letter = short[letter_number].casefold()
        if not letter.isalnum():
            continue
        while position >= 0 and (
            preceding[position].casefold() != letter
            or (letter_number == 0 and position > 0 and preceding[position - 1].isalnum())
        ):
            position -= 1
        if position < 0:
            return ""
        position -= 1
    return preceding[position + 1 :].strip(" ,;:(\"“'")


def long_forms_by_abbreviation(index: Index) -> dict[str, str]:
    """Return the most frequent long form of each abbreviation. Of equally frequent forms, the first is used."""
    counts: dict[str, dict[str, int]] = {}
    for sentence in indexed_sentences(index):
        for short, long in find_abbreviations(sentence.text):
            counts_of_short = counts.setdefault(short, {})
            counts_of_short[long] = counts_of_short.get(long, 0) + 1
    return {short: max(long_counts, key=lambda long: long_counts[long]) for short, long_counts in counts.items()}
