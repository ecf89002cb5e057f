from __future__ import annotations

from assistant.conversation.assistant import Assistant
from assistant.retrieval.passage_filter import PassageFilter


def test_nearest_is_the_best_retrieved_passage(shared_assistant: Assistant) -> None:
    nearest = shared_assistant.trace("Which university teaches statistics?").nearest_passage
    assert nearest is not None
    assert nearest.document_id == "gamma.md"


def test_small_talk_and_empty_results_have_no_nearest_passage(shared_assistant: Assistant) -> None:
    assert shared_assistant.trace("Hello!").nearest_passage is None
    assert shared_assistant.trace("What is Alpha?", passage_filter=PassageFilter(("none.md",))).nearest_passage is None
