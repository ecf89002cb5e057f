"""Message and history -> resolved question -> Answer. The one way to an answer, for every channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering import disagreement, phrases, writer
from assistant.answering.answerability import AnswerabilityModel, Decision
from assistant.answering.definitions import parse_definition_question, to_search_query
from assistant.answering.features import compute_features
from assistant.answering.sentence_selection import score_sentences, select_sentences
from assistant.citations import check_answer
from assistant.conversation import small_talk
from assistant.conversation.combining import combine_answers
from assistant.conversation.follow_ups import resolve_follow_up
from assistant.conversation.question import MAX_QUESTION_CHARACTERS, validate_question
from assistant.conversation.question_splitting import split_questions
from assistant.conversation.suggestions import related_questions
from assistant.conversation.timing import StageTimer
from assistant.conversation.trace import Evidence, Trace
from assistant.embedding.encoder import Encoder
from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Answer, Citation, Notice, RetrievedPassage, SuggestedQuestion, Turn, Verdict
from assistant.text.language import detect_question_language

_RETRIEVED_PASSAGES = 8  # retrieved for an answer
_CLOSEST_PASSAGES = 3  # shown when it is unclear


def _unchanged(document_id: str) -> str:
    """No document has changed: nobody looks."""
    return ""


@dataclass(frozen=True)
class Assistant:
    """Answers questions over one index.

    `language` is spoken to somebody whose question shows none; `contact` is named in a refusal;
    `questions` can be suggested; `changed` tells whether a document is "changed" or "gone" since it was
    indexed ("" when neither).
    """

    index: Index
    encoder: Encoder
    answerability: AnswerabilityModel
    language: str = "en"
    contact: str = ""
    questions: tuple[SuggestedQuestion, ...] = ()
    document_change: Callable[[str], str] = _unchanged

    def ask(self, question: str, history: Sequence[Turn] = (), passage_filter: PassageFilter | None = None) -> Answer:
        """The answer to `question`, after the turns of `history`, from the passages that `only` allows.

        Raises:
            QuestionError: the question is empty or too long.
            IndexDamagedError: a quote would not be verbatim.
        """
        return self.trace(question, history, passage_filter).answer

    def trace(self, question: str, history: Sequence[Turn] = (), passage_filter: PassageFilter | None = None) -> Trace:
        """`ask` with the stages that led to the answer."""
        clock = StageTimer()
        question = validate_question(question)
        parts = split_questions(question)
        if len(parts) == 1:
            trace = self._trace_one(question, history, clock, passage_filter)
        else:
            trace = self._trace_each(question, parts, history, clock, passage_filter)
        answer = replace(trace.answer, notices=self.notices(trace.answer.citations), timings_ms=clock.timings())
        return replace(trace, answer=check_answer(answer, self.index.texts))

    def _trace_one(
        self, question: str, history: Sequence[Turn], clock: StageTimer, passage_filter: PassageFilter | None
    ) -> Trace:
        small = small_talk.recognise_small_talk(question)
        if small:
            return Trace(self._about_me(question, small))
        with clock.measure("resolve"):
            resolved = self.resolve_question(question, history)
            language = detect_question_language(question, self._spoken(history))
        found = self.gather_evidence(resolved, language, clock, passage_filter)
        with clock.measure("decide"):
            decision = self.answerability.decide(found.features)
            answer = self._answer(question, resolved, found, decision)
        return Trace(answer, found, decision)

    def _trace_each(
        self,
        message: str,
        parts: Sequence[str],
        history: Sequence[Turn],
        clock: StageTimer,
        passage_filter: PassageFilter | None,
    ) -> Trace:
        """Several questions, each after the one before; the stages kept are those of the part that decides."""
        traces: list[Trace] = []
        turns = list(history)
        for part in parts:
            traces.append(self._trace_one(part, turns, clock, passage_filter))
            answer = traces[-1].answer
            turns.append(Turn(part, answer.resolved_question))
        whole = combine_answers(message, [trace.answer for trace in traces], self.language)
        shown = next(trace for trace in traces if trace.answer.verdict is whole.verdict)
        return replace(shown, answer=whole)

    def resolve_question(self, question: str, history: Sequence[Turn]) -> str:
        """`question` with what it leans on from the turns before it written out.

        Talk about the assistant is no turn to lean on. What would get longer than a question may be
        is left as it was asked.
        """
        turns = [turn for turn in history if not small_talk.recognise_small_talk(turn.question)]
        resolved = resolve_follow_up(question, turns)
        return resolved if len(resolved) <= MAX_QUESTION_CHARACTERS else question

    def gather_evidence(
        self, question: str, language: str, clock: StageTimer | None = None, passage_filter: PassageFilter | None = None
    ) -> Evidence:
        """Passages and sentences for a question that stands alone."""
        clock = clock or StageTimer()
        with clock.measure("encode"):
            query = make_query(self.index, self.encoder, to_search_query(question, language), language)
        with clock.measure("retrieve"):
            retrieved = retrieve(self.index, query, _RETRIEVED_PASSAGES, passage_filter)
        with clock.measure("choose"):
            evidence = score_sentences(self.index, query, retrieved, parse_definition_question(question))
            chosen = select_sentences(evidence)
            made = compute_features(self.index, query, retrieved, evidence)
        return Evidence(query, tuple(retrieved), tuple(evidence), tuple(chosen), made)

    def notices(self, citations: Sequence[Citation]) -> tuple[Notice, ...]:
        """What there is to know of `citations` now: a text may have changed since they were made."""
        return (*disagreement.disagreement_notices(citations), *self._changes(citations))

    def search(self, text: str, language: str, count: int) -> list[RetrievedPassage]:
        """The `count` passages nearest to `text`, whether they answer it or not."""
        return retrieve(self.index, make_query(self.index, self.encoder, text, language), count)

    def topics(self, count: int = 4) -> tuple[str, ...]:
        """Titles of the corpus, the first `count`."""
        found: dict[str, None] = {}
        for document in self.index.documents.values():
            if len(found) == count:
                break
            found[document.title] = None
        return tuple(found)

    def _spoken(self, history: Sequence[Turn]) -> str:
        return detect_question_language(history[-1].question, self.language) if history else self.language

    def _about_me(self, question: str, small: tuple[str, str]) -> Answer:
        language, kind = small
        return Answer(
            question=question, resolved_question=question, language=language, verdict=Verdict.ABOUT_ME,
            abstained=False, answer=small_talk.small_talk_reply(language, kind, self.topics()), confidence=1.0,
        )  # fmt: skip

    def _answer(self, question: str, resolved: str, found: Evidence, decision: Decision) -> Answer:
        query, retrieved, chosen = found.query, found.retrieved, found.selected
        verdict = decision.verdict
        spoken = phrases.reply_language(query.language, self.language)
        citations: tuple[Citation, ...] = ()
        near: tuple[Citation, ...] = ()
        if verdict is Verdict.ANSWERED:
            citations = writer.make_citations(chosen)
            text = writer.compose_answer(citations, spoken, resolved)
        else:
            near = writer.closest_passages(retrieved[:_CLOSEST_PASSAGES]) if verdict is Verdict.UNCLEAR else ()
            text = phrases.refusal_text(verdict, spoken, _nearest_topics(retrieved), self.contact)
        return Answer(
            question=question, resolved_question=resolved, language=query.language, verdict=verdict,
            abstained=verdict is not Verdict.ANSWERED, answer=text, confidence=round(decision.answer_probability, 4),
            citations=citations, closest=near,
            suggestions=self._related(resolved, retrieved, query.language),
        )  # fmt: skip

    def _related(self, resolved: str, retrieved: Sequence[RetrievedPassage], language: str) -> tuple[str, ...]:
        return related_questions(self.questions, [item.passage.passage_id for item in retrieved], resolved, language)

    def _changes(self, citations: Sequence[Citation]) -> Iterator[Notice]:
        """What became of the cited texts since they were indexed."""
        kinds: dict[str, list[int]] = {}
        for citation in citations:
            if kind := self.document_change(citation.document_id):
                kinds.setdefault(kind, []).append(citation.number)
        return (Notice(kind, tuple(numbers)) for kind, numbers in kinds.items())


def _nearest_topics(retrieved: Sequence[RetrievedPassage]) -> tuple[str, ...]:
    """What the nearest passages are about: their lowest heading, or the title of their document."""
    names = (item.passage.heading[-1] if item.passage.heading else item.passage.title for item in retrieved)
    return tuple(dict.fromkeys(names))[:3]
