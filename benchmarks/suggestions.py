"""Example and related questions, each asked again: how many are refused. There should be none.

    python -m benchmarks.suggestions [--corpus DIR --index DIR]

Examples are asked alone; related ones after the question that they are suggested for, as people do.
"""

from __future__ import annotations

import argparse
import os

from assistant.factory import make_assistant, with_introduction
from assistant.schema import Turn, Verdict
from assistant.settings import load_settings


def main() -> None:
    """Print how many were asked and refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus")
    parser.add_argument("--index")
    settings = load_settings(os.environ, vars(parser.parse_args()))
    assistant, guide = with_introduction(settings, make_assistant(settings))
    refused: list[str] = []
    related = 0
    for item in guide.questions:
        answer = assistant.ask(item.question)
        if answer.verdict is not Verdict.ANSWERED:
            refused.append(item.question)
        for question in answer.suggestions:
            related += 1
            after = assistant.ask(question, [Turn(item.question, answer.resolved_question)])
            if after.verdict is not Verdict.ANSWERED:
                refused.append(f"{item.question} -> {question}")
    print(f"{len(guide.questions)} examples and {related} related questions asked; refused: {len(refused)}")
    for line in refused:
        print(f"  {line}")


if __name__ == "__main__":
    main()
