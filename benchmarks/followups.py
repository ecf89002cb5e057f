"""Compares retrieval for follow-up questions as written with retrieval after their references have been resolved.

python -m benchmarks.followups ../shared/eval/mtragun
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import DataSet, EvaluationQuestion, read_data_set
from assistant.evaluation.metrics import mean_with_interval, retrieval_metrics
from assistant.evaluation.runner import rank_documents
from assistant.factory import make_evaluation_assistant
from assistant.schema import Turn
from assistant.settings import load_settings


@dataclass(frozen=True)
class LastTurn:
    """The last question of a conversation: as written (`bare`) and with its references resolved (`resolved`)."""

    question: EvaluationQuestion
    bare: str
    resolved: str


def resolve_last_turn(question: EvaluationQuestion, assistant: Assistant) -> LastTurn:
    """Resolve the references in a conversation's last question, as the assistant does."""
    history: list[Turn] = []
    for turn in question.turns[:-1]:
        history.append(Turn(turn, assistant.resolve_question(turn, history)))
    return LastTurn(question, question.turns[-1], assistant.resolve_question(question.turns[-1], history))


def retrieval_values(data: DataSet, turns: list[LastTurn], form: str, assistant: Assistant) -> dict[str, list[float]]:
    """Compute nDCG@10 and recall@10 for each question. `form` is "bare" or "resolved"."""
    values: dict[str, list[float]] = {"nDCG@10": [], "recall@10": []}
    for turn in turns:
        query_id = turn.question.question_id
        grades = dict.fromkeys(turn.question.correct_document_ids, 1)
        single = DataSet(data.name, (), {query_id: getattr(turn, form)}, {query_id: grades}, ())
        estimates = retrieval_metrics(single, rank_documents(single, assistant, lambda items, _: items))
        for name in values:
            values[name].append(estimates[name].value)
    return values


def main() -> None:
    """Print the metrics for both forms of the questions, and the differences between them with confidence intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = read_data_set(parser.parse_args().data)
    assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
    turns = [
        resolve_last_turn(question, assistant)
        for question in data.questions
        if len(question.turns) > 1 and question.correct_document_ids
    ]
    changed = [turn for turn in turns if turn.bare != turn.resolved]
    print("| questions | measure | bare | resolved | difference (95 % interval) |\n|---|---|---|---|---|")
    for name, part in (("all", turns), ("changed", changed)):
        bare, resolved = (retrieval_values(data, part, form, assistant) for form in ("bare", "resolved"))
        for measure in bare:
            gain = mean_with_interval((np.array(resolved[measure]) - np.array(bare[measure])).tolist())
            print(
                f"| {name} ({len(part)}) | {measure} | {np.mean(bare[measure]):.3f} | {np.mean(resolved[measure]):.3f} "
                f"| {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) |"
            )


if __name__ == "__main__":
    main()
