"""The `assistant` command.

The exit code is 0 for success, even if a question is refused; 1 for an error that the user can fix; 2 for incorrect
usage; and 130 if the command is interrupted with Ctrl+C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.cli import administration, asking, evaluating, gathering
from assistant.errors import AssistantError
from assistant.settings import load_settings

AddCommand = Callable[[str, Any, str], argparse.ArgumentParser]  # (name, function to run, summary) -> parser
_DESCRIPTION = "Answers questions from your documents, with verbatim quotes and their sources."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    # NumPy reads this variable on import. If NumPy used several threads, they would compete with the model's threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        overrides = {name: getattr(options, name, None) for name in ("corpus", "index", "host", "port")}
        result: int = options.run(load_settings(os.environ, overrides), options)
    except AssistantError as error:
        print(f"assistant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the process that reads the output, such as `head`, has exited
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the file must stay open because Python flushes it at exit
        return 0
    except OSError as error:
        print(
            f"assistant: {error.strerror or error}: {error.filename!r}; check the path and its permissions",
            file=sys.stderr,
        )
        return 1
    return result


def build_parser() -> argparse.ArgumentParser:
    """Build the parser for all commands."""
    parser = argparse.ArgumentParser(prog="assistant", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=__version__)
    locations = argparse.ArgumentParser(add_help=False)
    locations.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the documents")
    locations.add_argument("--index", type=Path, metavar="DIR", help="folder of the index")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=summary, description=summary, parents=[locations])
        subparser.set_defaults(run=run)
        return subparser

    _add_index(command)
    _add_gathering(command)
    _add_asking(command)
    _add_serve(command)
    _add_evaluation(command)
    _add_operating(command)
    return parser


def _add_index(command: AddCommand) -> None:
    """Add the parser of the command that updates the index."""
    index = command("index", administration.index, "update the index from the corpus")
    index.add_argument("--skip-unreadable", action="store_true", help="skip files that can't be read")
    index.add_argument("--rebuild", action="store_true", help="discard the existing index and embed every document")
    index.add_argument("--rollback", action="store_true", help="go back to the previous generation")
    index.add_argument("--watch", action="store_true", help="keep running and update the index when files change")


def _add_asking(command: AddCommand) -> None:
    """Add the parsers of the commands that ask questions."""
    ask = command("ask", asking.ask, "answer a question, or a batch of questions from a file")
    ask.add_argument("question", nargs="*", help="the question")
    ask.add_argument(
        "--batch", type=Path, metavar="FILE", help='answer each line of FILE: {"id", "question"} or {"id", "turns"}'
    )
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.add_argument(
        "--document", action="append", default=[], metavar="ID", help="search only this document or folder (repeatable)"
    )
    ask.add_argument("--language", metavar="CODE", help="search only documents in this language")
    ask.add_argument("--explain", action="store_true", help="show the result of every stage, with scores")
    ask.add_argument(
        "--expect", metavar="WORDS", help="with --explain: words of the correct answer, to show which stage lost it"
    )
    command("chat", asking.chat, "hold a conversation in the terminal")


def _add_serve(command: AddCommand) -> None:
    """Add the parser of the command that runs the server."""
    serve = command("serve", administration.serve, "run the server: web pages and API")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on")


def _add_evaluation(command: AddCommand) -> None:
    """Add the parsers of the commands that evaluate and calibrate the assistant."""
    evaluate = command("eval", evaluating.evaluate, "measure answer quality on a data set or on probes")
    evaluate.add_argument(
        "data", type=Path, metavar="DIR|FILE", help="folder of a data set, or file of probes about your own documents"
    )
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON")
    evaluate.add_argument(
        "--compare", type=Path, metavar="OLD.json", help="compare with an earlier report (from --json)"
    )
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="draw the risk-coverage curve")
    calibrate = command("calibrate", evaluating.calibrate, "fit the answer threshold to your own probes")
    calibrate.add_argument("probes", type=Path, metavar="PROBES.jsonl", help="probes, one JSON object per line")


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is less than 1")
    return number


def _add_gathering(command: AddCommand) -> None:
    """Add the parsers of the commands that maintain the corpus."""
    add = command("add", gathering.add, "add pages, sitemaps and files to the corpus as Markdown")
    add.add_argument("sources", nargs="+", metavar="URL|FILE", help="page, sitemap or file to add")
    add.add_argument(
        "--most", dest="max_pages", type=_positive, default=500, metavar="N",
        help="maximum number of pages from a sitemap (default: 500)",
    )  # fmt: skip
    refresh = command(
        "refresh", gathering.refresh, "update documents that have changed at their source, then update the index"
    )
    refresh.add_argument("--skip-unreadable", action="store_true", help="skip files that can't be read")
    refresh.add_argument("--dry-run", action="store_true", help="show changes without applying them")
    refresh.add_argument("--remove-gone", action="store_true", help="delete documents whose page no longer exists")
    for subparser in (add, refresh):
        subparser.add_argument("--allow-private", action="store_true", help="allow addresses in private networks")
    lint = command(
        "lint", gathering.lint, "find stale, repeated, contradicting and unreachable passages, and hidden characters"
    )
    lint.add_argument(
        "--days", type=_positive, default=365, metavar="N",
        help="report documents retrieved more than N days ago as stale (default: 365)",
    )  # fmt: skip
    lint.add_argument("--json", action="store_true", help="print each finding as a line of JSON")


def _add_operating(command: AddCommand) -> None:
    """Add the parsers of the commands that operate a server."""
    command("mcp", administration.mcp, "serve the tools ask and read_source over the Model Context Protocol")
    key = command("key", administration.key, "create, list or revoke API keys for programs")
    key.add_argument("action", choices=["create", "list", "revoke"])
    key.add_argument("name", nargs="?", default="", help="purpose of the new key, or id of the key to revoke")
    key.add_argument(
        "--scope", action="append", default=[], metavar="SCOPE",
        help="ask, texts, feedback or metrics (repeatable; default: ask and texts)",
    )  # fmt: skip
    key.add_argument(
        "--per-minute", type=_positive, metavar="N", help="requests per minute (default: the server's limit)"
    )
    key.add_argument("--days", type=_positive, metavar="N", help="days until the key expires (default: never)")
    backup = command(
        "backup", administration.back_up, "back up documents, live index, settings, probes and database to a file"
    )
    backup.add_argument("file", type=Path, metavar="FILE.tar.gz", help="file to create")
    restore = command("restore", administration.restore, "restore a backup")
    restore.add_argument("file", type=Path, metavar="FILE.tar.gz", help="file written by assistant backup")
    restore.add_argument("--force", action="store_true", help="replace existing documents, which are moved aside")
    command("purge", administration.purge, "delete answers and feedback older than keep_days")
    command("doctor", administration.doctor, "check the installation and suggest fixes")
