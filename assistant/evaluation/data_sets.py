"""A data set in BEIR layout (Thakur et al. 2021, arXiv:2104.08663) and/or with answers in `qa.jsonl`."""

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
    """A question with what a right answer is.

    `turns` ends with the question. `answerable` is None where a set doesn't say. `answers` are
    strings of which a right quote holds one; where there are none, a quote from one of
    `document_ids` is right. `near_document_ids` are on the topic of an unanswerable question.
    """

    identifier: str
    turns: tuple[str, ...]
    answerable: bool | None
    answers: tuple[str, ...]
    document_ids: frozenset[str] = frozenset()
    near_document_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DataSet:
    """A set: its documents, queries with graded documents, and questions with answers."""

    name: str
    documents: tuple[Document, ...]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    questions: tuple[EvaluationQuestion, ...]


def read_data_set(folder: Path) -> DataSet:
    """Read `corpus.jsonl`, and `queries.jsonl` with `qrels.tsv` and/or `qa.jsonl`, from `folder`.

    Documents without text are left out.

    Raises:
        CorpusError: a file is missing or a line is not what it should be.
    """
    if not (folder / "corpus.jsonl").is_file():
        raise CorpusError(
            f"no data set in {str(folder)!r} (corpus.jsonl is missing); name a folder: assistant eval DIR"
        )
    read = (_document(record) for record in _lines(folder / "corpus.jsonl"))
    documents = tuple(document for document in read if document.text.strip())
    queries = {str(record.get("_id")): str(record.get("text")) for record in _lines(folder / "queries.jsonl")}
    questions = read_questions(folder / "qa.jsonl") if (folder / "qa.jsonl").is_file() else ()
    return DataSet(folder.resolve().name, documents, queries, _qrels(folder / "qrels.tsv"), questions)


def read_probes(path: Path) -> DataSet:
    """A file of questions as a set without documents of its own: they are asked over the live index.

    Raises:
        CorpusError: see `read_questions`.
    """
    return DataSet(path.stem, (), {}, {}, read_questions(path))


def read_questions(path: Path) -> tuple[EvaluationQuestion, ...]:
    """The questions of a file in the format of `qa.jsonl`.

    Raises:
        CorpusError: the file is missing or a line is no question.
    """
    if not path.is_file():
        raise CorpusError(f"no questions in {str(path)!r}; name a file of JSON lines like those of qa.jsonl")
    return tuple(_question(record) for record in _lines(path))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
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
                    raise CorpusError(f"line {number} of {str(path)!r} is no JSON object; mend or remove it")
                yield record


def _document(record: dict[str, Any]) -> Document:
    try:
        text = str(record["text"])
        title = str(record.get("title") or "")
        return Document(str(record["_id"]), title, text, str(record.get("language") or detect_text_language(text)))
    except KeyError as error:
        raise CorpusError(f"a document of the data set has no {error.args[0]!r}; mend corpus.jsonl") from None


def _question(record: dict[str, Any]) -> EvaluationQuestion:
    try:
        turns = tuple(str(turn) for turn in record["turns"]) if "turns" in record else (str(record["question"]),)
        if not turns:
            raise CorpusError(f"question {record['id']!r} of the data set has no turns; mend qa.jsonl")
        return EvaluationQuestion(
            identifier=str(record["id"]),
            turns=turns,
            answerable=record.get("answerable"),
            answers=tuple(record.get("answers", ())),
            document_ids=frozenset(record.get("document_ids", ())),
            near_document_ids=frozenset(record.get("near_document_ids", ())),
        )
    except KeyError as error:
        raise CorpusError(f"a question of the data set has no {error.args[0]!r}; mend qa.jsonl") from None


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                try:
                    grades.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
                except (KeyError, TypeError, ValueError):
                    raise CorpusError(f"{str(path)!r} needs the columns query-id, corpus-id and score") from None
    return grades
