"""Reads evaluation data sets in the BEIR layout (Thakur et al. 2021, arXiv:2104.08663), with answers in `qa.jsonl`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import CorpusError
from assistant.schema import Document
from assistant.text.language import detect_text_language


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """A question and the answer expected for it.

    Attributes:
        turns: the questions asked in a conversation; only the answer to the last one is evaluated.
        is_answerable: whether the documents answer the question; None if the data set doesn't say.
        accepted_answers: the accepted answers; a correct quote contains at least one of them. If there are no accepted
            answers, any quote from one of the documents in `correct_document_ids` is correct.
        on_topic_document_ids: for an unanswerable question, the ids of the documents that cover its topic.
    """

    question_id: str
    turns: tuple[str, ...]
    is_answerable: bool | None
    accepted_answers: tuple[str, ...]
    correct_document_ids: frozenset[str] = frozenset()
    on_topic_document_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: documents, queries with relevance grades (`qrels`), and questions with answers.

    `qrels` maps each query id to a dictionary that maps document ids to relevance grades.
    """

    name: str
    documents: tuple[Document, ...]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    questions: tuple[EvaluationQuestion, ...]


def read_data_set(folder: Path) -> DataSet:
    """Read `corpus.jsonl` and, where they exist, `queries.jsonl`, `qrels.tsv` and `qa.jsonl` from `folder`.

    Empty documents are left out.

    Raises:
        CorpusError: the folder or its `corpus.jsonl` is missing, or a file is malformed.
    """
    if not folder.exists():
        raise CorpusError(f"no such folder or file of probes: {str(folder)!r}; see docs/documents.md")
    if not (folder / "corpus.jsonl").is_file():
        raise CorpusError(
            f"no data set in {str(folder)!r} (corpus.jsonl is missing); specify another folder: assistant eval DIR"
        )
    all_documents = (_parse_document(record) for record in _read_records(folder / "corpus.jsonl"))
    documents = tuple(document for document in all_documents if document.text.strip())
    queries = {str(record.get("_id")): str(record.get("text")) for record in _read_records(folder / "queries.jsonl")}
    questions = read_questions(folder / "qa.jsonl") if (folder / "qa.jsonl").is_file() else ()
    return DataSet(folder.resolve().name, documents, queries, _read_qrels(folder / "qrels.tsv"), questions)


def read_probes(path: Path) -> DataSet:
    """Read a file of probes as a data set without documents; the questions are meant for the live index.

    Raises:
        CorpusError: see `read_questions`.
    """
    return DataSet(path.stem, (), {}, {}, read_questions(path))


def read_questions(path: Path) -> tuple[EvaluationQuestion, ...]:
    """Read questions in the format of `qa.jsonl`.

    Raises:
        CorpusError: the file is missing or malformed.
    """
    if not path.is_file():
        raise CorpusError(f"no questions in {str(path)!r}; specify a JSON Lines file in the format of qa.jsonl")
    return tuple(_parse_question(record) for record in _read_records(path))


def _read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a JSON Lines file, or nothing if the file does not exist."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    record = json.loads(line)
                except ValueError:
                    record = None
                if not isinstance(record, dict):
                    raise CorpusError(f"line {number} of {str(path)!r} is not a JSON object; fix or remove it")
                yield record


def _parse_document(record: dict[str, Any]) -> Document:
    try:
        text = str(record["text"])
        title = str(record.get("title") or "")
        return Document(str(record["_id"]), title, text, str(record.get("language") or detect_text_language(text)))
    except KeyError as error:
        raise CorpusError(f"a document in corpus.jsonl has no {error.args[0]!r}; add it") from None


def _parse_question(record: dict[str, Any]) -> EvaluationQuestion:
    try:
        turns = tuple(str(turn) for turn in record["turns"]) if "turns" in record else (str(record["question"]),)
        if not turns:
            raise CorpusError(f"question {record['id']!r} in the data set has no turns; add them")
        return EvaluationQuestion(
            question_id=str(record["id"]),
            turns=turns,
            is_answerable=record.get("answerable"),
            accepted_answers=tuple(record.get("answers", ())),
            correct_document_ids=frozenset(record.get("document_ids", ())),
            on_topic_document_ids=frozenset(record.get("near_document_ids", ())),
        )
    except KeyError as error:
        raise CorpusError(f"a question in the data set has no {error.args[0]!r}; add it") from None


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                try:
                    grades.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
                except (KeyError, TypeError, ValueError):
                    raise CorpusError(f"{str(path)!r} needs the columns query-id, corpus-id and score") from None
    return grades
