"""Names and abbreviations in texts, by their spelling: no model, any corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.index.loading import Index
from assistant.schema import Citation, Passage, Span
from assistant.text.function_words import is_function_word

_CAPITALISED = r"(?:[A-ZÅÄÖ][^\W_]*(?:-[^\W_]+)*)"
# Words in lower case that end a Swedish name: "Karolinska universitetssjukhuset".
_TAIL = r"(?:[ ](?:universitets?sjukhuset|universitetet|universitet|sjukhuset|sjukhus|institutet|högskola|kommun))?"
_NAME = re.compile(rf"{_CAPITALISED}(?:[ ](?:(?:of|for|för|av|de|von)[ ](?:the[ ])?)?{_CAPITALISED})*{_TAIL}")
_SHORT = re.compile(r"\(([^\W_][^\W_\s/.&-]*(?:[-/.&][^\W_]+)?)\)")
_MAX_NAME_WORDS, _MAX_ABBREVIATION = 6, 10  # words, characters


@dataclass(frozen=True, slots=True)
class IndexedSentence:
    """A sentence of the corpus with the passage it stands in."""

    row: int
    passage: Passage
    span: Span

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.quote(self.span)

    def cite(self, number: int = 1) -> Citation:
        """This sentence as a citation."""
        passage = self.passage
        return Citation(
            number=number, document_id=passage.document_id, title=passage.title, url=passage.url,
            heading=passage.heading, passage_id=passage.passage_id, quote=self.text,
            start=self.span.start, end=self.span.end, score=0.0, language=passage.language,
        )  # fmt: skip


def indexed_sentences(index: Index) -> Iterator[IndexedSentence]:
    """Every sentence of the corpus, in order."""
    for row, passage in enumerate(index.passages):
        for span in passage.sentences:
            yield IndexedSentence(row, passage, span)


def find_names(sentence: str) -> list[tuple[str, Span]]:
    """Names of a sentence and where they stand.

    A name is a run of capitalised words, or a word with a capital or digit inside it. A single
    capitalised word at the beginning of the sentence tells nothing and doesn't count.
    """
    found = []
    for match in _NAME.finditer(sentence):
        start, words = match.start(), match.group().split(" ")
        while words and is_function_word(words[0].casefold()):
            start += len(words[0]) + 1
            words = words[1:]
        name = " ".join(words)
        if not words or len(words) > _MAX_NAME_WORDS or len(name) < 2:
            continue
        first = not sentence[:start].strip(" \"'“”(-–•*")
        if len(words) == 1 and first and not _is_distinctive(name):
            continue
        found.append((name, Span(start, start + len(name))))
    return found


def _is_distinctive(word: str) -> bool:
    """Whether a word is spelled as only a name is: "GMS", "SciLifeLab", "B12"."""
    return any(char.isupper() or char.isdigit() for char in word[1:])


def is_term(name: str) -> bool:
    """Whether a name is worth an entry of its own: more than one word, or spelled as only a name is."""
    return " " in name or _is_distinctive(name)


def find_abbreviations(sentence: str) -> Iterator[tuple[str, str]]:
    """Pairs of an abbreviation in brackets and what stands before it: ("NBIS", "National …").

    Schwartz & Hearst 2003, "A simple algorithm for identifying abbreviation definitions in
    biomedical text": the letters are looked for from right to left.
    """
    for match in _SHORT.finditer(sentence):
        short = match.group(1)
        if not 2 <= len(short) <= _MAX_ABBREVIATION or not any(char.isupper() for char in short):
            continue
        words = sentence[: match.start()].split()[-min(len(short) + 5, 2 * len(short)) :]
        long = _long_form(short, " ".join(words))
        if long and len(long.split()) > 1 and len(long) > len(short) and short not in long.split():
            yield short, long


def _long_form(short: str, before: str) -> str:
    """The shortest end of `before` that has the letters of `short` in order, the first at a word's start."""
    at = len(before) - 1
    for position in range(len(short) - 1, -1, -1):
        letter = short[position].casefold()
        if not letter.isalnum():
            continue
        while at >= 0 and (before[at].casefold() != letter or (position == 0 and at > 0 and before[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return ""
        at -= 1
    return before[at + 1 :].strip(" ,;:(\"“'")


def aliases(index: Index) -> dict[str, str]:
    """Abbreviation -> what it stands for, as the corpus says it most often, the first where it is even."""
    counts: dict[str, dict[str, int]] = {}
    for sentence in indexed_sentences(index):
        for short, long in find_abbreviations(sentence.text):
            own = counts.setdefault(short, {})
            own[long] = own.get(long, 0) + 1
    return {short: max(own, key=lambda long: own[long]) for short, own in counts.items()}
