from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import TEXT


@pytest.fixture
def run_indexed(run_here: Run, corpus: Path) -> Run:
    """A function that runs a command with the fake model, on an index of two small documents."""
    (corpus / "alpha.md").write_text(TEXT)
    (corpus / "sub").mkdir()
    (corpus / "sub" / "gamma.md").write_text("Gamma University teaches statistics.")
    assert run_here("index")[0] == 0
    return run_here


@pytest.mark.real
def test_ask_prints_the_quote_with_its_source(seed_options: list[str], run: Run) -> None:
    code, out, _ = run("ask", "What", "is", "NBIS?", *seed_options)
    assert code == 0
    assert "National Bioinformatics Infrastructure (NBIS). [1]" in out
    assert "collaboration-with-scilifelab.md, characters" in out


@pytest.mark.real
def test_ask_json_prints_the_answer(seed_options: list[str], run: Run) -> None:
    code, out, _ = run("ask", "--json", "What is NBIS?", *seed_options)
    answer = json.loads(out)
    (citation,) = answer["citations"]
    assert (code, answer["verdict"], answer["abstained"], answer["closest"]) == (0, "answered", False, [])
    assert citation.keys() >= {
        "number", "document_id", "title", "url", "heading", "passage_id", "quote", "start", "end", "score",
    }  # fmt: skip
    assert citation["answer"]["text"] == "National Bioinformatics Infrastructure"
    assert citation["start"] <= citation["answer"]["start"] < citation["answer"]["end"] <= citation["end"]


@pytest.mark.real
def test_words_that_answer_are_bold_in_a_terminal(
    seed_options: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.cli.asking.is_terminal", lambda: True)
    _, out, _ = run("ask", "What is NBIS?", *seed_options)
    assert "\033[1mNational Bioinformatics Infrastructure\033[22m (NBIS). [1]" in out


@pytest.mark.real
def test_a_refusal_exits_with_0(seed_options: list[str], run: Run) -> None:
    code, out, _ = run("ask", "--json", "What is the capital of France?", *seed_options)
    assert (code, json.loads(out)["abstained"]) == (0, True)


@pytest.mark.real
def test_explain_shows_every_stage(seed_options: list[str], run: Run) -> None:
    _, out, _ = run("ask", "--explain", "What is NBIS?", *seed_options)
    stages = ("question", "resolved", "retrieved", "sentences", "reader", "verdict", "time")
    assert all(stage in out for stage in stages)
    assert "'National Bioinformatics Infrastructure', marked" in out


@pytest.mark.real
@pytest.mark.parametrize(
    ("expected", "stage"),
    [
        ("(NBIS)", "none: the question was answered"),
        ("no such words", "not in the corpus"),
        ("Starting in 2019", "retrieved, but not "),
    ],
)
def test_expect_names_the_stage_that_failed(seed_options: list[str], run: Run, expected: str, stage: str) -> None:
    _, out, _ = run("ask", "--explain", "--expect", expected, "What is NBIS?", *seed_options)
    assert f"failed     {stage}" in out


@pytest.mark.real
def test_a_batch_answers_the_last_turn_of_each_line(seed_options: list[str], run: Run, tmp_path: Path) -> None:
    lines = [
        {"id": 1, "question": "What is NBIS?"},
        {"id": "b", "turns": ["What is SciLifeLab?", "What does it fund?"]},
    ]
    (tmp_path / "batch.jsonl").write_text("\n\n".join(json.dumps(line) for line in lines))
    _, out, _ = run("ask", "--batch", str(tmp_path / "batch.jsonl"), *seed_options)
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["id"], second["id"]) == (1, "b")
    assert second["resolved_question"] == "What does SciLifeLab fund?"


@pytest.mark.real
def test_chat_resolves_follow_ups(seed_options: list[str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("What is SciLifeLab?\nWhat does it fund?\n\n"))
    code, out, _ = run("chat", *seed_options)
    assert code == 0
    assert "(What does SciLifeLab fund?)" in out


@pytest.mark.parametrize("typed", ["", "\n", "?!\n\nWho is trained?\n"])
def test_chat_ends_at_an_empty_line_or_end_of_input(
    run_indexed: Run, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    code, out, err = run_indexed("chat")
    assert code == 0
    assert "Enter an empty line to quit" in err
    assert "trained" not in out


def test_chat_continues_after_an_invalid_question(run_indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("?!\nWhen was the Alpha Institute founded in Lund?\n"))
    code, out, err = run_indexed("chat")
    assert code == 0
    assert "founded in 1998" in out
    assert err.count("\n") == 2  # one line for the instructions and one for the error


def test_an_answer_can_be_limited_to_a_folder(run_indexed: Run) -> None:
    question = "Who teaches statistics at Gamma University?"
    [citation] = json.loads(run_indexed("ask", "--json", question, "--document", "sub")[1])["citations"]
    assert citation["document_id"] == "sub/gamma.md"
    elsewhere = json.loads(run_indexed("ask", "--json", question, "--document", "alpha.md")[1])
    assert elsewhere["citations"] == []


def test_an_answer_can_be_limited_to_a_language(run_indexed: Run) -> None:
    question = "When was the Alpha Institute founded in Lund?"
    assert json.loads(run_indexed("ask", "--json", question, "--language", "en")[1])["citations"]
    assert json.loads(run_indexed("ask", "--json", question, "--language", "sv")[1])["citations"] == []


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
def test_an_invalid_batch_line_is_named(line: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"id": 1, "question": "q"}\n' + line)
    code, out, err = run("ask", "--batch", str(tmp_path / "b.jsonl"))
    assert (code, out) == (1, "")
    assert "line 2" in err


@pytest.mark.parametrize("arguments", [[], ["What is NBIS?", "--batch", "b.jsonl"]])
def test_ask_needs_a_question_or_a_batch(arguments: list[str], run: Run) -> None:
    assert run("ask", *arguments) == (2, "", "assistant ask: specify either a question or --batch FILE\n")
