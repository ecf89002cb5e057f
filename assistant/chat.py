"""Message and history -> resolved question -> Answer. The one way to an answer, for every channel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from assistant.answering import phrases, smalltalk, writer
from assistant.answering.decision import confidence, verdict_of
from assistant.answering.evidence import Evidence, choose, weigh
from assistant.citations import check_answer
from assistant.embedding.encoder import Encoder
from assistant.errors import QuestionError
from assistant.followup import resolve
from assistant.index.loaded import Index
from assistant.language import detect_question
from assistant.retrieval import Query, make_query, retrieve
from assistant.schema import Answer, Citation, Retrieved, Turn, Verdict

MOST_CHARACTERS = 2000
MOST_TURNS = 12
_PASSAGES = 8  # retrieved for an answer
_CLOSEST = 3  # shown when it is unclear


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer with every stage that led to it."""

    answer: Answer
    retrieved: tuple[Retrieved, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Assistant:
    """Answers questions over one index.

    `language` is spoken to somebody whose question shows none; `contact` is named in a refusal.
    """

    index: Index
    encoder: Encoder
    language: str = "en"
    contact: str = ""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to `question`, after the turns of `history`.

        Raises:
            QuestionError: the question is empty or too long.
            IndexDamagedError: a quote would not be verbatim.
        """
        return self.trace(question, history).answer

    def trace(self, question: str, history: Sequence[Turn] = ()) -> Trace:
        """`ask` with the stages that led to the answer."""
        clock = _Clock()
        question = _taken(question)
        small = smalltalk.recognise(question)
        if small:
            return Trace(self._about_me(question, small, clock))
        with clock.measure("resolve"):
            resolved = resolve(question, history[-MOST_TURNS:])
            language = detect_question(question, self._spoken(history))
        with clock.measure("encode"):
            query = make_query(self.index, self.encoder, resolved, language)
        with clock.measure("retrieve"):
            retrieved = retrieve(self.index, query, _PASSAGES)
        with clock.measure("answer"):
            evidence = weigh(self.index, query, retrieved)
            answer = self._answer(question, query, retrieved, evidence)
        answer = replace(answer, timings_ms=clock.timings())
        return Trace(check_answer(answer, self.index.texts), tuple(retrieved), tuple(evidence))

    def topics(self, count: int = 4) -> tuple[str, ...]:
        """Titles of the corpus, the first `count`."""
        return tuple(dict.fromkeys(document.title for document in self.index.documents.values()))[:count]

    def _spoken(self, history: Sequence[Turn]) -> str:
        return detect_question(history[-1].question, self.language) if history else self.language

    def _about_me(self, question: str, small: tuple[str, str], clock: _Clock) -> Answer:
        language, kind = small
        return Answer(
            question=question, resolved_question=question, language=language, verdict=Verdict.ABOUT_ME,
            abstained=False, answer=smalltalk.reply(language, kind, self.topics()), confidence=1.0,
            timings_ms=clock.timings(),
        )  # fmt: skip

    def _answer(
        self, question: str, query: Query, retrieved: Sequence[Retrieved], evidence: Sequence[Evidence]
    ) -> Answer:
        probability = confidence(evidence)
        verdict = verdict_of(probability)
        spoken = phrases.page_language(query.language, self.language)
        citations: tuple[Citation, ...] = ()
        near: tuple[Citation, ...] = ()
        topics: tuple[str, ...] = ()
        if verdict is Verdict.ANSWERED:
            citations = writer.cite(choose(evidence))
            text = writer.compose(citations, spoken)
        else:
            near = writer.closest(retrieved[:_CLOSEST]) if verdict is Verdict.UNCLEAR else ()
            topics = _nearest_topics(retrieved)
            text = phrases.refusal(verdict, spoken, topics, self.contact)
        return Answer(
            question=question, resolved_question=query.text, language=query.language, verdict=verdict,
            abstained=verdict is not Verdict.ANSWERED, answer=text, confidence=round(probability, 4),
            citations=citations, closest=near, suggestions=topics,
        )  # fmt: skip


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._stages[stage] = round(1000 * (time.perf_counter() - start), 2)

    def timings(self) -> dict[str, float]:
        return {**self._stages, "total": round(1000 * (time.perf_counter() - self._start), 2)}


def _taken(question: str) -> str:
    question = question.strip()
    if not any(char.isalnum() for char in question):
        raise QuestionError("the question is empty; write one")
    if len(question) > MOST_CHARACTERS:
        raise QuestionError(f"the question has {len(question)} characters; ask it in at most {MOST_CHARACTERS}")
    return question


def _nearest_topics(retrieved: Sequence[Retrieved]) -> tuple[str, ...]:
    """What the nearest passages are about: their lowest heading, or the title of their document."""
    names = (item.passage.heading[-1] if item.passage.heading else item.passage.title for item in retrieved)
    return tuple(dict.fromkeys(names))[:3]
