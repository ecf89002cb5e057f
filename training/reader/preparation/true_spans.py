"""Turns questions whose answer's position is known, and the development sets, into arrays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.evaluation.data_sets import read_data_set
from training.reader.data import RaggedArray, SpanData
from training.reader.preparation.question_forms import to_keywords, to_lower_case, to_yes_no
from training.reader.preparation.text_spans import CharacterRange, tokens_within
from training.reader.preparation.tokeniser import Tokeniser


@dataclass(frozen=True)
class QuestionWithText:
    """A question about a text.

    Attributes:
        question: the question.
        text: the text.
        language: the language code of the question.
        is_answerable: whether the text answers the question.
        answers: the character ranges of the correct answers, if their positions are known.
    """

    question: str
    text: str
    language: str
    is_answerable: bool
    answers: list[CharacterRange]


def read_true_spans(file: Path) -> list[QuestionWithText]:
    """Read the questions in `file`, one a line as JSON."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [
        QuestionWithText(
            record["question"], record["context"], record["language"], record["answerable"],
            [(start, end) for start, end in record["answers"][:1]],
        )
        for record in records
    ]  # fmt: skip


def read_development_set(folder: Path) -> list[QuestionWithText]:
    """Read the questions of a data set, each with the text that answers it or, if none does, with one on its topic."""
    data_set = read_data_set(folder)
    texts = {document.document_id: document.text for document in data_set.documents}
    questions = []
    for question in data_set.questions:
        documents = sorted(question.correct_document_ids or question.on_topic_document_ids)
        if documents and question.is_answerable is not None:
            text = texts[documents[0]]
            starts = {answer: text.find(answer) for answer in question.accepted_answers}
            answers = [(start, start + len(answer)) for answer, start in starts.items() if start >= 0]
            questions.append(QuestionWithText(question.turns[-1], text, "", question.is_answerable, answers))
    return questions


def prepare_spans(rows: Sequence[QuestionWithText], tokeniser: Tokeniser) -> SpanData:
    """Tokenise `rows`, the English questions in other forms too."""
    tokenised = tokeniser.encode_texts([row.text for row in rows])
    spans = [
        [span for answer in row.answers if (span := tokens_within(text.offsets, answer))]
        for row, text in zip(rows, tokenised, strict=True)
    ]
    forms = _other_forms(rows)
    return SpanData(
        texts=RaggedArray.of([text.tokens for text in tokenised], np.uint16),
        sentences=RaggedArray.of([text.sentences for text in tokenised], np.uint8),
        questions=tokeniser.encode_questions([row.question for row in rows]),
        forms={form: tokeniser.encode_questions(texts) for form, texts in forms.items()},
        labels=np.array([row.is_answerable for row in rows], np.int8),
        spans=RaggedArray.of([np.array(found, np.int64).reshape(-1, 2) for found in spans], np.uint16),
    )


def _other_forms(rows: Sequence[QuestionWithText]) -> dict[str, list[str]]:
    """Return each form of all questions, "" where a question has no such form.

    The answer in a yes/no question is the true one, also where the question's text lacks it.
    """
    answers = {row.question: row.text[slice(*row.answers[0])] for row in rows if row.answers}
    is_english = [row.language == "en" for row in rows]
    return {
        "lower_case": [to_lower_case(row.question) for row in rows],
        "keywords": [
            (to_keywords(row.question) or "") if english else "" for row, english in zip(rows, is_english, strict=True)
        ],
        "yes_no": [
            (to_yes_no(row.question, answers[row.question]) or "") if english and row.question in answers else ""
            for row, english in zip(rows, is_english, strict=True)
        ],
    }
