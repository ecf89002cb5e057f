"""The values that travel between the stages. All are frozen; change means `dataclasses.replace`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What the assistant says about a question (design: promises 1 and 4)."""

    ANSWERED = "answered"
    UNCLEAR = "unclear"
    NOT_COVERED = "not_covered"
    ABOUT_ME = "about_me"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character range `[start, end)` into a document's indexed text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document: where it stands, and its level (1 is the highest)."""

    span: Span
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the corpus, as it is indexed.

    `document_id` is the path relative to the corpus folder (with `/`). All offsets anywhere in the
    program count characters of `text`.
    """

    document_id: str
    title: str
    text: str
    language: str
    url: str | None = None
    source: str | None = None
    retrieved: str | None = None  # the day it was fetched or written, YYYY-MM-DD
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is embedded, retrieved and cited as one.

    `sentences` are the spans of its sentences, in document offsets; headings are no sentences.
    """

    passage_id: str
    document_id: str
    title: str
    url: str | None
    language: str
    heading: tuple[str, ...]
    text: str
    start: int
    end: int
    sentences: tuple[Span, ...]

    def quote(self, span: Span) -> str:
        """The words at `span`, which lies inside this passage."""
        return self.text[span.start - self.start : span.end - self.start]


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage with what the retrievers said of it.

    `score` orders (higher is better); `cosine` is the dense similarity, -1..1; `lexical` the share of
    the question's words that it has, 0..1, 0.0 when no term matched; `word_match` how well its words
    cover the question's, -1..1.
    """

    passage: Passage
    score: float
    cosine: float
    lexical: float
    word_match: float


@dataclass(frozen=True, slots=True)
class Citation:
    """The evidence for one sentence of an answer: `document.text[start:end] == quote`."""

    number: int
    document_id: str
    title: str
    url: str | None
    heading: tuple[str, ...]
    passage_id: str
    quote: str
    start: int
    end: int
    score: float
    language: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know of the citations with these numbers.

    `kind` is "changed" (their text changed since it was indexed), "gone" (it is no longer in the
    corpus) or "disagree" (they state different things).
    """

    kind: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuggestedQuestion:
    """A question made from the corpus that the assistant was seen to answer, from passage `passage_id`."""

    question: str
    language: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What every channel returns for a question. `answer` carries markers `[1]`, `[2]`.

    `suggestions` are questions near this one that are answered. `answer_id` is set where answers are
    recorded, for feedback; "" elsewhere.
    """

    question: str
    resolved_question: str
    language: str
    verdict: Verdict
    abstained: bool
    answer: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    closest: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    answer_id: str = ""
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation, and how it was understood."""

    question: str
    resolved_question: str = ""


def answer_as_dict(answer: Answer) -> dict[str, object]:
    """The JSON object of an Answer, the same in every channel."""
    return asdict(answer)
