from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.embedding.loading import load_encoder
from assistant.store.probes import add_probe
from tests.cli.conftest import Run
from tests.conftest import CACHE


@pytest.fixture
def temporary_cache(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a new cache folder for evaluation indexes. The prepared models are already in it."""
    load_encoder("multilingual-e5-small", CACHE, threads=1)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(CACHE / "models")
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))


@pytest.mark.real
@pytest.mark.usefixtures("temporary_cache")
def test_eval_can_report_compare_and_draw(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    text = "The Alpha Institute was founded in 1998 in Lund."
    question = {
        "id": "1", "question": "When was the Alpha Institute founded?", "answerable": True, "answers": ["in 1998"],
    }  # fmt: skip
    (data / "corpus.jsonl").write_text(json.dumps({"_id": "a", "title": "Alpha", "text": text}))
    (data / "qa.jsonl").write_text(json.dumps(question))
    picture = tmp_path / "curve.png"
    code, out, _ = run("eval", str(data), "--json", "--picture", str(picture))
    assert code == 0
    assert json.loads(out)["answers"]["supported and shown"]["value"] == 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "old.json").write_text(out)
    _, out, _ = run("eval", str(data), "--compare", str(tmp_path / "old.json"))
    assert "| supported | 1.000 | 1.000 | +0.000 |" in out


@pytest.mark.real
def test_eval_reads_probes_about_the_operators_own_documents(seed_options: list[str], run: Run, tmp_path: Path) -> None:
    add_probe(tmp_path / "probes.jsonl", "1", "What is NBIS?", True, ["National Bioinformatics Infrastructure"])
    code, out, _ = run("eval", str(tmp_path / "probes.jsonl"), *seed_options, "--json")
    assert code == 0
    assert json.loads(out)["answers"]["supported and shown"]["value"] == 1.0


@pytest.mark.parametrize("content", [b"\x89PNG", b"no json"])
def test_compare_needs_a_report(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "old.json").write_bytes(content)
    code, out, err = run("eval", str(tmp_path), "--compare", str(tmp_path / "old.json"))
    assert (code, out) == (1, "")
    assert "old.json" in err


@pytest.mark.real
def test_calibrate_prints_the_trade_off_and_the_setting(seed_options: list[str], run: Run, tmp_path: Path) -> None:
    add_probe(tmp_path / "probes.jsonl", "1", "What is NBIS?", True, ["(NBIS)"])
    add_probe(tmp_path / "probes.jsonl", "2", "Who is the director of GMS?", False, [])
    code, out, _ = run("calibrate", str(tmp_path / "probes.jsonl"), *seed_options)
    assert code == 0
    assert "set answer_from = 0." in out
    assert out.count("←") == 1
