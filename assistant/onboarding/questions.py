"""Questions made from the corpus itself; each one is asked first and kept only if it is answered.

They are the examples on the page, what is suggested after an answer, and the end of the tour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, zip_longest

from assistant.index.loading import Index
from assistant.onboarding.glossary import RANK, Term
from assistant.onboarding.names import IndexedSentence, find_names, indexed_sentences
from assistant.onboarding.partners import Connection
from assistant.schema import Answer, SuggestedQuestion, Verdict
from assistant.text.function_words import is_function_word

_MAX_ASKED, _MAX_QUESTIONS = 400, 200
_ASKED_TOGETHER = 64  # as many threads as a setting allows
# What an organisation does, as the two languages say it: base form, present tense of each; what follows the
# plus sign of a Swedish verb stands at the end of a question.
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
_PRESENT = {form.replace("+", " "): verb for verb in _VERBS for form in verb[1:]}
_DOES = re.compile(rf"(?: \([^)]*\))?(?: also| även)? (?P<verb>{'|'.join(_PRESENT)}) ")


@dataclass(frozen=True, slots=True)
class _Candidate:
    question: str
    language: str
    passage_id: str
    quote: str


def verified_questions(
    index: Index,
    terms: Sequence[Term],
    connections: Sequence[Connection],
    ask: Callable[[str], Answer],
    threads: int = 1,
) -> tuple[SuggestedQuestion, ...]:
    """Questions that `ask` answers with the very sentence each was made from; kinds of questions in turn.

    So many `threads` ask; how many has no influence on which questions are found.
    """
    found: list[SuggestedQuestion] = []
    candidates = islice(
        _distinct(
            _interleave(_action_candidates(index), _connection_candidates(connections), _definition_candidates(terms))
        ),
        _MAX_ASKED,
    )
    with ThreadPoolExecutor(threads, "questions") as pool:
        while len(found) < _MAX_QUESTIONS and (group := list(islice(candidates, _ASKED_TOGETHER))):
            answers = pool.map(ask, [candidate.question for candidate in group])
            found += [
                SuggestedQuestion(candidate.question, candidate.language, candidate.passage_id)
                for candidate, answer in zip(group, answers, strict=True)
                if answer.verdict is Verdict.ANSWERED and _from_its_source(answer, candidate)
            ]
    return tuple(found[:_MAX_QUESTIONS])


def example_questions(questions: Iterable[SuggestedQuestion], language: str, count: int = 4) -> list[str]:
    """The first `count` questions in `language`, each of another passage as long as there are such."""
    own = [question for question in questions if question.language == language]
    apart = list({question.passage_id: question for question in reversed(own)}.values())[::-1]
    rest = [question for question in own if question not in apart]
    return [question.question for question in [*apart, *rest][:count]]


def _from_its_source(answer: Answer, candidate: _Candidate) -> bool:
    same = (citation for citation in answer.citations if citation.passage_id == candidate.passage_id)
    return any(citation.quote in candidate.quote or candidate.quote in citation.quote for citation in same)


def _distinct(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """The first candidate of each question."""
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.question not in seen:
            seen.add(candidate.question)
            yield candidate


def _interleave(*kinds: Iterable[_Candidate]) -> Iterator[_Candidate]:
    for group in zip_longest(*kinds):
        yield from (candidate for candidate in group if candidate is not None)


def _definition_candidates(terms: Sequence[Term]) -> Iterator[_Candidate]:
    for term in sorted(terms, key=lambda item: (RANK[item.kind], -item.mentions)):
        plural = re.search(r"[a-z]{3}(?<!ic)(?<![sui])s$", term.name)
        article = "the " if _takes_article(term) else ""
        yield _candidate(f"What {'are' if plural else 'is'} {article}{term.name}?", "en", term)
        yield _candidate(f"Vad är {term.name}?", "sv", term)


def _takes_article(term: Term) -> bool:
    """Whether its sentence has "the" before the name, and the name isn't a part of a longer expression."""
    match = re.search(rf"\b[Tt]he {re.escape(term.name)}(?: (\w+))?", term.citation.quote)
    return match is not None and (match[1] is None or is_function_word(match[1].casefold()))


def _connection_candidates(connections: Sequence[Connection]) -> Iterator[_Candidate]:
    for item in (item for item in connections if item.together):
        spoken = {"en": f"How do {item.first} and {item.second} work together?",
                  "sv": f"Hur samarbetar {item.first} och {item.second}?"}  # fmt: skip
        for language, question in spoken.items():
            if item.second[0].isupper() or language == item.citation.language:  # a group has a name in one language
                yield _candidate(question, language, item)


def _candidate(question: str, language: str, source: Term | Connection) -> _Candidate:
    return _Candidate(question, language, source.citation.passage_id, source.citation.quote)


def _action_candidates(index: Index) -> Iterator[_Candidate]:
    """ "SciLifeLab also funds …" -> "What does SciLifeLab fund?"."""
    for sentence in indexed_sentences(index):
        for name, span in find_names(sentence.text):
            match = _DOES.match(sentence.text, span.end)
            if match and sentence.text[: span.start].strip().casefold() in {"", "the"}:
                yield from _question_pair(name, match.group("verb"), sentence)


def _question_pair(name: str, verb: str, sentence: IndexedSentence) -> Iterator[_Candidate]:
    base, _, swedish = _PRESENT[verb]
    swedish, _, particle = swedish.partition("+")
    in_swedish = f"Vad {swedish} {name} {particle}".strip() + "?"
    for question, language in ((f"What does {name} {base}?", "en"), (in_swedish, "sv")):
        yield _Candidate(question, language, sentence.passage.passage_id, sentence.text)
