"""The table of README.md: every development set, questions off topic, and the time of a question.

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
from assistant.evaluation.report import evaluate
from assistant.evaluation.runner import Outcome, run_questions
from assistant.factory import make_evaluation_assistant
from assistant.settings import load_settings

SETS = ("squad2_en", "squad2_sv_en", "clapnq", "medquad_genetics", "swefaq_dev", "medline", "cranfield")
OFF_TOPIC = (("medquad_genetics", "squad2_en"), ("squad2_en", "medquad_genetics"), ("swefaq_dev", "squad2_sv_en"),
             ("squad2_sv_en", "swefaq_dev"))  # fmt: skip
SAMPLE = 300
SHOWN = ("supported and shown", "best sentence supports", "citation precision", "false refusals",
         "refused unanswerable", "AUC answerable", "calibration error")  # fmt: skip


def off_topic(asked: DataSet, assistant: Assistant) -> tuple[float, float]:
    """Shares of another set's questions that are refused, and refused as not covered."""
    sample = random.Random(1).sample(asked.questions, min(SAMPLE, len(asked.questions)))
    beside = [replace(item, answerable=False, answers=(), document_ids=frozenset()) for item in sample]
    found = run_questions(beside, assistant, lambda items, _: items)
    refused = np.mean([item.verdict != "answered" for item in found])
    return float(refused), float(np.mean([item.verdict == "not_covered" for item in found]))


def added_time(data: DataSet, assistant: Assistant, count: int = 200) -> float:
    """Median over questions of the whole answer's time over encoding and a bare FAISS search alone."""
    ratios = []
    for asked in data.questions[:count]:
        question = asked.turns[-1]
        start = time.perf_counter()
        vector = assistant.encoder.encode_questions([question]).vectors
        assistant.index.dense.nearest(vector[0], 10)
        middle = time.perf_counter()
        assistant.ask(question)
        ratios.append((time.perf_counter() - middle) / (middle - start))
    return float(np.median(ratios))


def row(name: str, report: dict[str, Any]) -> str:
    """A line of the table."""
    retrieval, answers = report.get("retrieval", {}), report.get("answers", {})
    values = [retrieval["nDCG@10"]] if retrieval else [None]
    values += [answers.get(key) for key in SHOWN]
    cells = [f"{item['value']:.3f}" if item else "" for item in values]
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
    print("| set | nDCG@10 | " + " | ".join(SHOWN) + " |\n|" + "---|" * (len(SHOWN) + 2))
    pooled: list[Outcome] = []
    for name, data in sets.items():
        report, came = evaluate(data, assistants[name], lambda items, _: items)
        pooled += came
        print(row(name, report), flush=True)
    error = calibration_error([item.confidence for item in pooled], [item.supported for item in pooled])
    print(f"\nCalibration error over all sets together: {error:.3f}\n")
    print("| questions of | asked of | refused | as not covered |\n|---|---|---|---|")
    for asked, corpus in OFF_TOPIC:
        refused, not_covered = off_topic(sets[asked], assistants[corpus])
        print(f"| {asked} | {corpus} | {refused:.3f} | {not_covered:.3f} |", flush=True)
    ratio = added_time(sets["squad2_en"], assistants["squad2_en"])
    print(
        f"\nA whole answer takes {ratio:.2f} times encoding the question and a bare FAISS search (squad2_en, median)."
    )


if __name__ == "__main__":
    main()
