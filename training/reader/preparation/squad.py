"""Turns the questions of SQuAD 2.0 in English and Finnish into arrays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.reader.data import LANGUAGES, LIKELY_PIECES, NO_PIECE, UNKNOWN, RaggedArray, SquadData
from training.reader.preparation.answer_priors import WordWeights, estimate_priors
from training.reader.preparation.prior_languages import english, finnish
from training.reader.preparation.question_forms import to_keywords, to_lower_case, to_yes_no
from training.reader.preparation.text_spans import find_pieces, sentence_numbers, tokens_within
from training.reader.preparation.tokeniser import Tokeniser

MIN_PROBABILITY = 0.6  # of a piece that is put into a yes/no question
_UNCERTAINTY = 0.08  # how far a Finnish answer may be in another sentence than the English one
_PARAGRAPHS_PER_TASK = 500


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its questions; the mappings have the language as key.

    Attributes:
        article: the number of the article.
        texts: the text.
        pieces: pieces of the text that are (part of) the answers, in reading order.
        questions: the questions.
        labels: for each question, 1 if the paragraph answers it, 0 if not, else `UNKNOWN`.
    """

    article: int
    texts: dict[str, str]
    pieces: dict[str, list[str]]
    questions: dict[str, list[str]]
    labels: list[int]


def read_paragraphs(file: Path) -> list[Paragraph]:
    """Read the articles in `file`, one a line as JSON."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [paragraph for number, line in enumerate(lines) for paragraph in _parse_article(number, line)]


def _parse_article(number: int, line: str) -> Iterator[Paragraph]:
    for record in json.loads(line)["paragraphs"]:
        questions = record["questions"]
        yield Paragraph(
            number,
            {language: record[language] or "" for language in LANGUAGES},
            {language: record[f"pieces_{language}"] for language in LANGUAGES},
            {language: [question[language] or "" for question in questions] for language in LANGUAGES},
            [UNKNOWN if question["answerable"] is None else int(question["answerable"]) for question in questions],
        )


def prepare_squad(paragraphs: Sequence[Paragraph], tokeniser: Tokeniser) -> SquadData:
    """Tokenise `paragraphs` and estimate which piece answers which question."""
    texts, sentences, pieces = {}, {}, {}
    for language in LANGUAGES:
        texts[language], sentences[language], pieces[language] = _tokenise(paragraphs, language, tokeniser)
    counts = [len(paragraph.labels) for paragraph in paragraphs]
    questions = {language: [text for item in paragraphs for text in item.questions[language]] for language in LANGUAGES}
    priors = _estimate_all_priors(paragraphs)
    likely, probabilities = {}, {}
    for language in LANGUAGES:
        likely[language], probabilities[language] = _most_likely([prior[language] for prior in priors])
    forms = _other_forms(questions["en"], paragraphs, [prior["en"] for prior in priors])
    return SquadData(
        articles=np.array([paragraph.article for paragraph in paragraphs], np.int16),
        texts=texts,
        sentences=sentences,
        pieces=pieces,
        paragraphs=np.repeat(np.arange(len(paragraphs)), counts).astype(np.int32),
        orders=np.concatenate([np.arange(count) for count in counts]).astype(np.uint8),
        labels=np.array([label for paragraph in paragraphs for label in paragraph.labels], np.int8),
        questions={language: tokeniser.encode_questions(questions[language]) for language in LANGUAGES},
        forms={form: tokeniser.encode_questions(form_texts) for form, form_texts in forms.items()},
        likely_pieces=likely,
        piece_probabilities=probabilities,
    )


def _tokenise(
    paragraphs: Sequence[Paragraph], language: str, tokeniser: Tokeniser
) -> tuple[RaggedArray, RaggedArray, RaggedArray]:
    """Return the tokens, the sentence numbers and the pieces of each paragraph."""
    tokenised = tokeniser.encode_texts([paragraph.texts[language] for paragraph in paragraphs])
    pieces = []
    for paragraph, text in zip(paragraphs, tokenised, strict=True):
        beyond = (len(text.tokens), len(text.tokens))  # a piece after the tokens; its number must remain in use
        found = find_pieces(paragraph.texts[language], paragraph.pieces[language])
        spans = [tokens_within(text.offsets, piece) or beyond for piece in found]
        pieces.append(np.array(spans, np.int64).reshape(-1, 2))
    return (
        RaggedArray.of([text.tokens for text in tokenised], np.uint16),
        RaggedArray.of([text.sentences for text in tokenised], np.uint8),
        RaggedArray.of(pieces, np.uint16),
    )


def _estimate_all_priors(paragraphs: Sequence[Paragraph]) -> list[dict[str, NDArray[np.float64]]]:
    rules = {"en": english(), "fi": finnish()}
    weights = {
        language: WordWeights.of_texts([paragraph.texts[language] for paragraph in paragraphs], rules[language])
        for language in LANGUAGES
    }
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(partial(_estimate_both_priors, weights), paragraphs, chunksize=_PARAGRAPHS_PER_TASK))


def _estimate_both_priors(weights: dict[str, WordWeights], paragraph: Paragraph) -> dict[str, NDArray[np.float64]]:
    """Return the priors in both languages, `[questions, pieces]`. The Finnish ones follow the English sentence."""
    ranges = {language: find_pieces(paragraph.texts[language], paragraph.pieces[language]) for language in LANGUAGES}
    priors = {
        language: estimate_priors(
            paragraph.texts[language], ranges[language], paragraph.questions[language], weights[language]
        )
        for language in LANGUAGES
    }
    sentences = {
        language: sentence_numbers(paragraph.texts[language], [start for start, _ in ranges[language]])
        for language in LANGUAGES
    }
    ends = {language: sentence_numbers(text, [len(text)])[0] for language, text in paragraph.texts.items()}
    if ranges["en"] and ranges["fi"] and paragraph.labels and ends["en"] == ends["fi"]:
        is_same_sentence = sentences["en"][:, None] == sentences["fi"]
        followed = priors["fi"] * (_UNCERTAINTY + priors["en"] @ is_same_sentence)
        priors["fi"] = followed / followed.sum(axis=1, keepdims=True)
    return priors


def _most_likely(priors: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return the numbers and probabilities of the likeliest pieces of each question, `[questions, 4]`."""
    question_count = sum(len(prior) for prior in priors)
    likely = np.full((question_count, LIKELY_PIECES), NO_PIECE, np.uint8)
    probabilities = np.zeros((question_count, LIKELY_PIECES), np.float16)
    start = 0
    for prior in priors:
        best = np.argsort(-prior, axis=1)[:, :LIKELY_PIECES]
        rows, columns = slice(start, start + len(prior)), slice(best.shape[1])
        likely[rows, columns] = best
        probabilities[rows, columns] = np.take_along_axis(prior, best, axis=1)
        start += len(prior)
    return likely, probabilities


def _other_forms(
    questions: Sequence[str], paragraphs: Sequence[Paragraph], priors: Sequence[NDArray[np.float64]]
) -> dict[str, list[str]]:
    """Return each form of all English questions, "" where a question has no such form."""
    by_paragraph = zip(paragraphs, priors, strict=True)
    return {
        "lower_case": [to_lower_case(question) for question in questions],
        "keywords": [to_keywords(question) or "" for question in questions],
        "yes_no": [form for paragraph, prior in by_paragraph for form in _yes_no_forms(paragraph, prior)],
    }


def _yes_no_forms(paragraph: Paragraph, prior: NDArray[np.float64]) -> list[str]:
    """Return each English question as a yes/no question about the likeliest piece, or "" where that isn't reliable.

    The piece doesn't answer an unanswerable question, so the yes/no question that results is unanswerable as well.
    """
    text = paragraph.texts["en"]
    ranges = find_pieces(text, paragraph.pieces["en"])
    forms = []
    for question, row in zip(paragraph.questions["en"], prior, strict=True):
        best = int(row.argmax()) if len(row) else NO_PIECE
        is_reliable = len(row) > 0 and row[best] >= MIN_PROBABILITY
        forms.append(to_yes_no(question, text[slice(*ranges[best])]) or "" if is_reliable else "")
    return forms
