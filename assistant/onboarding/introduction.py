"""The guide: everything that introduces a corpus, made once for each generation of the index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assistant.answering.answerability import AnswerabilityModel
from assistant.citations import check_verbatim
from assistant.errors import IndexDamagedError
from assistant.index.loading import Index
from assistant.onboarding.glossary import Term, make_glossary
from assistant.onboarding.partners import Connection, find_connections
from assistant.onboarding.questions import verified_questions
from assistant.onboarding.self_test import ClozeQuestion, make_self_test
from assistant.onboarding.summaries import DocumentSummary, summarise
from assistant.schema import Answer, Citation, SuggestedQuestion

_VERSION = 1  # raised when a guide is made in another way


@dataclass(frozen=True, slots=True)
class Introduction:
    """What introduces a corpus. `name` is the hash of what it was made from."""

    name: str
    texts: tuple[DocumentSummary, ...]
    terms: tuple[Term, ...]
    connections: tuple[Connection, ...]
    cloze: tuple[ClozeQuestion, ...]
    questions: tuple[SuggestedQuestion, ...]


def introduction_name(index: Index, answerability: AnswerabilityModel) -> str:
    """The name of the guide that these make."""
    identity = json.dumps([_VERSION, index.manifest.generation, asdict(answerability)])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def make_introduction(index: Index, ask: Callable[[str], Answer], name: str, threads: int = 1) -> Introduction:
    """Make the guide of `index`; `ask` answers a question over it, from several `threads` at a time."""
    terms, connected = make_glossary(index), find_connections(index)
    return Introduction(
        name=name,
        texts=tuple(summarise(index, document) for document in index.documents.values()),
        terms=terms,
        connections=connected,
        cloze=make_self_test(index, terms),
        questions=verified_questions(index, terms, connected, ask, threads),
    )


def introduction_as_json(introduction: Introduction) -> str:
    """A guide as JSON, for `introduction_from_json`."""
    return json.dumps(asdict(introduction), ensure_ascii=False)


def introduction_from_json(text: str, texts: Mapping[str, str]) -> Introduction | None:
    """The guide that `introduction_as_json` wrote; None when it is none, or a quote isn't in `texts`."""
    try:
        record = json.loads(text)
        guide = Introduction(
            name=record["name"],
            texts=tuple(_summary(item) for item in record["texts"]),
            terms=tuple(Term(**_cited(item)) for item in record["terms"]),
            connections=tuple(Connection(**_cited(item)) for item in record["connections"]),
            cloze=tuple(
                ClozeQuestion(**{**_cited(item), "options": tuple(item["options"])}) for item in record["cloze"]
            ),
            questions=tuple(SuggestedQuestion(**item) for item in record["questions"]),
        )
        check_verbatim(introduction_citations(guide), texts)
    except (ValueError, KeyError, TypeError, IndexDamagedError):
        return None
    return guide


def questions_from_json(text: str) -> tuple[SuggestedQuestion, ...]:
    """Only the questions of a saved guide: all that an answer needs of it."""
    try:
        return tuple(SuggestedQuestion(**item) for item in json.loads(text)["questions"])
    except (ValueError, KeyError, TypeError):
        return ()


def introduction_citations(introduction: Introduction) -> list[Citation]:
    """Every citation of a guide."""
    cited = [citation for text in introduction.texts for citation in text.citations]
    return cited + [
        item.citation for part in (introduction.terms, introduction.connections, introduction.cloze) for item in part
    ]


def _summary(item: dict[str, Any]) -> DocumentSummary:
    return DocumentSummary(**{**item, "citations": tuple(_citation(citation) for citation in item["citations"])})


def _cited(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "citation": _citation(item["citation"])}


def _citation(item: dict[str, Any]) -> Citation:
    return Citation(**{**item, "heading": tuple(item["heading"])})
