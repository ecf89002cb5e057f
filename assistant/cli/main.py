"""The command line. Exit 0 also for a refusal, 1 for an error the user can mend, 2 for wrong usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.cli import asking, evaluating, gathering, operating
from assistant.errors import AssistantError
from assistant.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    # NumPy, read when it is imported: its threads would wait for cores in the way of the model's.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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

    index = command("index", operating.index, "bring the index up to date with the corpus")
    index.add_argument("--skip-unreadable", action="store_true", help="go on without files that can't be read")
    index.add_argument("--rebuild", action="store_true", help="forget the old index and embed everything anew")
    index.add_argument("--rollback", action="store_true", help="make the generation before the live one live again")
    index.add_argument("--watch", action="store_true", help="go on, and update whenever files of the corpus change")
    _add_gathering(command)
    ask = command("ask", asking.ask, "answer one question, or a file of them")
    ask.add_argument("question", nargs="*", help="the question")
    ask.add_argument("--batch", type=Path, metavar="FILE", help='JSON lines {"id", "question"} or {"id", "turns"}')
    ask.add_argument("--json", action="store_true", help="print the Answer as JSON")
    ask.add_argument("--document", action="append", default=[], metavar="ID", help="only from this document or folder")
    ask.add_argument("--language", metavar="CODE", help="only from texts in this language")
    ask.add_argument("--explain", action="store_true", help="show every stage with its scores")
    ask.add_argument("--expect", metavar="WORDS", help="words of the answer: --explain names what failed")
    command("chat", asking.chat, "ask in the terminal, with follow-ups")
    serve = command("serve", operating.serve, "serve the page and the API")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on")
    evaluate = command("eval", evaluating.evaluate, "measure answers on a data set")
    evaluate.add_argument("data", type=Path, metavar="DIR", help="a data set, or a file of probes for your own texts")
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON")
    evaluate.add_argument("--compare", type=Path, metavar="OLD.json", help="say what changed since that report")
    evaluate.add_argument("--picture", type=Path, metavar="FILE", help="draw the risk-coverage curve")
    calibrate = command("calibrate", evaluating.calibrate, "fit the threshold for answering to your own probes")
    calibrate.add_argument("probes", type=Path, metavar="PROBES.jsonl", help="questions in the format of qa.jsonl")
    _add_operating(command)
    return parser


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not 1 or more")
    return number


def _add_gathering(command: Callable[[str, Any, str], argparse.ArgumentParser]) -> None:
    """The commands that keep the corpus."""
    add = command("add", gathering.add, "bring pages, sitemaps and files into the corpus as Markdown")
    add.add_argument("sources", nargs="+", metavar="URL|FILE", help="a page, a sitemap, or a file")
    add.add_argument("--most", type=_positive, default=500, metavar="N", help="pages of a sitemap at the most (500)")
    refresh = command("refresh", gathering.refresh, "take what changed at the sources of the texts, and index it")
    refresh.add_argument("--skip-unreadable", action="store_true", help="as of assistant index")
    refresh.add_argument("--dry-run", action="store_true", help="only show what changed")
    refresh.add_argument("--remove-gone", action="store_true", help="delete texts whose page isn't there any more")
    for made in (add, refresh):
        made.add_argument("--allow-private", action="store_true", help="ask addresses of private networks, too")
    lint = command("lint", gathering.lint, "find stale, repeated, contradicting and unreachable passages")
    lint.add_argument(
        "--days", type=_positive, default=365, metavar="N", help="a text retrieved longer ago is stale (365)"
    )
    lint.add_argument("--json", action="store_true", help="print one finding a line as JSON")


def _add_operating(command: Callable[[str, Any, str], argparse.ArgumentParser]) -> None:
    """The commands that look after a server."""
    command("mcp", operating.mcp, "serve the tools ask and read_source to a program over the Model Context Protocol")
    key = command("key", operating.key, "make, list or revoke keys by which programs ask")
    key.add_argument("action", choices=["create", "list", "revoke"])
    key.add_argument("name", nargs="?", default="", help="what the new key is for, or the id of the one to revoke")
    key.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="ask, texts, feedback or metrics")
    key.add_argument("--per-minute", type=_positive, metavar="N", help="requests a minute, else the server's own limit")
    key.add_argument("--days", type=_positive, metavar="N", help="days until the key ends")
    backup = command("backup", operating.back_up, "write texts, live index, settings and what is stored to one file")
    backup.add_argument("file", type=Path, metavar="FILE.tar.gz")
    restore = command("restore", operating.restore, "put back what a backup holds")
    restore.add_argument("file", type=Path, metavar="FILE.tar.gz")
    restore.add_argument("--force", action="store_true", help="also where there are texts; they are put aside")
    command("purge", operating.purge, "delete what is stored for longer than keep_days")
    command("doctor", operating.doctor, "check settings, corpus, model and index; say what to do")
