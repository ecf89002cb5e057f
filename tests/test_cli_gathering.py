from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.cli.main import main
from tests.conftest import CACHE, ROOT
from tests.sites import TEXT, WebSite

pytestmark = pytest.mark.real


@pytest.fixture
def assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command over an empty corpus of its own."""
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    monkeypatch.setenv("ASSISTANT_DATABASE", "")
    places = ["--corpus", str(tmp_path / "corpus"), "--index", str(tmp_path / "index")]
    return lambda *arguments: main([*arguments, *places])


def test_a_page_is_added_asked_changed_refreshed_and_asked_again(
    web: WebSite, assistant: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def answer() -> str:
        assert assistant("ask", "When was the Alpha Institute founded?", "--json") == 0
        text: str = json.loads(capsys.readouterr().out)["answer"]
        return text

    web.page("/alpha", TEXT, title="Alpha")
    assert assistant("add", web.url + "/alpha", "--allow-private") == 0
    assert "added     " in capsys.readouterr().out
    assert assistant("index") == 0
    capsys.readouterr()
    assert "1998" in answer()
    web.page("/alpha", TEXT.replace("1998", "2001"), title="Alpha")
    assert assistant("refresh", "--allow-private", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "+The Alpha Institute" in shown
    assert "1 changed" in shown
    assert "1998" in answer()
    assert assistant("refresh", "--allow-private") == 0
    assert "changed  127.0.0.1/alpha.md" in capsys.readouterr().out
    assert "2001" in answer()
    assert assistant("lint") == 0
    assert capsys.readouterr().out == "nothing found\n"


def test_what_lint_finds_is_one_line_of_json_each(
    assistant: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("a.md", "b.md"):
        (tmp_path / "corpus" / name).write_text(f"---\nretrieved: 2001-01-01\n---\n\n{TEXT}\n")
    assert assistant("index") == 0
    capsys.readouterr()
    assert assistant("lint", "--json") == 1
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["stale", "stale", "repeated"]


def test_a_page_that_can_not_be_had_is_an_error(
    assistant: Callable[..., int], web: WebSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assistant("add", web.url + "/none", "--allow-private") == 1
    assert "not there (404)" in capsys.readouterr().out
    assert assistant("add", web.url + "/none") == 1
    assert "--allow-private" in capsys.readouterr().out


def test_refresh_without_texts_from_anywhere_says_what_to_do(
    assistant: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert assistant("refresh") == 0
    assert "assistant add https://" in capsys.readouterr().out


def test_the_index_follows_the_files_while_it_is_watched(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text(TEXT)
    command = [
        sys.executable,
        "-m",
        "assistant",
        "index",
        "--watch",
        "--corpus",
        str(corpus),
        "--index",
        str(tmp_path / "i"),
    ]
    environment = {**os.environ, "ASSISTANT_CACHE": str(CACHE)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout
        lines: list[str] = []

        def until(words: str) -> None:
            for line in process.stdout or ():
                lines.append(line)
                if words in line:
                    return
            raise AssertionError(lines)

        until("watching")
        time.sleep(0.5)  # the watch begins right after it is said
        (corpus / "b.md").write_text("Gamma University teaches statistics.")
        until("added    b.md")
        (corpus / "c.pdf").write_text("no PDF")
        until("can't read 'c.pdf'")
        (corpus / "c.pdf").unlink()
        (corpus / "b.md").unlink()
        until("removed  b.md")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
