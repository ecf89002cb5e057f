"""Tests of the answers to various questions about the documents in corpus/, in English and Swedish."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.citations import citation_numbers_in
from assistant.conversation.assistant import Assistant
from assistant.embedding.encoder import Encoder
from assistant.schema import Answer, Turn, Verdict
from tests.conftest import ROOT, index_of

pytestmark = pytest.mark.real


def read_golden(name: str) -> list[dict[str, Any]]:
    """Read a file of tests/golden."""
    lines = (ROOT / "tests/golden" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


CASES = read_golden("seed.jsonl")
CLOSE_CASES = read_golden("close_questions.jsonl")  # a third can't be answered, but are about what the texts mention
CONVERSATIONS = read_golden("conversations.jsonl")
# How many cases are handled correctly; raise these numbers when the answers improve.
MIN_RIGHT, MIN_CLOSE_RIGHT, MIN_CONVERSATIONS_RIGHT = 44, 36, 3


def is_right(case: dict[str, Any], answer: Answer) -> bool:
    """Return whether `answer` is right.

    If the case expects a refusal, the answer must be one. Otherwise, it must quote all the expected words.
    """
    if case.get("small_talk"):
        return answer.verdict is Verdict.ABOUT_ME
    if case.get("refused"):
        return answer.abstained
    quotes = " ".join(citation.quote for citation in answer.citations)
    return not answer.abstained and all(words in quotes for words in case["says"])


def hold_conversation(case: dict[str, Any], assistant: Assistant) -> list[tuple[Answer, bool]]:
    """Ask the questions of a conversation. Returns each answer and whether it is right."""
    answers: list[tuple[Answer, bool]] = []
    history: list[Turn] = []
    for turn in case["turns"]:
        answer = assistant.ask(turn["question"], history)
        answers.append((answer, is_right(turn, answer)))
        history.append(Turn(turn["question"], answer.resolved_question))
    return answers


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_answer_is_cited_and_every_quote_is_verbatim(case: dict[str, Any], seed_assistant: Assistant) -> None:
    answer = seed_assistant.ask(case["question"])
    texts = seed_assistant.index.document_texts
    assert (answer.verdict is Verdict.ANSWERED) == bool(answer.citations)
    assert set(citation_numbers_in(answer.answer)) == {citation.number for citation in answer.citations}
    for citation in (*answer.citations, *answer.closest):
        assert texts[citation.document_id][citation.start : citation.end] == citation.quote
        assert citation.quote in (ROOT / "corpus" / citation.document_id).read_text(encoding="utf-8")


def test_rebuilt_index_has_the_same_generation_and_answers(
    seed_assistant: Assistant, e5: Encoder, tmp_path: Path
) -> None:
    index = index_of(list(seed_assistant.index.documents.values()), tmp_path, e5)
    rebuilt = replace(seed_assistant, index=index)
    assert index.manifest.generation == seed_assistant.index.manifest.generation
    for case in CASES:
        first, second = seed_assistant.ask(case["question"]), rebuilt.ask(case["question"])
        assert (first.answer, first.citations, first.confidence) == (second.answer, second.citations, second.confidence)


def test_most_answers_are_right(seed_assistant: Assistant) -> None:
    wrong = [case["id"] for case in CASES if not is_right(case, seed_assistant.ask(case["question"]))]
    print(f"{len(CASES) - len(wrong)} of {len(CASES)} right; wrong: {wrong}")
    assert len(CASES) - len(wrong) >= MIN_RIGHT


def test_most_answers_to_close_questions_are_right(seed_assistant: Assistant) -> None:
    wrong = [case["id"] for case in CLOSE_CASES if not is_right(case, seed_assistant.ask(case["question"]))]
    print(f"{len(CLOSE_CASES) - len(wrong)} of {len(CLOSE_CASES)} right; wrong: {wrong}")
    assert len(CLOSE_CASES) - len(wrong) >= MIN_CLOSE_RIGHT


def test_most_conversations_are_right_in_every_turn(seed_assistant: Assistant) -> None:
    right = [case["id"] for case in CONVERSATIONS if all(item[1] for item in hold_conversation(case, seed_assistant))]
    print(f"{len(right)} of {len(CONVERSATIONS)} right: {right}")
    assert len(right) >= MIN_CONVERSATIONS_RIGHT
