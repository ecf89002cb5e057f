"""What each part of retrieval is worth: nDCG@10 of variants over data sets in BEIR layout.

python -m benchmarks.retrieval ../shared/eval/squad2_en ../shared/eval/swefaq_dev …
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import DataSet, read_data_set
from assistant.evaluation.metrics import Estimate, retrieval_metrics
from assistant.factory import make_evaluation_assistant
from assistant.retrieval.query import Query, make_query
from assistant.retrieval.retriever import WEIGHTS, ScoreWeights, retrieve
from assistant.settings import load_settings
from assistant.text.language import detect_question_language

VARIANTS = {
    "passage vector": ScoreWeights(0.0, 0.0, 0.0),
    "+ best sentence": ScoreWeights(0.5, 0.0, 0.0),
    "+ lexical": ScoreWeights(0.5, 0.12, 0.0),
    "+ words, as shipped": WEIGHTS,
    "shipped without sentence": ScoreWeights(0.0, 0.12, 0.25),
    "shipped without lexical": ScoreWeights(0.5, 0.0, 0.25),
    "lexical doubled": ScoreWeights(0.5, 0.24, 0.25),
    "words doubled": ScoreWeights(0.5, 0.12, 0.5),
    "words halved": ScoreWeights(0.5, 0.12, 0.125),
}
_DEPTH = 50


def queries(data: DataSet, assistant: Assistant) -> dict[str, Query]:
    """Every judged query, encoded once for all variants."""
    return {
        key: make_query(assistant.index, assistant.encoder, text, detect_question_language(text, "en"))
        for key, text in data.queries.items()
        if key in data.qrels
    }


def figure(data: DataSet, assistant: Assistant, asked: dict[str, Query], weights: ScoreWeights) -> Estimate:
    """nDCG@10 with `weights`."""
    found = {}
    for key, query in asked.items():
        passages = retrieve(assistant.index, query, _DEPTH, weights=weights)
        found[key] = list(dict.fromkeys(item.passage.document_id for item in passages))[:10]
    return retrieval_metrics(data, found)["nDCG@10"]


def main() -> None:
    """Print a table: variants down, sets across."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    columns: dict[str, dict[str, Estimate]] = {}
    for folder in parser.parse_args().data:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        asked = queries(data, assistant)
        columns[data.name] = {name: figure(data, assistant, asked, weights) for name, weights in VARIANTS.items()}
    print("| variant | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for name in VARIANTS:
        print(f"| {name} | " + " | ".join(f"{column[name].value:.3f}" for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
