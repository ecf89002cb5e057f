from __future__ import annotations

import runpy

import pytest

from assistant import __version__


def test_the_module_runs_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["assistant", "--version"])
    with pytest.raises(SystemExit) as exit_info:
        runpy.run_module("assistant", run_name="__main__")
    assert exit_info.value.code == 0
    assert __version__ in capsys.readouterr().out
