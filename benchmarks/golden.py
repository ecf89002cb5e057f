"""Asks the golden questions about the seed corpus and lists those that are answered incorrectly.

python -m benchmarks.golden
"""

from __future__ import annotations

from assistant.factory import make_assistant
from assistant.settings import load_settings
from tests.test_golden import CASES, is_right


def main() -> None:
    """Print how many answers are correct and list the questions answered incorrectly. The index must be up to date."""
    assistant = make_assistant(load_settings({}))
    asked = [(case, assistant.ask(case["question"])) for case in CASES]
    wrong = [(case, answer) for case, answer in asked if not is_right(case, answer)]
    print(f"{len(CASES) - len(wrong)} of {len(CASES)} right")
    for case, answer in wrong:
        print(f"- {case['question']} ({answer.verdict.value}, {answer.confidence:.2f})")


if __name__ == "__main__":
    main()
