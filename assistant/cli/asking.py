"""Commands that answer questions: `ask` and `chat`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.citations import citation_marker, split_at_answer
from assistant.cli.common import print_status, read_text_file
from assistant.errors import QuestionError
from assistant.schema import Answer, Turn, Verdict, answer_as_dict
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.conversation.assistant import Assistant

_BOLD = "\033[1m{}\033[22m"


def ask(settings: Settings, options: argparse.Namespace) -> int:
    """Answer one question, or a batch of questions from a file."""
    if bool(options.question) == bool(options.batch):
        print_status("assistant ask: specify either a question or --batch FILE")
        return 2
    from assistant.factory import make_assistant
    from assistant.retrieval.passage_filter import PassageFilter

    if options.batch:
        requests = list(_batch_requests(options.batch))
        assistant = make_assistant(settings, print_status, thorough=False)
        for identifier, turns in requests:
            answer = _last_answer(assistant, turns)
            print(json.dumps({"id": identifier, **answer_as_dict(answer)}, ensure_ascii=False), flush=True)
        return 0
    assistant = make_assistant(settings, print_status, thorough=False)
    passage_filter = PassageFilter(tuple(options.document), options.language)
    trace = assistant.trace(" ".join(options.question), passage_filter=passage_filter)
    if options.explain:
        from assistant.conversation.explanation import explain_trace, failed_stage

        print(explain_trace(trace, assistant.answerability_model.answer_threshold))
        if options.expect:
            stage = failed_stage(trace, _contains(options.expect), assistant.index.document_texts)
            print(f"failed     {stage or 'none: the question was answered'}")
    if options.json:
        print(json.dumps(answer_as_dict(trace.answer), ensure_ascii=False, indent=2))
    elif not options.explain:
        print(_format_answer(trace.answer))
    return 0


def _contains(words: str) -> Callable[[str, str], bool]:
    """Return a function that tests whether a text contains `words`, ignoring case and line breaks."""
    expected = " ".join(words.casefold().split())
    return lambda text, _: expected in " ".join(text.casefold().split())


def _batch_requests(path: Path) -> Iterator[tuple[Any, list[str]]]:
    """Yield the id and the turns of each request in a batch file, which has one request per line.

    Raises:
        QuestionError: the file can't be read, or a line is not a valid request.
    """
    from assistant.conversation.question import validate_question

    for number, line in enumerate(read_text_file(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            turns = record["turns"] if "turns" in record else [record["question"]]
            if not turns or not all(isinstance(turn, str) for turn in turns):
                raise ValueError
            yield record["id"], [validate_question(turn) for turn in turns]
        except QuestionError as error:
            raise QuestionError(f"line {number} of {str(path)!r}: {error}") from None
        except (ValueError, KeyError, TypeError):
            raise QuestionError(
                f'line {number} of {str(path)!r} is not a valid request; use {{"id": …, "question": "…"}} '
                'or {"id": …, "turns": ["…"]}'
            ) from None


def _last_answer(assistant: Assistant, turns: Sequence[str]) -> Answer:
    """Ask all the questions of a conversation in order and return the answer to the last one."""
    history: list[Turn] = []
    for turn in turns:
        answer = assistant.ask(turn, history)
        history.append(Turn(turn, answer.resolved_question))
    return answer


def chat(settings: Settings, options: argparse.Namespace) -> int:
    """Hold a conversation in the terminal."""
    from assistant.factory import make_assistant

    assistant = make_assistant(settings, print_status, thorough=False)
    print_status("Ask a question. Enter an empty line to quit.")
    history: list[Turn] = []
    while True:
        try:
            question = input("> ").strip()
        except EOFError:
            return 0
        if not question:
            return 0
        try:
            answer = assistant.ask(question, history)
        except QuestionError as error:
            print_status(str(error))
            continue
        if answer.resolved_question != answer.question:
            print(f"({answer.resolved_question})")
        print(_format_answer(answer) + "\n")
        if answer.verdict is not Verdict.ABOUT_ME:
            history.append(Turn(question, answer.resolved_question))


def is_terminal() -> bool:
    """Return whether the output is shown in a terminal, which can set words in bold."""
    return sys.stdout.isatty()


def _answer_text(answer: Answer, bold: bool) -> str:
    """Return the text of `answer`. If `bold` is true, the words that answer the question are set in bold."""
    text = answer.answer
    for citation in answer.citations if bold else ():
        before, words, after = split_at_answer(citation)
        marker = citation_marker(citation.number)
        text = text.replace(f"{citation.quote} {marker}", f"{before}{_BOLD.format(words)}{after} {marker}", 1)
    return text


def _format_answer(answer: Answer) -> str:
    lines = [_answer_text(answer, is_terminal())]
    for citation in answer.citations or answer.closest:
        headings = " > ".join(dict.fromkeys([citation.title, *citation.heading]))
        location = f"{citation.document_id}, characters {citation.start}-{citation.end}"
        lines.append(f"  [{citation.number}] {headings} ({location})" + (f" {citation.url}" if citation.url else ""))
        if answer.closest:
            lines.append(f"      {citation.quote}")
    return "\n".join(lines)
