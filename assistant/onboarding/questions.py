"""Makes each question from a sentence in the corpus, and keeps it if the assistant's answer quotes that sentence.

The questions are shown as examples on the chat page, as suggestions after an answer, and at the end of the
introduction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, zip_longest

from assistant.index.loading import Index
from assistant.onboarding.glossary import DEFINITION_RANK, GlossaryTerm
from assistant.onboarding.name_extraction import IndexedSentence, find_names, indexed_sentences
from assistant.onboarding.partners import PartnerConnection
from assistant.schema import Answer, SuggestedQuestion, Verdict
from assistant.text.function_words import is_function_word

_MAX_CANDIDATES, _MAX_QUESTIONS = 400, 200
_BATCH_SIZE = 64  # the maximum value of the setting 'threads'
# Verbs that describe what an organisation does. Each is given in the English base form, the English present tense and
# the Swedish present tense. A plus sign separates a Swedish verb from its particle, which goes at the end of the
# question.
_VERBS = (
    ("fund", "funds", "finansierar"), ("finance", "finances", "finansierar"), ("support", "supports", "stödjer"),
    ("develop", "develops", "utvecklar"), ("offer", "offers", "erbjuder"), ("provide", "provides", "erbjuder"),
    ("coordinate", "coordinates", "samordnar"), ("lead", "leads", "leder"), ("own", "owns", "äger"),
    ("publish", "publishes", "publicerar"), ("organise", "organises", "anordnar"),
    ("organize", "organizes", "anordnar"), ("manage", "manages", "förvaltar"), ("teach", "teaches", "undervisar+i"),
    ("study", "studies", "studerar"), ("test", "tests", "testar"), ("collect", "collects", "samlar+in"),
    ("produce", "produces", "tar+fram"), ("run", "runs", "driver"), ("train", "trains", "utbildar"),
    ("cause", "causes", "orsakar"), ("affect", "affects", "påverkar"), ("include", "includes", "omfattar"),
)  # fmt: skip
_VERB_BY_PRESENT_FORM = {form.replace("+", " "): verb for verb in _VERBS for form in verb[1:]}
_VERB_AFTER_NAME = re.compile(rf"(?: \([^)]*\))?(?: also| även)? (?P<verb>{'|'.join(_VERB_BY_PRESENT_FORM)}) ")


@dataclass(frozen=True, slots=True)
class _Candidate:
    question: str
    language: str
    passage_id: str
    quote: str


def make_verified_questions(
    index: Index,
    terms: Sequence[GlossaryTerm],
    connections: Sequence[PartnerConnection],
    ask: Callable[[str], Answer],
    threads: int = 1,
) -> tuple[SuggestedQuestion, ...]:
    """Make questions and return up to 200 that `ask` answers by quoting the sentence from which they were made.

    Questions about actions, connections and definitions alternate. The questions are asked in as many threads as
    `threads` specifies, but the result doesn't depend on that number.
    """
    questions: list[SuggestedQuestion] = []
    candidates = islice(
        _distinct(
            _interleave(_action_candidates(index), _connection_candidates(connections), _definition_candidates(terms))
        ),
        _MAX_CANDIDATES,
    )
    with ThreadPoolExecutor(threads, "questions") as pool:
        while len(questions) < _MAX_QUESTIONS and (batch := list(islice(candidates, _BATCH_SIZE))):
            answers = pool.map(ask, [candidate.question for candidate in batch])
            questions += [
                SuggestedQuestion(candidate.question, candidate.language, candidate.passage_id)
                for candidate, answer in zip(batch, answers, strict=True)
                if answer.verdict is Verdict.ANSWERED and _quotes_source(answer, candidate)
            ]
    return tuple(questions[:_MAX_QUESTIONS])


def select_example_questions(questions: Iterable[SuggestedQuestion], language: str, count: int = 4) -> list[str]:
    """Select up to `count` questions in `language`, preferring questions that come from different passages."""
    in_language = [question for question in questions if question.language == language]
    first_of_passage = list({question.passage_id: question for question in reversed(in_language)}.values())[::-1]
    others = [question for question in in_language if question not in first_of_passage]
    return [question.question for question in [*first_of_passage, *others][:count]]


def _quotes_source(answer: Answer, candidate: _Candidate) -> bool:
    """Return whether `answer` quotes all or part of the sentence from which `candidate` was made."""
    quotes = (citation.quote for citation in answer.citations if citation.passage_id == candidate.passage_id)
    return any(quote in candidate.quote or candidate.quote in quote for quote in quotes)


def _distinct(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Drop each candidate whose question is the same as an earlier candidate's question."""
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.question not in seen:
            seen.add(candidate.question)
            yield candidate


def _interleave(*kinds: Iterable[_Candidate]) -> Iterator[_Candidate]:
    for group in zip_longest(*kinds):
        yield from (candidate for candidate in group if candidate is not None)


def _definition_candidates(terms: Sequence[GlossaryTerm]) -> Iterator[_Candidate]:
    for term in sorted(terms, key=lambda item: (DEFINITION_RANK[item.definition_kind], -item.mention_count)):
        is_plural = re.search(r"[a-z]{3}(?<!ic)(?<![sui])s$", term.name)
        article = "the " if _takes_article(term) else ""
        yield _candidate(f"What {'are' if is_plural else 'is'} {article}{term.name}?", "en", term)
        yield _candidate(f"Vad är {term.name}?", "sv", term)


def _takes_article(term: GlossaryTerm) -> bool:
    """Return whether the cited sentence has "the" before the name and the name is not part of a longer one."""
    match = re.search(rf"\b[Tt]he {re.escape(term.name)}(?: (\w+))?", term.citation.quote)
    return match is not None and (match[1] is None or is_function_word(match[1].casefold()))


def _connection_candidates(connections: Sequence[PartnerConnection]) -> Iterator[_Candidate]:
    for item in (item for item in connections if item.is_collaboration):
        questions = {"en": f"How do {item.first_partner} and {item.second_partner} work together?",
                     "sv": f"Hur samarbetar {item.first_partner} och {item.second_partner}?"}  # fmt: skip
        for language, question in questions.items():
            # A group such as "farmers" isn't translated, so the question is made only in the sentence's language.
            if item.second_partner[0].isupper() or language == item.citation.language:
                yield _candidate(question, language, item)


def _candidate(question: str, language: str, source: GlossaryTerm | PartnerConnection) -> _Candidate:
    return _Candidate(question, language, source.citation.passage_id, source.citation.quote)


def _action_candidates(index: Index) -> Iterator[_Candidate]:
    """Make questions about what organisations do: "SciLifeLab also funds …" becomes "What does SciLifeLab fund?"."""
    for sentence in indexed_sentences(index):
        for name, span in find_names(sentence.text):
            match = _VERB_AFTER_NAME.match(sentence.text, span.end)
            if match and sentence.text[: span.start].strip().casefold() in {"", "the"}:
                yield from _action_questions(name, match.group("verb"), sentence)


def _action_questions(name: str, verb: str, sentence: IndexedSentence) -> Iterator[_Candidate]:
    base_form, _, swedish = _VERB_BY_PRESENT_FORM[verb]
    swedish, _, particle = swedish.partition("+")
    in_swedish = f"Vad {swedish} {name} {particle}".strip() + "?"
    for question, language in ((f"What does {name} {base_form}?", "en"), (in_swedish, "sv")):
        yield _Candidate(question, language, sentence.passage.passage_id, sentence.text)
