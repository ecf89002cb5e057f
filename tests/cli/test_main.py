from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import pytest

from assistant import __version__
from assistant.cli import administration
from assistant.cli.main import build_parser, main
from assistant.errors import StoreError
from assistant.settings import Settings
from tests.cli.conftest import Run


def replace_doctor(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `assistant doctor` raise `error`."""

    def fail(settings: Settings, options: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(administration, "doctor", fail)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ask", "q", "--index", "/nowhere/at/all"], "assistant index"),
        (["ask", "--batch", "/nowhere/batch.jsonl"], "/nowhere/batch.jsonl"),
        (["index", "--corpus", "/nowhere/at/all"], "--corpus"),
        (["eval", "/nowhere/probes.jsonl"], "file of probes: '/nowhere/probes.jsonl'"),
        (["restore", "/nowhere/backup.tar.gz"], "no backup file '/nowhere/backup.tar.gz'"),
    ],
)
def test_an_error_is_one_line_on_stderr(arguments: list[str], named: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert named in err


def test_the_message_of_an_error_is_printed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_doctor(monkeypatch, StoreError("no space; delete something"))
    assert run("doctor") == (1, "", "assistant: no space; delete something\n")


def test_an_operating_system_error_names_the_path(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_doctor(monkeypatch, PermissionError(13, "Permission denied", "/etc/secret"))
    assert run("doctor") == (
        1, "", "assistant: Permission denied: '/etc/secret'; check the path and its permissions\n",
    )  # fmt: skip


def test_an_interrupted_command_exits_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_doctor(monkeypatch, KeyboardInterrupt())
    assert run("doctor") == (130, "", "")


def test_a_closed_output_pipe_is_not_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_doctor(monkeypatch, BrokenPipeError())
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main(["doctor"]) == 0
    print("discarded")  # text written to stdout afterwards is discarded without an error
    sys.stdout.close()


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["index", "--nonsense"], ["lint", "--days", "0"]])
def test_wrong_usage_exits_with_2(arguments: list[str], run: Run) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2


def test_version_is_printed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("--version")
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_flags_override_environment_variables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[Settings] = []

    def record(settings: Settings, options: argparse.Namespace) -> int:
        received.append(settings)
        return 0

    monkeypatch.setattr(administration, "serve", record)
    monkeypatch.setenv("ASSISTANT_PORT", "8001")
    monkeypatch.setenv("ASSISTANT_HOST", "127.0.0.2")
    assert run("serve", "--port", "8002", "--corpus", "/elsewhere") == (0, "", "")
    [settings] = received
    assert (settings.port, settings.host, settings.corpus) == (8002, "127.0.0.2", Path("/elsewhere"))


def test_every_option_has_a_help_text() -> None:
    parsers = [build_parser()]
    undocumented = []
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
            elif not action.help and not action.choices:
                undocumented.append((parser.prog, action.dest))
    assert len(parsers) > 10
    assert undocumented == []
