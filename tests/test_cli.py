from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.main import main
from assistant.embedding.loading import load_encoder
from assistant.store.probes import add_probe
from tests.conftest import CACHE, ROOT


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options for a command on a built index of the seed texts."""
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    places = ["--corpus", str(ROOT / "corpus"), "--index", str(tmp_path / "index")]
    assert main(["index", *places]) == 0
    return places


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.real
def test_index_says_what_changed_and_embeds_nothing_twice(seed: list[str], capsys: Any) -> None:
    code, out, _ = run(capsys, "index", *seed)
    assert code == 0
    assert "0 added, 0 changed, 0 removed, 2 unchanged" in out
    assert "0 embedded" in out


@pytest.mark.real
def test_ask_prints_the_quote_with_its_place(seed: list[str], capsys: Any) -> None:
    code, out, _ = run(capsys, "ask", "What", "is", "NBIS?", *seed)
    assert code == 0
    assert "National Bioinformatics Infrastructure (NBIS). [1]" in out
    assert "collaboration-with-scilifelab.md, characters" in out


@pytest.mark.real
def test_ask_json_is_an_answer(seed: list[str], capsys: Any) -> None:
    code, out, _ = run(capsys, "ask", "--json", "What is NBIS?", *seed)
    answer = json.loads(out)
    (citation,) = answer["citations"]
    assert (code, answer["verdict"], answer["abstained"], answer["closest"]) == (0, "answered", False, [])
    assert citation.keys() >= {
        "number", "document_id", "title", "url", "heading", "passage_id", "quote", "start", "end", "score",
    }  # fmt: skip


@pytest.mark.real
def test_a_refusal_is_no_error(seed: list[str], capsys: Any) -> None:
    code, out, _ = run(capsys, "ask", "--json", "What is the capital of France?", *seed)
    assert (code, json.loads(out)["abstained"]) == (0, True)


@pytest.mark.real
def test_explain_shows_every_stage(seed: list[str], capsys: Any) -> None:
    _, out, _ = run(capsys, "ask", "--explain", "What is NBIS?", *seed)
    assert all(stage in out for stage in ("question", "resolved", "retrieved", "sentences", "verdict", "time"))


@pytest.mark.real
@pytest.mark.parametrize(
    ("expected", "stage"),
    [("(NBIS)", "nowhere"), ("no such words", "not in the corpus"), ("Starting in 2019", "retrieved, but not chosen")],
)
def test_explain_names_the_stage_that_failed(seed: list[str], capsys: Any, expected: str, stage: str) -> None:
    _, out, _ = run(capsys, "ask", "--explain", "--expect", expected, "What is NBIS?", *seed)
    assert f"failed     {stage}" in out


@pytest.mark.real
def test_a_batch_gives_one_answer_a_line_to_the_last_turn(seed: list[str], capsys: Any, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    lines = [
        {"id": 1, "question": "What is NBIS?"},
        {"id": "b", "turns": ["What is SciLifeLab?", "What does it fund?"]},
    ]
    batch.write_text("\n\n".join(json.dumps(line) for line in lines))
    _, out, _ = run(capsys, "ask", "--batch", str(batch), *seed)
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["id"], second["id"]) == (1, "b")
    assert second["resolved_question"] == "What does SciLifeLab fund?"


@pytest.mark.real
def test_chat_answers_until_an_empty_line(seed: list[str], capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("What is SciLifeLab?\nWhat does it fund?\n\n"))
    code, out, _ = run(capsys, "chat", *seed)
    assert code == 0
    assert "(What does SciLifeLab fund?)" in out


@pytest.mark.real
def test_rollback_without_an_earlier_generation_is_an_error_in_one_line(seed: list[str], capsys: Any) -> None:
    code, out, err = run(capsys, "index", "--rollback", *seed)
    assert (code, out, err.count("\n")) == (1, "", 1)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder of the test's own that has the prepared models."""
    load_encoder("multilingual-e5-small", CACHE, threads=1)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(CACHE / "models")
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))


@pytest.mark.real
@pytest.mark.usefixtures("own_cache")
def test_eval_reports_compares_and_draws(capsys: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    text = "The Alpha Institute was founded in 1998 in Lund."
    asked = {"id": "1", "question": "When was the Alpha Institute founded?", "answerable": True, "answers": ["in 1998"]}
    (data / "corpus.jsonl").write_text(json.dumps({"_id": "a", "title": "Alpha", "text": text}))
    (data / "qa.jsonl").write_text(json.dumps(asked))
    picture = tmp_path / "curve.png"
    code, out, _ = run(capsys, "eval", str(data), "--json", "--picture", str(picture))
    assert code == 0
    assert json.loads(out)["answers"]["supported and shown"]["value"] == 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "old.json").write_text(out)
    _, out, _ = run(capsys, "eval", str(data), "--compare", str(tmp_path / "old.json"))
    assert "| supported | 1.000 | 1.000 | +0.000 |" in out
    code, _, err = run(capsys, "eval", str(data), "--compare", str(picture))
    assert code == 1
    assert "curve.png" in err


@pytest.mark.real
def test_calibrate_prints_the_trade_off_and_what_to_set(seed: list[str], capsys: Any, tmp_path: Path) -> None:
    probes = [
        {"id": "1", "question": "What is NBIS?", "answerable": True, "answers": ["(NBIS)"]},
        {"id": "2", "question": "Who is the director of GMS?", "answerable": False},
    ]
    (tmp_path / "probes.jsonl").write_text("\n".join(json.dumps(probe) for probe in probes))
    code, out, _ = run(capsys, "calibrate", str(tmp_path / "probes.jsonl"), *seed)
    assert code == 0
    assert "answer_from = 0." in out
    assert out.count("←") == 1


@pytest.mark.real
def test_doctor_finds_a_whole_installation_healthy(
    seed: list[str], capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    code, out, _ = run(capsys, "doctor", *seed)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["ok"] * 5


def test_purge_says_what_it_deleted(capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    assert run(capsys, "purge")[:2] == (0, "deleted 0 answers older than 30 days, with their feedback\n")
    monkeypatch.setenv("ASSISTANT_DATABASE", "")
    assert "nothing is stored" in run(capsys, "purge")[1]


@pytest.mark.real
def test_eval_takes_a_file_of_probes_over_the_own_texts(seed: list[str], capsys: Any, tmp_path: Path) -> None:
    add_probe(tmp_path / "probes.jsonl", "1", "What is NBIS?", True, ["National Bioinformatics Infrastructure"])
    code, out, _ = run(capsys, "eval", str(tmp_path / "probes.jsonl"), *seed, "--json")
    assert code == 0
    assert json.loads(out)["answers"]["supported and shown"]["value"] == 1.0


@pytest.mark.real
def test_doctor_notices_that_the_corpus_has_changed(seed: list[str], capsys: Any, tmp_path: Path) -> None:
    corpus = tmp_path / "changed"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Another text.")
    code, out, _ = run(capsys, "doctor", "--corpus", str(corpus), "--index", seed[3])
    assert code == 1
    assert "the corpus has changed since" in out


@pytest.mark.real
def test_doctor_names_what_is_missing(capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    code, out, _ = run(capsys, "doctor", "--corpus", str(tmp_path / "no"), "--index", str(tmp_path / "none"))
    assert code == 1
    assert "FAIL  corpus" in out
    assert "FAIL  index" in out


@pytest.mark.real
def test_an_unreadable_file_leaves_the_index_and_can_be_skipped(seed: list[str], capsys: Any, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("A text.")
    (corpus / "b.pdf").write_bytes(b"nothing")
    places = ["--corpus", str(corpus), "--index", seed[3]]
    code, _, err = run(capsys, "index", *places)
    assert code == 1
    assert "'b.pdf': broken PDF" in err
    assert "--skip-unreadable" in err
    assert run(capsys, "ask", "What is NBIS?", *seed)[0] == 0
    code, out, _ = run(capsys, "index", "--skip-unreadable", *places)
    assert code == 0
    assert "skipped  b.pdf: broken PDF" in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ask", "q", "--index", "/nowhere/at/all"], "assistant index"),
        (["ask", "--batch", "/nowhere/batch.jsonl"], "/nowhere/batch.jsonl"),
        (["index", "--corpus", "/nowhere/at/all"], "--corpus"),
    ],
)
def test_an_error_is_one_line_that_names_the_thing(
    arguments: list[str], named: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert named in err


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "question": "?!"}',
        '{"id": 1, "question": "\\ud800"}',
        "not json",
        "{}",
        '{"id": 1}',
        '{"id": 1, "turns": []}',
        '{"id": 1, "question": 5}',
    ],
)
def test_a_bad_line_of_a_batch_is_named(line: str, capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"id": 1, "question": "q"}\n' + line)
    code, _, err = run(capsys, "ask", "--batch", str(tmp_path / "b.jsonl"))
    assert code == 1
    assert "line 2" in err


def test_wrong_usage_is_two(capsys: Any) -> None:
    assert run(capsys, "ask")[0] == 2
    with pytest.raises(SystemExit) as stop:
        main(["nonsense"])
    assert stop.value.code == 2


def test_a_key_is_made_listed_and_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    assert main(["key", "create", "monthly report", "--scope", "ask", "--per-minute", "5", "--days", "30"]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["key", "list"]) == 0
    listed = capsys.readouterr().out
    key_id = listed.split()[0]
    assert key.split("_")[1] == key_id
    assert "5 a minute, until " in listed
    assert "monthly report" in listed
    assert key not in listed
    assert main(["key", "revoke", key_id]) == 0
    assert main(["key", "list"]) == 0
    assert capsys.readouterr().out == f"revoked {key_id}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["revoke", "nothing"], "no key 'nothing'; see: assistant key list"),
        (["revoke"], "needs a name: its id"),
        (["create"], "needs a name: what it is for"),
        (["create", "x", "--scope", "all"], "no scope 'all'; there are: ask"),
    ],
)
def test_a_key_that_can_not_be_made_or_found_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    assert main(["key", *arguments]) == 1
    assert said in capsys.readouterr().err
