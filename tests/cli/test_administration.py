from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.schema import Answer, Verdict
from assistant.settings import Settings
from assistant.store.database import Store
from tests.cli.conftest import Run
from tests.conftest import CACHE, ROOT, TEXT
from tests.servers import stop_process, wait_until

ANSWER = Answer(
    question="Who pays?", resolved_question="Who pays?", language="en", verdict=Verdict.UNCLEAR, abstained=True,
    answer="No answer was found.", confidence=0.1, timings_ms={"total": 1.0},
)  # fmt: skip


def test_index_prints_what_changed(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    (corpus / "b.md").write_text("Gamma University teaches statistics.")
    code, out, _ = run_here("index")
    assert code == 0
    assert out.splitlines()[:2] == ["added    a.md", "added    b.md"]
    assert "2 added, 0 changed, 0 removed, 0 unchanged; 2 passages, 2 embedded; generation " in out
    assert out.endswith("a running server loads the new index within seconds\n")
    (corpus / "a.md").write_text(TEXT.replace("1998", "2001"))
    (corpus / "b.md").unlink()
    assert run_here("index")[1].splitlines()[:2] == ["changed  a.md", "removed  b.md"]


@pytest.mark.real
def test_an_unchanged_corpus_embeds_nothing(seed_options: list[str], run: Run) -> None:
    code, out, _ = run("index", *seed_options)
    assert code == 0
    assert "0 added, 0 changed, 0 removed, 2 unchanged" in out
    assert "0 embedded" in out
    assert "running server" not in out


def test_rebuild_embeds_unchanged_documents(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    run_here("index")
    assert "1 passages, 1 embedded" in run_here("index", "--rebuild")[1]


def test_rollback_returns_to_the_previous_generation(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    first = run_here("index")[1].splitlines()[1].rpartition(" ")[2]
    (corpus / "a.md").write_text(TEXT.replace("1998", "2001"))
    run_here("index")
    assert run_here("index", "--rollback")[:2] == (0, f"rolled back to generation {first}\n")
    assert "1998" in run_here("ask", "When was the Alpha Institute founded in Lund?")[1]


def test_rollback_needs_a_previous_generation(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    run_here("index")
    code, out, err = run_here("index", "--rollback")
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_an_unreadable_file_fails_the_build_unless_skipped(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    assert run_here("index")[0] == 0
    (corpus / "a.md").write_text("Another text.")
    (corpus / "b.pdf").write_bytes(b"nothing")
    code, _, err = run_here("index")
    assert code == 1
    assert "'b.pdf': " in err
    assert "--skip-unreadable" in err
    assert "1998" in run_here("ask", "When was the Alpha Institute founded in Lund?")[1]
    code, out, _ = run_here("index", "--skip-unreadable")
    assert code == 0
    assert "changed  a.md" in out
    assert "skipped  b.pdf: " in out


@pytest.mark.real
def test_watch_updates_the_index_when_files_change(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text(TEXT)
    command = [sys.executable, "-m", "assistant", "index", "--watch"]
    command += ["--corpus", str(corpus), "--index", str(tmp_path / "index")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env={**os.environ, "ASSISTANT_CACHE": str(CACHE)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored if the tests run in the background
    )  # fmt: skip
    lines: list[str] = []

    def read_output() -> None:
        assert process.stdout
        with process.stdout:
            lines.extend(process.stdout)

    reader = threading.Thread(target=read_output)
    reader.start()

    def wait_for(words: str) -> None:
        wait_until(lambda: process.poll() is not None or any(words in line for line in lines), timeout=120)
        assert any(words in line for line in lines), lines

    try:
        wait_for("watching")
        (corpus / "b.md").write_text("Gamma University teaches statistics.")
        wait_for("added    b.md")
        (corpus / "c.pdf").write_text("no PDF")
        wait_for("'c.pdf'")
        (corpus / "c.pdf").unlink()
        (corpus / "b.md").unlink()
        wait_for("removed  b.md")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        stop_process(process)
        reader.join(20)
    assert not reader.is_alive()


def test_serve_starts_the_server_with_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []
    monkeypatch.setattr("assistant.web.server.server.serve", served.append)
    assert run("serve", "--port", "8123")[0] == 0
    assert [settings.port for settings in served] == [8123]


def test_mcp_reports_its_status_on_stderr(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve_mcp(settings: Settings, report: object) -> None:
        assert callable(report)
        report(f"serving {settings.index}")

    monkeypatch.setattr("assistant.web.api.mcp.serve_mcp", serve_mcp)
    assert run("mcp", "--index", "elsewhere") == (0, "", "serving elsewhere\n")


def test_purge_counts_deleted_answers(run: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(database)
    store.record_answer(ANSWER, "g", "page", None)
    store.close()
    assert run("purge")[:2] == (0, "deleted 0 answers older than 30 days, with their feedback\n")
    monkeypatch.setenv("ASSISTANT_KEEP_DAYS", "7")
    assert run("purge")[:2] == (0, "deleted 0 answers older than 7 days, with their feedback\n")


def test_purge_without_a_database_has_nothing_to_delete(run: Run) -> None:
    code, out, _ = run("purge")
    assert code == 0
    assert out.startswith("nothing to delete")


def test_a_key_is_created_listed_and_revoked(run: Run, database: str) -> None:
    arguments = ["monthly report", "--scope", "ask", "--per-minute", "5", "--days", "30"]
    code, out, err = run("key", "create", *arguments)
    assert code == 0
    assert "can't be shown again" in err
    key = out.strip()
    code, listed, _ = run("key", "list")
    key_id = listed.split()[0]
    assert code == 0
    assert key.split("_")[1] == key_id
    assert "5 per minute, expires " in listed
    assert "monthly report" in listed
    assert key not in listed
    assert run("key", "revoke", key_id) == (0, f"revoked {key_id}\n", "")
    assert run("key", "list") == (0, "", "")


def test_a_key_allows_asking_without_limits_by_default(run: Run, database: str) -> None:
    run("key", "create", "report")
    [listed] = run("key", "list")[1].splitlines()
    assert listed.split(maxsplit=1)[1].split() == "ask texts default limit, no expiry report".split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["revoke", "nothing"], "unknown key 'nothing'; see: assistant key list"),
        (["revoke"], "assistant key revoke needs the ID of a key"),
        (["create"], "assistant key create needs a NAME"),
        (["create", "x", "--scope", "all"], "unknown scope 'all'; choose from: ask"),
    ],
)
def test_invalid_key_arguments_are_explained(run: Run, database: str, arguments: list[str], message: str) -> None:
    code, out, err = run("key", *arguments)
    assert (code, out) == (1, "")
    assert message in err


def test_keys_need_a_database(run: Run) -> None:
    code, _, err = run("key", "list")
    assert code == 1
    assert "set the setting 'database'" in err


def test_a_backup_can_be_restored(
    run_here: Run, corpus: Path, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_PROBES", str(tmp_path / "probes.jsonl"))
    (tmp_path / "assistant.toml").write_text('organisation = "Example"\n')
    (corpus / "a.md").write_text(TEXT)
    generation = run_here("index")[1].splitlines()[1].rpartition(" ")[2]
    code, out, _ = run_here("backup", "backup.tar.gz")
    assert code == 0
    assert out.startswith("wrote backup.tar.gz (")
    assert out.endswith("the file may contain secrets from assistant.toml; keep it private\n")
    assert run_here("restore", "backup.tar.gz")[0] == 1  # because the corpus already contains documents
    (tmp_path / "assistant.toml").unlink()
    code, out, _ = run_here("restore", "backup.tar.gz", "--force")
    restored, summary, moved = out.splitlines()
    assert (code, restored) == (0, "restored assistant.toml")
    assert summary == f"restored 1 documents, 0 database rows, index generation {generation}"
    assert moved.startswith("the previous documents are in ")


@pytest.mark.real
def test_doctor_accepts_a_complete_installation(seed_options: list[str], run: Run, database: str) -> None:
    code, out, _ = run("doctor", *seed_options)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["ok"] * 5


def test_doctor_detects_a_changed_corpus(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(TEXT)
    run_here("index")
    (corpus / "a.md").write_text("Another text.")
    code, out, _ = run_here("doctor")
    assert code == 1
    assert "FAIL  index: generation " in out
    assert "the corpus has changed" in out


@pytest.mark.real
def test_doctor_names_what_is_missing(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("doctor", "--corpus", str(tmp_path / "no"), "--index", str(tmp_path / "none"))
    assert code == 1
    assert "FAIL  corpus" in out
    assert "ok    model" in out
    assert "FAIL  index" in out
