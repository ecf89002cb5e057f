"""Builds, saves and loads the introduction to a corpus. Each index generation has its own introduction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assistant.answering.answerability import AnswerabilityModel
from assistant.citations import check_quotes_verbatim
from assistant.errors import IndexDamagedError
from assistant.index.loading import Index
from assistant.onboarding.glossary import GlossaryTerm, make_glossary
from assistant.onboarding.partners import PartnerConnection, find_partner_connections
from assistant.onboarding.questions import make_verified_questions
from assistant.onboarding.self_test import ClozeQuestion, make_self_test
from assistant.onboarding.summaries import DocumentSummary, summarise_document
from assistant.schema import Answer, AnswerSpan, Citation, SuggestedQuestion

_VERSION = 2  # increase this number whenever a code change affects the contents of introductions


@dataclass(frozen=True, slots=True)
class Introduction:
    """The contents of the onboarding pages. `name` identifies the index and the model used to build them."""

    name: str
    summaries: tuple[DocumentSummary, ...]
    glossary_terms: tuple[GlossaryTerm, ...]
    partner_connections: tuple[PartnerConnection, ...]
    self_test: tuple[ClozeQuestion, ...]
    suggested_questions: tuple[SuggestedQuestion, ...]


def introduction_name(index: Index, answerability: AnswerabilityModel) -> str:
    """Return the name of the introduction that is built from this index with this answerability model."""
    identity = json.dumps([_VERSION, index.manifest.generation, asdict(answerability)])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def make_introduction(index: Index, ask: Callable[[str], Answer], name: str, threads: int = 1) -> Introduction:
    """Build the introduction to the documents in `index`.

    Args:
        index: the index of the documents to introduce.
        ask: answers a question from `index`; it is called from several threads at once if `threads` > 1.
        name: the name of the introduction; see `introduction_name`.
        threads: the maximum number of questions to ask in parallel.
    """
    terms, connections = make_glossary(index), find_partner_connections(index)
    return Introduction(
        name=name,
        summaries=tuple(summarise_document(index, document) for document in index.documents.values()),
        glossary_terms=terms,
        partner_connections=connections,
        self_test=make_self_test(index, terms),
        suggested_questions=make_verified_questions(index, terms, connections, ask, threads),
    )


def introduction_as_json(introduction: Introduction) -> str:
    """Convert an introduction to JSON, which `introduction_from_json` can load."""
    return json.dumps(asdict(introduction), ensure_ascii=False)


def introduction_from_json(saved: str, document_texts: Mapping[str, str]) -> Introduction | None:
    """Load a saved introduction.

    Args:
        saved: the output of `introduction_as_json`.
        document_texts: the indexed text of each document, by document id.

    Returns:
        The introduction, or None if `saved` is malformed or contains a quote that isn't in the quoted document.
    """
    try:
        record = json.loads(saved)
        introduction = Introduction(
            name=record["name"],
            summaries=tuple(_parse_summary(item) for item in record["summaries"]),
            glossary_terms=tuple(GlossaryTerm(**_parse_cited(item)) for item in record["glossary_terms"]),
            partner_connections=tuple(
                PartnerConnection(**_parse_cited(item)) for item in record["partner_connections"]
            ),
            self_test=tuple(
                ClozeQuestion(**{**_parse_cited(item), "answer_options": tuple(item["answer_options"])})
                for item in record["self_test"]
            ),
            suggested_questions=tuple(SuggestedQuestion(**item) for item in record["suggested_questions"]),
        )
        check_quotes_verbatim(introduction_citations(introduction), document_texts)
    except (ValueError, KeyError, TypeError, IndexDamagedError):
        return None
    return introduction


def suggested_questions_from_json(saved: str) -> tuple[SuggestedQuestion, ...]:
    """Load only the suggested questions from a saved introduction. Returns () if `saved` is malformed."""
    try:
        return tuple(SuggestedQuestion(**item) for item in json.loads(saved)["suggested_questions"])
    except (ValueError, KeyError, TypeError):
        return ()


def introduction_citations(introduction: Introduction) -> list[Citation]:
    """Return every citation in an introduction."""
    summary_citations = [citation for summary in introduction.summaries for citation in summary.citations]
    return summary_citations + [
        item.citation
        for part in (introduction.glossary_terms, introduction.partner_connections, introduction.self_test)
        for item in part
    ]


def _parse_summary(item: dict[str, Any]) -> DocumentSummary:
    return DocumentSummary(**{**item, "citations": tuple(_parse_citation(citation) for citation in item["citations"])})


def _parse_cited(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "citation": _parse_citation(item["citation"])}


def _parse_citation(item: dict[str, Any]) -> Citation:
    answer = AnswerSpan(**item["answer"]) if item["answer"] else None
    return Citation(**{**item, "heading": tuple(item["heading"]), "answer": answer})
