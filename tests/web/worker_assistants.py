"""Functions that make assistants in worker processes. They must be picklable, so they have a module of their own."""

from __future__ import annotations

from pathlib import Path

from assistant.conversation.assistant import Assistant
from assistant.index.loading import load_index
from tests.fakes import ANSWERABILITY, BagOfWords


def make_assistant(index_folder: Path) -> Assistant:
    """Make an assistant like the one that the `small_assistant` fixture provides."""
    return Assistant(load_index(index_folder, BagOfWords()), BagOfWords(), ANSWERABILITY, contact="the office")


def fail_to_start() -> Assistant:
    raise OSError("no memory left")


def fail_on_first_start(index_folder: Path) -> Assistant:
    """Fail on the first call, leaving a file named `failed` beside the index. On later calls, make an assistant."""
    try:
        (index_folder.parent / "failed").touch(exist_ok=False)
    except FileExistsError:
        return make_assistant(index_folder)
    return fail_to_start()
