"""Prints the tables in docs/quality.md (results on the development sets and on off-topic questions) and timings.

python -m benchmarks.answers ../shared/eval
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import DataSet, read_data_set
from assistant.evaluation.metrics import calibration_error
from assistant.evaluation.report import evaluate_data_set
from assistant.evaluation.runner import QuestionOutcome, ask_questions
from assistant.factory import make_evaluation_assistant
from assistant.settings import load_settings

SETS = ("squad2_en", "squad2_sv_en", "clapnq", "medquad_genetics", "swefaq_dev", "medline", "cranfield")
OFF_TOPIC = (("medquad_genetics", "squad2_en"), ("squad2_en", "medquad_genetics"), ("swefaq_dev", "squad2_sv_en"),
             ("squad2_sv_en", "swefaq_dev"))  # fmt: skip
MAX_OFF_TOPIC = 300  # maximum number of off-topic questions asked about each data set
METRICS = ("supported and shown", "best sentence supports", "citation precision", "highlighted words correct",
         "false refusals", "refused unanswerable", "AUC answerable", "calibration error")  # fmt: skip


def off_topic_refusals(data: DataSet, assistant: Assistant) -> tuple[float, float]:
    """Ask a sample of the questions in `data`, which are off-topic for `assistant`.

    Returns:
        The proportion refused, and the proportion refused because the documents don't cover the topic.
    """
    sample = random.Random(1).sample(data.questions, min(MAX_OFF_TOPIC, len(data.questions)))
    questions = [
        replace(item, is_answerable=False, accepted_answers=(), correct_document_ids=frozenset()) for item in sample
    ]
    outcomes = ask_questions(questions, assistant, lambda items, _: items)
    refused = np.mean([item.verdict != "answered" for item in outcomes])
    return float(refused), float(np.mean([item.verdict == "not_covered" for item in outcomes]))


def time_ratio(data: DataSet, assistant: Assistant, count: int = 200) -> float:
    """Return the ratio of the time for a whole answer to the time for encoding and one FAISS search (median)."""
    ratios = []
    for question in (item.turns[-1] for item in data.questions[:count]):
        start = time.perf_counter()
        vector = assistant.encoder.encode_questions([question]).vectors
        assistant.index.dense_index.nearest_passages(vector[0], 10)
        middle = time.perf_counter()
        assistant.ask(question)
        ratios.append((time.perf_counter() - middle) / (middle - start))
    return float(np.median(ratios))


def table_row(name: str, report: dict[str, Any]) -> str:
    """Format one data set's report as a table row."""
    retrieval, answers = report.get("retrieval", {}), report.get("answers", {})
    estimates = [retrieval["nDCG@10"]] if retrieval else [None]
    estimates += [answers.get(name) for name in METRICS]
    cells = [f"{item['value']:.3f}" if item else "" for item in estimates]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data
    settings = load_settings({})
    sets = {name: read_data_set(folder / name) for name in SETS}
    assistants = {
        name: make_evaluation_assistant(settings, data, print, lambda items, _: items) for name, data in sets.items()
    }
    print("| set | nDCG@10 | " + " | ".join(METRICS) + " |\n|" + "---|" * (len(METRICS) + 2))
    pooled: list[QuestionOutcome] = []
    for name, data in sets.items():
        report, outcomes = evaluate_data_set(data, assistants[name], lambda items, _: items)
        pooled += outcomes
        print(table_row(name, report), flush=True)
    error = calibration_error([item.confidence for item in pooled], [item.supported for item in pooled])
    print(f"\nCalibration error over all sets together: {error:.3f}\n")
    print("| questions of | asked of | refused | as not covered |\n|---|---|---|---|")
    for questions, corpus in OFF_TOPIC:
        refused, not_covered = off_topic_refusals(sets[questions], assistants[corpus])
        print(f"| {questions} | {corpus} | {refused:.3f} | {not_covered:.3f} |", flush=True)
    ratio = time_ratio(sets["squad2_en"], assistants["squad2_en"])
    print(
        f"\nA whole answer takes {ratio:.2f} times as long as encoding the question and a bare FAISS search "
        "(squad2_en, median)."
    )


if __name__ == "__main__":
    main()
