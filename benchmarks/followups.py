"""Retrieval for the last turn of a conversation: as it was written, and with what it leans on written out.

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
from assistant.evaluation.runner import run_queries
from assistant.factory import make_evaluation_assistant
from assistant.schema import Turn
from assistant.settings import load_settings


@dataclass(frozen=True)
class Last:
    """The last turn of a conversation, bare and resolved."""

    asked: EvaluationQuestion
    bare: str
    resolved: str


def last_turn(asked: EvaluationQuestion, assistant: Assistant) -> Last:
    """What the assistant understands of the last turn."""
    history: list[Turn] = []
    for turn in asked.turns[:-1]:
        history.append(Turn(turn, assistant.resolve_question(turn, history)))
    return Last(asked, asked.turns[-1], assistant.resolve_question(asked.turns[-1], history))


def values(data: DataSet, turns: list[Last], attribute: str, assistant: Assistant) -> dict[str, list[float]]:
    """nDCG@10 and recall@10 of each turn."""
    found: dict[str, list[float]] = {"nDCG@10": [], "recall@10": []}
    for turn in turns:
        key = turn.asked.identifier
        one = DataSet(
            data.name, (), {key: getattr(turn, attribute)}, {key: dict.fromkeys(turn.asked.document_ids, 1)}, ()
        )
        figures = retrieval_metrics(one, run_queries(one, assistant, lambda items, _: items))
        for name in found:
            found[name].append(figures[name].value)
    return found


def main() -> None:
    """Print both, and the difference with its interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = read_data_set(parser.parse_args().data)
    assistant = make_evaluation_assistant(load_settings({}), data, print, lambda items, _: items)
    turns = [last_turn(asked, assistant) for asked in data.questions if len(asked.turns) > 1 and asked.document_ids]
    changed = [turn for turn in turns if turn.bare != turn.resolved]
    print("| questions | measure | bare | resolved | difference (95 % interval) |\n|---|---|---|---|---|")
    for name, part in (("all", turns), ("changed", changed)):
        bare, resolved = (values(data, part, attribute, assistant) for attribute in ("bare", "resolved"))
        for measure in bare:
            gain = mean_with_interval((np.array(resolved[measure]) - np.array(bare[measure])).tolist())
            print(
                f"| {name} ({len(part)}) | {measure} | {np.mean(bare[measure]):.3f} | {np.mean(resolved[measure]):.3f} "
                f"| {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) |"
            )


if __name__ == "__main__":
    main()
