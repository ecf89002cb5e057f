"""Asks all example and related questions again and counts the refusals. No question should be refused.

    python -m benchmarks.suggestions [--corpus DIR --index DIR]

Example questions are asked on their own. Each related question is asked as a follow-up to the question for which it was
suggested.
"""

from __future__ import annotations

import argparse
import os

from assistant.factory import attach_introduction, make_assistant
from assistant.schema import Turn, Verdict
from assistant.settings import load_settings


def main() -> None:
    """Print how many questions were asked, and list the questions that were refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus")
    parser.add_argument("--index")
    settings = load_settings(os.environ, vars(parser.parse_args()))
    assistant, introduction = attach_introduction(settings, make_assistant(settings))
    refused: list[str] = []
    related = 0
    for item in introduction.suggested_questions:
        answer = assistant.ask(item.question)
        if answer.verdict is not Verdict.ANSWERED:
            refused.append(item.question)
        for question in answer.suggestions:
            related += 1
            follow_up = assistant.ask(question, [Turn(item.question, answer.resolved_question)])
            if follow_up.verdict is not Verdict.ANSWERED:
                refused.append(f"{item.question} -> {question}")
    print(
        f"{len(introduction.suggested_questions)} examples and {related} related questions asked; "
        f"refused: {len(refused)}"
    )
    for line in refused:
        print(f"  {line}")


if __name__ == "__main__":
    main()
