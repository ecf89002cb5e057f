"""The command line. Exit 0 also for a refusal, 1 for an error the user can mend, 2 for wrong usage."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.errors import AssistantError, QuestionError
from assistant.schema import Answer, Turn, Verdict, answer_as_dict
from assistant.settings import Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        overrides = {name: getattr(options, name, None) for name in ("corpus", "index", "host", "port")}
        result: int = options.run(load_settings(os.environ, overrides), options)
    except AssistantError as error:
        print(f"assistant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - must outlive us, so that the flush at exit succeeds
        return 0
    except OSError as error:
        print(
            f"assistant: {error.strerror or error}: {error.filename!r}; check the path and its rights", file=sys.stderr
        )
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="assistant", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    places = argparse.ArgumentParser(add_help=False)
    places.add_argument("--corpus", type=Path, metavar="DIR", help="folder with the texts")
    places.add_argument("--index", type=Path, metavar="DIR", help="folder for the built index")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[places])
        made.set_defaults(run=run)
        return made

    index = command("index", _index, "bring the index up to date with the corpus")
    index.add_argument("--skip-unreadable", action="store_true", help="go on without files that can't be read")
    index.add_argument("--rebuild", action="store_true", help="forget the old index and embed everything anew")
    index.add_argument("--rollback", action="store_true", help="make the generation before the live one live again")
    ask = command("ask", _ask, "answer one question, or a file of them")
    ask.add_argument("question", nargs="*", help="the question")
    ask.add_argument("--batch", type=Path, metavar="FILE", help='JSON lines {"id", "question"} or {"id", "turns"}')
    ask.add_argument("--json", action="store_true", help="print the Answer as JSON")
    ask.add_argument("--document", action="append", default=[], metavar="ID", help="only from this document or folder")
    ask.add_argument("--language", metavar="CODE", help="only from texts in this language")
    ask.add_argument("--explain", action="store_true", help="show every stage with its scores")
    ask.add_argument("--expect", metavar="WORDS", help="words of the answer: --explain names what failed")
    command("chat", _chat, "ask in the terminal, with follow-ups")
    serve = command("serve", _serve, "serve the page and the API")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on")
    evaluate = command("eval", _evaluate, "measure answers on a data set")
    evaluate.add_argument("data", type=Path, metavar="DIR", help="a data set, or a file of probes for your own texts")
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON")
    evaluate.add_argument("--compare", type=Path, metavar="OLD.json", help="say what changed since that report")
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="draw the risk-coverage curve")
    calibrate = command("calibrate", _calibrate, "fit the threshold for answering to your own probes")
    calibrate.add_argument("probes", type=Path, metavar="PROBES.jsonl", help="questions in the format of qa.jsonl")
    command("purge", _purge, "delete what is stored for longer than keep_days")
    command("doctor", _doctor, "check settings, corpus, model and index; say what to do")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _progress(items: Iterable[Any], total: int) -> Iterable[Any]:
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(items, total=total, file=sys.stderr, dynamic_ncols=True)
    return bar


def _index(settings: Settings, options: argparse.Namespace) -> int:
    if options.rollback:
        from assistant.index.store import roll_back

        print(f"live again: generation {roll_back(settings.index)}")
        return 0
    from assistant.factory import update_index

    reading, report = update_index(settings, options.skip_unreadable, options.rebuild, _say, _progress)
    for name in ("added", "changed", "removed"):
        for document in getattr(report, name):
            print(f"{name:8} {document}")
    counts = ", ".join(f"{len(getattr(report, name))} {name}" for name in ("added", "changed", "removed", "unchanged"))
    print(f"{counts}; {report.passages} passages, {report.embedded} embedded; generation {report.generation}")
    if report.added or report.changed or report.removed:
        print("a server that is running takes it up within seconds")
    for item in reading.unreadable:
        print(f"skipped  {item.path}: {item.reason}")
    return 0


def _ask(settings: Settings, options: argparse.Namespace) -> int:
    if bool(options.question) == bool(options.batch):
        _say("assistant ask: give either a question or --batch FILE")
        return 2
    from assistant.factory import make_assistant
    from assistant.retrieval import Filter

    if options.batch:
        requests = list(_requests(options.batch))
        assistant = make_assistant(settings, _say)
        for identifier, turns in requests:
            answer, _ = _last_answer(assistant, turns)
            print(json.dumps({"id": identifier, **answer_as_dict(answer)}, ensure_ascii=False), flush=True)
        return 0
    assistant = make_assistant(settings, _say)
    only = Filter(tuple(options.document), options.language)
    trace = assistant.trace(" ".join(options.question), only=only)
    if options.explain:
        from assistant.explain import explain, failed_stage

        print(explain(trace, assistant.judge.answer_from))
        if options.expect:
            right = _contains(options.expect)
            print(f"failed     {failed_stage(trace, right, assistant.index.texts) or 'nowhere: it is answered'}")
    if options.json:
        print(json.dumps(answer_as_dict(trace.answer), ensure_ascii=False, indent=2))
    elif not options.explain:
        print(_readable(trace.answer))
    return 0


def _contains(words: str) -> Callable[[str, str], bool]:
    wanted = " ".join(words.casefold().split())
    return lambda text, _: wanted in " ".join(text.casefold().split())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"can't read {str(path)!r} ({error}); name a UTF-8 text file") from None


def _requests(path: Path) -> Iterator[tuple[Any, list[str]]]:
    """Id and turns of each line of a batch file.

    Raises:
        QuestionError: the file can't be read or a line is no request.
    """
    from assistant.chat import taken

    for number, line in enumerate(_read(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            turns = record["turns"] if "turns" in record else [record["question"]]
            if not turns or not all(isinstance(turn, str) for turn in turns):
                raise ValueError
            yield record["id"], [taken(turn) for turn in turns]
        except QuestionError as error:
            raise QuestionError(f"line {number} of {str(path)!r}: {error}") from None
        except (ValueError, KeyError, TypeError):
            raise QuestionError(
                f'line {number} of {str(path)!r} is no request; write {{"id": …, "question": "…"}} '
                'or {"id": …, "turns": ["…"]}'
            ) from None


def _last_answer(assistant: Any, turns: Sequence[str]) -> tuple[Answer, list[Turn]]:
    history: list[Turn] = []
    for turn in turns:
        answer = assistant.ask(turn, history)
        history.append(Turn(turn, answer.resolved_question))
    return answer, history


def _chat(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.factory import make_assistant

    assistant = make_assistant(settings, _say)
    _say("Ask a question; an empty line ends.")
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
            _say(str(error))
            continue
        if answer.resolved_question != answer.question:
            print(f"({answer.resolved_question})")
        print(_readable(answer) + "\n")
        if answer.verdict is not Verdict.ABOUT_ME:
            history.append(Turn(question, answer.resolved_question))


def _readable(answer: Answer) -> str:
    lines = [answer.answer]
    for citation in answer.citations or answer.closest:
        place = " > ".join(dict.fromkeys([citation.title, *citation.heading]))
        where = f"{citation.document_id}, characters {citation.start}-{citation.end}"
        lines.append(f"  [{citation.number}] {place} ({where})" + (f" {citation.url}" if citation.url else ""))
        if answer.closest:
            lines.append(f"      {citation.quote}")
    return "\n".join(lines)


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.web.server import serve

    serve(settings)
    return 0


def _evaluate(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.evaluation import report as reports
    from assistant.evaluation.data import probes_only, read_data_set
    from assistant.factory import make_assistant, make_evaluated

    old = _report(options.compare) if options.compare else None
    if options.data.is_file():
        data, assistant = probes_only(options.data), make_assistant(settings, _say)
    else:
        data = read_data_set(options.data)
        assistant = make_evaluated(settings, data, _say, _progress)
    made, came = reports.evaluate(data, assistant, _progress)
    if options.picture:
        reports.draw_risk_coverage(came, options.picture)
    if options.json:
        print(json.dumps(made, ensure_ascii=False, indent=1))
    else:
        print(reports.as_markdown(made))
    if old is not None:
        print(reports.compare(old, made), file=sys.stderr if options.json else sys.stdout)
    return 0


def _report(path: Path) -> Any:
    try:
        return json.loads(_read(path))
    except ValueError:
        raise QuestionError(f"{str(path)!r} is no report; make one: assistant eval DIR --json > {path.name}") from None


def _calibrate(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.evaluation.calibrate import as_table, best, trade_off
    from assistant.evaluation.data import read_questions
    from assistant.evaluation.run import outcomes
    from assistant.factory import make_assistant

    questions = read_questions(options.probes)
    thresholds = trade_off(outcomes(questions, make_assistant(settings, _say), _progress))
    chosen = best(thresholds)
    print(as_table(thresholds, chosen))
    print(f"\nTo use it: answer_from = {chosen.answer_from} in assistant.toml (or ASSISTANT_ANSWER_FROM)")
    return 0


def _purge(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.store.database import Store

    if not settings.database:
        print("nothing is stored (setting database is empty)")
        return 0
    store = Store(settings.database, settings.store_questions, settings.keep_days)
    print(f"deleted {store.purge()} answers older than {settings.keep_days} days, with their feedback")
    store.close()
    return 0


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from assistant.doctor import examine

    healthy = True
    for finding in examine(settings):
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.subject}: {finding.text}")
        healthy = healthy and finding.ok
    return 0 if healthy else 1
