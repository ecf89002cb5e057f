"""Answers messages. Every channel, such as the chat page or the API, gets its answers from this module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering import disagreement, phrases, writer
from assistant.answering.answerability import AnswerabilityModel, Decision
from assistant.answering.definitions import parse_definition_question, to_search_query
from assistant.answering.features import compute_features
from assistant.answering.reading import compute_reading_features, read_sentences
from assistant.answering.sentence_selection import score_sentences, select_sentences
from assistant.citations import check_answer_citations
from assistant.conversation import small_talk
from assistant.conversation.answer_combining import combine_answers
from assistant.conversation.follow_ups import (
    is_agreement,
    question_to_read,
    resolve_follow_up,
    resolved_question,
)
from assistant.conversation.question import MAX_QUESTION_CHARACTERS, validate_question
from assistant.conversation.question_splitting import split_questions
from assistant.conversation.suggestions import related_questions
from assistant.conversation.timing import StageTimer
from assistant.conversation.trace import Evidence, Trace
from assistant.embedding.encoder import Encoder
from assistant.index.loading import Index
from assistant.reader.reader import Reader
from assistant.retrieval.passage_filter import PassageFilter
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Answer, Citation, Notice, RetrievedPassage, SuggestedQuestion, Turn, Verdict
from assistant.text.language import detect_question_language

_RETRIEVED_PASSAGES = 8
_CLOSEST_PASSAGES = 3  # number of passages shown with an unclear verdict
_MAX_TURNS_BACK = 4  # a follow-up may refer to an answer at most this many turns back
_MAX_TOPICS = 3  # maximum number of topics named in a refusal


def _never_changed(document_id: str) -> str:
    """Report no change. By default, documents are not checked for changes."""
    return ""


@dataclass(frozen=True)
class Assistant:
    """Answers questions from the documents in one index.

    Attributes:
        index: the index to search.
        encoder: the embedding model with which the index was built.
        answerability_model: decides whether a question is answered.
        default_language: the reply language if the language of the question can't be detected or isn't supported.
        contact: the person or address that a refusal recommends contacting; "" if there is none.
        reader: reads the best sentences before the decision; None if the assistant works without a reader.
        suggested_questions: the questions that may be suggested after an answer.
        detect_document_change: takes a document id and returns "changed" if the document has been edited since it was
            indexed, "gone" if it has been removed, else "".
    """

    index: Index
    encoder: Encoder
    answerability_model: AnswerabilityModel
    default_language: str = "en"
    contact: str = ""
    reader: Reader | None = None
    suggested_questions: tuple[SuggestedQuestion, ...] = ()
    detect_document_change: Callable[[str], str] = _never_changed

    def ask(self, question: str, history: Sequence[Turn] = (), passage_filter: PassageFilter | None = None) -> Answer:
        """Answer a message.

        Args:
            question: the message: one question, several questions or small talk.
            history: the earlier turns of the conversation, oldest first.
            passage_filter: selects the passages that may be quoted; if None, any passage may be.

        Raises:
            QuestionError: the question is empty, too long or not valid Unicode.
            IndexDamagedError: a quote doesn't match the text of its document word for word.
        """
        return self.trace(question, history, passage_filter).answer

    def trace(self, question: str, history: Sequence[Turn] = (), passage_filter: PassageFilter | None = None) -> Trace:
        """Answer a message as `ask` does, and return the answer with the results of the stages that led to it."""
        timer = StageTimer()
        question = validate_question(question)
        parts = split_questions(question)
        if len(parts) == 1:
            trace = self._trace_one(question, history, timer, passage_filter)
        else:
            trace = self._trace_each(question, parts, history, timer, passage_filter)
        answer = replace(trace.answer, notices=self.make_notices(trace.answer.citations), timings_ms=timer.timings())
        return replace(trace, answer=check_answer_citations(answer, self.index.document_texts))

    def _trace_one(
        self, question: str, history: Sequence[Turn], timer: StageTimer, passage_filter: PassageFilter | None
    ) -> Trace:
        """Answer a message that consists of a single question or small talk."""
        recognised = small_talk.recognise_small_talk(question)
        if recognised:
            language, kind = recognised
            return Trace(self._small_talk_answer(question, language, kind))
        with timer.measure("resolve"):
            resolved = self.resolve_question(question, history)
            language = detect_question_language(question, self._conversation_language(history))
        if is_agreement(resolved):
            return Trace(self._small_talk_answer(question, language, "agreed"))
        return self._trace_resolved(question, resolved, language, timer, passage_filter)

    def _trace_resolved(
        self, question: str, resolved: str, language: str, timer: StageTimer, passage_filter: PassageFilter | None
    ) -> Trace:
        """Answer a single question, which makes sense on its own in the form `resolved`."""
        to_read = question_to_read(question, resolved)
        evidence = self.gather_evidence(resolved, language, timer, passage_filter, to_read)
        with timer.measure("decide"):
            decision = self.answerability_model.decide(
                evidence.best_sentence_features, evidence.reading_features, is_follow_up=to_read != resolved
            )
            answer = self._compose_answer(question, resolved, evidence, decision)
        return Trace(answer, evidence, decision)

    def _trace_each(
        self,
        message: str,
        questions: Sequence[str],
        history: Sequence[Turn],
        timer: StageTimer,
        passage_filter: PassageFilter | None,
    ) -> Trace:
        """Answer several questions, treating each one as a possible follow-up to the question before it.

        The stages in the trace are those of the first question whose verdict is the same as the combined verdict.
        """
        traces: list[Trace] = []
        turns = list(history)
        for question in questions:
            traces.append(self._trace_one(question, turns, timer, passage_filter))
            turns.append(Turn(question, traces[-1].answer.resolved_question))
        combined = combine_answers(message, [trace.answer for trace in traces], self.default_language)
        decisive = next(trace for trace in traces if trace.answer.verdict is combined.verdict)
        return replace(decisive, answer=combined)

    def resolve_question(self, question: str, history: Sequence[Turn]) -> str:
        """Return `question`, rewritten if necessary so that it makes sense without the earlier turns.

        A follow-up refers to the last question that was answered. "Yes" accepts the first question or topic that the
        last answer offered. Turns that are small talk are ignored. If the result would be longer than a question may
        be, `question` is returned unchanged.
        """
        turns = [turn for turn in history if not small_talk.recognise_small_talk(turn.question)]
        if not turns:
            return question
        if is_agreement(question):
            return next(iter(self._offers(turns[-1])), question)
        resolved = resolve_follow_up(question, resolved_question(turns[-1]))
        if resolved != question and not self._answers(turns[-1]):
            answered = (turn for turn in reversed(turns[-_MAX_TURNS_BACK:-1]) if self._answers(turn))
            resolved = resolve_follow_up(question, resolved_question(next(answered, turns[-1])))
        return resolved if len(resolved) <= MAX_QUESTION_CHARACTERS else question

    def _answers(self, turn: Turn) -> bool:
        """Return whether the assistant answers the question of an earlier turn."""
        return not self._repeat(turn).answer.abstained

    def _offers(self, turn: Turn) -> tuple[str, ...]:
        """Return the questions and topics that the assistant offered in an earlier turn."""
        trace = self._repeat(turn)
        if not trace.answer.abstained or trace.evidence is None:
            return trace.answer.suggestions
        return (*trace.answer.suggestions, *_related_topics(trace.evidence.retrieved_passages))

    def _repeat(self, turn: Turn) -> Trace:
        """Answer an earlier turn again, so that clients needn't send back what was answered."""
        language = detect_question_language(turn.question, self.default_language)
        return self._trace_resolved(turn.question, resolved_question(turn), language, StageTimer(), None)

    def gather_evidence(
        self, question: str, language: str, timer: StageTimer | None = None,
        passage_filter: PassageFilter | None = None, to_read: str = "",
    ) -> Evidence:  # fmt: skip
        """Retrieve passages and select sentences for `question`, whose references must already be resolved.

        Args:
            question: the question.
            language: the language code of the question.
            timer: measures the stages.
            passage_filter: selects the passages that may be quoted; if None, any passage may be.
            to_read: the question that the reader reads; if empty, `question`.
        """
        timer = timer or StageTimer()
        with timer.measure("encode"):
            query = make_query(self.index, self.encoder, to_search_query(question, language), language)
        with timer.measure("retrieve"):
            retrieved = retrieve(self.index, query, _RETRIEVED_PASSAGES, passage_filter)
        with timer.measure("score"):
            sentences = score_sentences(self.index, query, retrieved, parse_definition_question(question))
        if self.reader:
            with timer.measure("read"):
                sentences = read_sentences(self.reader, to_read or question, sentences, to_read not in {"", question})
        with timer.measure("select"):
            selected = select_sentences(sentences)
            features = compute_features(self.index, query, retrieved, sentences)
            reading_features = (
                compute_reading_features(to_read or question, language, sentences) if self.reader else None
            )
        return Evidence(query, tuple(retrieved), tuple(sentences), tuple(selected), features, reading_features)

    def make_notices(self, citations: Sequence[Citation]) -> tuple[Notice, ...]:
        """Return notices about contradictions between quotes and about changes to cited documents since indexing."""
        return (*disagreement.disagreement_notices(citations), *self._change_notices(citations))

    def search_passages(self, text: str, language: str, count: int) -> list[RetrievedPassage]:
        """Return the `count` passages that best match `text`, whether or not they contain an answer."""
        return retrieve(self.index, make_query(self.index, self.encoder, text, language), count)

    def document_titles(self, count: int = 4) -> tuple[str, ...]:
        """Return the first `count` distinct document titles."""
        titles: dict[str, None] = {}
        for document in self.index.documents.values():
            if len(titles) == count:
                break
            titles[document.title] = None
        return tuple(titles)

    def _conversation_language(self, history: Sequence[Turn]) -> str:
        return (
            detect_question_language(history[-1].question, self.default_language) if history else self.default_language
        )

    def _small_talk_answer(self, question: str, language: str, kind: str) -> Answer:
        return Answer(
            question=question, resolved_question=question, language=language, verdict=Verdict.ABOUT_ME,
            abstained=False, answer=small_talk.small_talk_reply(language, kind, self.document_titles()), confidence=1.0,
        )  # fmt: skip

    def _compose_answer(self, question: str, resolved: str, evidence: Evidence, decision: Decision) -> Answer:
        query, retrieved, verdict = evidence.query, evidence.retrieved_passages, decision.verdict
        reply_language = phrases.reply_language(query.language, self.default_language)
        citations: tuple[Citation, ...] = ()
        closest: tuple[Citation, ...] = ()
        if verdict is Verdict.ANSWERED:
            citations = writer.make_citations(evidence.selected_sentences)
            text = writer.compose_answer(citations, reply_language, resolved)
        else:
            closest = writer.cite_whole_passages(retrieved[:_CLOSEST_PASSAGES]) if verdict is Verdict.UNCLEAR else ()
            text = phrases.refusal_text(verdict, reply_language, _related_topics(retrieved), self.contact)
        passage_ids = [item.passage.passage_id for item in retrieved]
        return Answer(
            question=question, resolved_question=resolved, language=query.language, verdict=verdict,
            abstained=verdict is not Verdict.ANSWERED, answer=text, confidence=round(decision.answer_probability, 4),
            citations=citations, closest=closest,
            suggestions=related_questions(self.suggested_questions, passage_ids, resolved, query.language),
        )  # fmt: skip

    def _change_notices(self, citations: Sequence[Citation]) -> Iterator[Notice]:
        """Return one notice for each kind of change, naming the citations whose documents changed in that way."""
        numbers_of: dict[str, list[int]] = {}
        for citation in citations:
            if kind := self.detect_document_change(citation.document_id):
                numbers_of.setdefault(kind, []).append(citation.number)
        return (Notice(kind, tuple(numbers)) for kind, numbers in numbers_of.items())


def _related_topics(retrieved: Sequence[RetrievedPassage]) -> tuple[str, ...]:
    """Return the topics of the best passages, without repetitions.

    The topic of a passage is the nearest heading above it or, if there is none, the title of its document.
    """
    topics = (item.passage.heading[-1] if item.passage.heading else item.passage.title for item in retrieved)
    return tuple(dict.fromkeys(topics))[:_MAX_TOPICS]
