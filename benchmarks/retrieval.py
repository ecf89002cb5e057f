"""Compares the nDCG@10 of retrieval variants, each of which omits parts of the score or changes the weight of a part.

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
from assistant.retrieval.retriever import DEFAULT_SCORE_WEIGHTS, ScoreWeights, retrieve
from assistant.settings import load_settings
from assistant.text.language import detect_question_language

VARIANTS = {
    "passage vector": ScoreWeights(0.0, 0.0, 0.0),
    "+ best sentence": ScoreWeights(0.5, 0.0, 0.0),
    "+ lexical": ScoreWeights(0.5, 0.12, 0.0),
    "+ words, as shipped": DEFAULT_SCORE_WEIGHTS,
    "shipped without sentence": ScoreWeights(0.0, 0.12, 0.25),
    "shipped without lexical": ScoreWeights(0.5, 0.0, 0.25),
    "lexical doubled": ScoreWeights(0.5, 0.24, 0.25),
    "words doubled": ScoreWeights(0.5, 0.12, 0.5),
    "words halved": ScoreWeights(0.5, 0.12, 0.125),
}
_RETRIEVED_PASSAGES, _RANKED_DOCUMENTS = 50, 10


def encode_queries(data: DataSet, assistant: Assistant) -> dict[str, Query]:
    """Encode every query that has relevance grades. All variants use the same encoded queries."""
    return {
        query_id: make_query(assistant.index, assistant.encoder, text, detect_question_language(text, "en"))
        for query_id, text in data.queries.items()
        if query_id in data.qrels
    }


def ndcg(data: DataSet, assistant: Assistant, queries: dict[str, Query], weights: ScoreWeights) -> Estimate:
    """Compute the nDCG@10 of retrieval with `weights`."""
    rankings = {}
    for query_id, query in queries.items():
        passages = retrieve(assistant.index, query, _RETRIEVED_PASSAGES, weights=weights)
        documents = dict.fromkeys(item.passage.document_id for item in passages)
        rankings[query_id] = list(documents)[:_RANKED_DOCUMENTS]
    return retrieval_metrics(data, rankings)["nDCG@10"]


def main() -> None:
    """Print a table with a row for each variant and a column for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    columns: dict[str, dict[str, Estimate]] = {}
    for folder in parser.parse_args().data:
        data = read_data_set(folder)
        assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
        queries = encode_queries(data, assistant)
        columns[data.name] = {name: ndcg(data, assistant, queries, weights) for name, weights in VARIANTS.items()}
    print("| variant | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for name in VARIANTS:
        print(f"| {name} | " + " | ".join(f"{column[name].value:.3f}" for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
