"""Asks the golden questions about the seed corpus and lists those that are answered incorrectly.

python -m benchmarks.golden [--without-reader]
"""

from __future__ import annotations

import argparse

from assistant.factory import make_assistant
from assistant.settings import load_settings
from tests.test_golden import CASES, CLOSE_CASES, CONVERSATIONS, hold_conversation, is_right


def main() -> None:
    """Print how many answers are correct and list the questions answered incorrectly. The index must be up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-reader", action="store_true")
    assistant = make_assistant(load_settings({}, {"reader": not parser.parse_args().without_reader}))
    for name, cases in (("seed questions", CASES), ("close questions", CLOSE_CASES)):
        asked = [(case, assistant.ask(case["question"])) for case in cases]
        wrong = [(case, answer) for case, answer in asked if not is_right(case, answer)]
        print(f"{name}: {len(cases) - len(wrong)} of {len(cases)} right")
        for case, answer in wrong:
            expected = case.get("says", "a refusal")
            print(f"- {case['question']} ({answer.verdict.value}, {answer.confidence:.2f}; expected: {expected})")
    held = [(case, hold_conversation(case, assistant)) for case in CONVERSATIONS]
    right = sum(all(right for _, right in turns) for _, turns in held)
    print(f"conversations: {right} of {len(held)} right")
    for case, turns in held:
        for turn, (answer, is_turn_right) in zip(case["turns"], turns, strict=True):
            if not is_turn_right:
                print(f"- {case['id']}: {answer.resolved_question} ({answer.verdict.value}, {answer.confidence:.2f}; "
                      f"expected: {turn.get('says', 'a refusal')})")  # fmt: skip


if __name__ == "__main__":
    main()
