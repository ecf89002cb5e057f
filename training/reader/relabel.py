"""Labels the questions of SQuAD 2.0 of which it isn't known whether their paragraph answers them.

    python -m training.reader.relabel DATA WEIGHTS LABELS.npz

WEIGHTS should come from stage one, which doesn't train on the validation articles: the reader's scores are calibrated
on them. In each paragraph, the answerable questions come first, so all its questions vote on one cut.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from training.reader.data import LANGUAGES, UNKNOWN, SquadData, load_squad
from training.reader.examples.example import Example, make_example
from training.reader.examples.squad_examples import likely_sentence
from training.reader.inference import Reader, choose_device, load_reader, read_examples

MIN_ANSWERABLE, MAX_UNANSWERABLE = 0.85, 0.2  # probabilities; questions between them stay unknown
_ALL_ANSWERABLE_BONUS = 1.0  # logarithm of the odds that a paragraph has no unanswerable questions


def score_questions(reader: Reader, squad: SquadData, questions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the reader's score of each question, the mean over the languages, `[questions]`."""
    scores = np.zeros(len(questions))
    for language in LANGUAGES:
        examples = [_example_around_answer(squad, int(number), language) for number in questions]
        scores += read_examples(reader, examples).scores / len(LANGUAGES)
    return scores


def _example_around_answer(squad: SquadData, question: int, language: str) -> Example:
    """Ask a question of the sentence that seems to answer it and of the sentences before and after that one."""
    paragraph = int(squad.paragraphs[question])
    text, sentences = squad.texts[language][paragraph], squad.sentences[language][paragraph]
    sentence, _ = likely_sentence(squad, question, language)
    if sentence is not None:
        text = text[np.abs(sentences.astype(int) - sentence) <= 1]
    return make_example(squad.questions[language][question], text)


def fit_log_odds(scores: NDArray[np.float64], labels: NDArray[np.int8]) -> LogisticRegression:
    """Fit a model of the probability that a question with a given score is answerable (Platt 1999)."""
    return LogisticRegression(C=np.inf).fit(scores[:, None], labels)


def answerable_probabilities(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that each question of a paragraph is answerable, `[questions]`.

    Args:
        log_odds: the log-odds of each question by itself, in the order of the paragraph. The answerable questions come
            first, so that the labels follow from the number of answerable ones.
    """
    below = np.concatenate([[0.0], np.cumsum(log_odds)])
    cut_scores = (below - (below[-1] - below)) / 2  # for 0, 1, ... answerable questions
    cut_scores[-1] += _ALL_ANSWERABLE_BONUS
    probabilities: NDArray[np.float64] = np.exp(cut_scores - cut_scores.max())
    probabilities /= probabilities.sum()
    return probabilities[::-1].cumsum()[::-1][1:]


def relabel(squad: SquadData, questions: NDArray[np.int64], log_odds: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the labels of all questions, `[questions]`, with new ones for those of `questions` that were unknown."""
    labels = squad.labels.copy()
    is_unknown = squad.labels[questions] == UNKNOWN
    unknown, log_odds = questions[is_unknown], log_odds[is_unknown]
    for paragraph in np.unique(squad.paragraphs[unknown]):
        rows = np.flatnonzero(squad.paragraphs[unknown] == paragraph)
        rows = rows[np.argsort(squad.orders[unknown[rows]])]
        probabilities = answerable_probabilities(log_odds[rows])
        labels[unknown[rows[probabilities > MIN_ANSWERABLE]]] = 1
        labels[unknown[rows[probabilities < MAX_UNANSWERABLE]]] = 0
    return labels


def main() -> None:
    """Write the labels, and print how many there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that training.reader.prepare wrote")
    parser.add_argument("weights", type=Path, help="folder of the weights")
    parser.add_argument("labels", type=Path, help="file to write")
    parser.add_argument("--most", type=int, help="use only this many unknown and validation questions, for a trial")
    options = parser.parse_args()
    squad = load_squad(options.data)
    reader = load_reader(options.data, options.weights, choose_device())
    validation = np.flatnonzero(squad.is_validation() & (squad.labels != UNKNOWN))[: options.most]
    unknown = np.flatnonzero(squad.labels == UNKNOWN)[: options.most]
    validation_scores = score_questions(reader, squad, validation)
    print(f"AUC on the validation articles: {roc_auc_score(squad.labels[validation], validation_scores):.3f}")
    model = fit_log_odds(validation_scores, squad.labels[validation])
    labels = relabel(squad, unknown, model.decision_function(score_questions(reader, squad, unknown)[:, None]))
    np.savez_compressed(options.labels, labels=labels)
    counts = [int((labels == value).sum()) for value in (1, 0, UNKNOWN)]
    print("answerable {}, unanswerable {}, unknown {}".format(*counts))


if __name__ == "__main__":
    main()
