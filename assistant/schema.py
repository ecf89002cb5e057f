"""Data classes that all stages use. Instances are immutable; use `dataclasses.replace` to make a changed copy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Whether and how a question was answered."""

    ANSWERED = "answered"
    UNCLEAR = "unclear"
    NOT_COVERED = "not_covered"
    ABOUT_ME = "about_me"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open character range `[start, end)` in the text of a document."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document, with its position and level (1 is the highest)."""

    span: Span
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document in the corpus, in the form in which it is indexed.

    `document_id` is the file's path relative to the corpus folder, with `/` as the separator. All document
    offsets in the program count characters from the start of `text`.
    """

    document_id: str
    title: str
    text: str
    language: str
    url: str | None = None
    source: str | None = None
    retrieved: str | None = None  # date on which the document was fetched or written, YYYY-MM-DD
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that is embedded, retrieved and cited as one unit.

    `heading` is the path of headings above the passage. `sentences` contains the spans of the passage's
    sentences, in document offsets. Headings don't count as sentences.
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
        """Return the text at `span`, which must be in document offsets and lie within this passage."""
        return self.text[span.start - self.start : span.end - self.start]


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage with its retrieval scores.

    Attributes:
        score: the score by which passages are ranked for a question; higher is better.
        cosine: the cosine similarity of the question's and the passage's vectors, -1..1.
        lexical_score: how much of the question's wording the passage contains, 0..1.
        word_match: how closely the passage's words match the question's words in meaning, -1..1.
    """

    passage: Passage
    score: float
    cosine: float
    lexical_score: float
    word_match: float


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """The words of a quote that answer the question. They are `document.text[start:end]`, within the quote."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and its source. The quote is `document.text[start:end]`.

    `answer` gives the words of the quote that answer the question; it is None if the reader found none.
    """

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
    answer: AnswerSpan | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning about the citations whose numbers are in `citations`.

    `kind` is "changed" (the document has changed since it was indexed), "gone" (the document is no
    longer in the corpus) or "disagree" (the quotes contradict each other).
    """

    kind: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuggestedQuestion:
    """A question that was generated from the passage `passage_id` and that the assistant can answer."""

    question: str
    language: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question. It is the same in every channel.

    Attributes:
        resolved_question: the question, with missing context filled in from earlier questions so that it makes sense
            on its own.
        abstained: whether the assistant refused to answer.
        answer: the text of the answer, with citation markers such as `[1]`.
        closest: the quotes that come closest to an answer, if the verdict is "unclear".
        suggestions: similar questions that the assistant can answer.
        answer_id: the id that feedback refers to; "" if the answer isn't stored.
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
    """An earlier question in a conversation; for `resolved_question`, see `Answer`."""

    question: str
    resolved_question: str = ""


def answer_as_dict(answer: Answer) -> dict[str, object]:
    """Return `answer` as the JSON object that every channel sends."""
    return asdict(answer)
