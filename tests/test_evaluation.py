from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.errors import CorpusError
from assistant.evaluation.calibration import best_threshold, threshold_outcomes, thresholds_as_table
from assistant.evaluation.data_sets import DataSet, EvaluationQuestion, read_data_set
from assistant.evaluation.metrics import (
    answer_metrics,
    calibration_error,
    mean_with_interval,
    retrieval_metrics,
    risk_coverage,
)
from assistant.evaluation.report import compare_reports, draw_risk_coverage, evaluate, report_as_markdown
from assistant.evaluation.runner import Outcome, run_questions
from tests.conftest import index_of

GOOD = Outcome("1", "q1", True, "answered", 0.9, True, True, 1.0, 10.0, "")
WRONG = Outcome("2", "q2", True, "answered", 0.8, False, False, 0.0, 20.0, "retrieved, but not chosen")
SHY = Outcome("3", "q3", True, "unclear", 0.2, True, True, 1.0, 30.0, "chosen, but refused")
REFUSED = Outcome("4", "q4", False, "unclear", 0.1, False, False, None, 40.0, "")
BOLD = Outcome("5", "q5", False, "answered", 0.7, False, False, None, 50.0, "not in the corpus, but answered")
ALL = [GOOD, WRONG, SHY, REFUSED, BOLD]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small data set in BEIR layout with answers."""
    files = {
        "corpus.jsonl": [
            {"_id": "a", "title": "Alpha", "text": "The Alpha Institute was founded in 1998 in Lund."},
            {"_id": "b", "title": "Beta", "text": "Nurses are trained every autumn at Beta Hospital."},
            {"_id": "empty", "title": "", "text": ""},
        ],
        "queries.jsonl": [{"_id": "q", "text": "When was the Alpha Institute founded?"}],
        "qa.jsonl": [
            {"id": "1", "question": "When was the Alpha Institute founded?", "answerable": True, "answers": ["in 1998"],
             "document_ids": ["a"]},
            {"id": "2", "question": "zebra xylophone?", "answerable": False, "answers": [], "document_ids": []},
            {"id": "3", "turns": ["What is Beta Hospital?", "When are nurses trained?"], "answerable": True,
             "answers": [], "document_ids": ["b"]},
        ],
    }  # fmt: skip
    for name, records in files.items():
        (tmp_path / name).write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n")
    return tmp_path


def test_a_data_set_is_read_without_its_empty_documents(folder: Path) -> None:
    data = read_data_set(folder)
    assert [item.document_id for item in data.documents] == ["a", "b"]
    assert data.qrels == {"q": {"a": 1}}
    assert data.questions[2].turns == ("What is Beta Hospital?", "When are nurses trained?")


def test_what_is_missing_in_a_data_set_is_named(folder: Path) -> None:
    (folder / "qa.jsonl").write_text('{"id": "1"}')
    with pytest.raises(CorpusError, match="'question'"):
        read_data_set(folder)
    (folder / "qa.jsonl").write_text("nonsense")
    with pytest.raises(CorpusError, match="line 1"):
        read_data_set(folder)
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(CorpusError, match=r"corpus\.jsonl"):
        read_data_set(folder)


def test_a_report_counts_what_came_of_each_question(folder: Path, small_assistant: Assistant) -> None:
    data = read_data_set(folder)
    assistant = replace(small_assistant, index=index_of(data.documents, folder / "index"))
    report, came = evaluate(data, assistant, lambda items, _: items)
    assert report["retrieval"]["nDCG@10"]["value"] == 1
    assert [(item.verdict, item.supported) for item in came][:2] == [("answered", True), ("not_covered", False)]
    assert report["answers"]["refused unanswerable"]["value"] == 1
    assert "| nDCG@10 | 1.000 |" in report_as_markdown(report)
    assert json.loads(json.dumps(report)) == report


def test_the_stage_that_failed_is_named(small_assistant: Assistant) -> None:
    def failed(question: str, answers: tuple[str, ...], answerable: bool = True) -> str:
        asked = EvaluationQuestion("1", (question,), answerable, answers)
        return run_questions([asked], small_assistant, lambda items, _: items)[0].failed

    question = "When was the Alpha Institute founded in Lund?"
    assert failed(question, ("founded in 1998",)) == ""
    assert failed(question, ("no such words",)) == "not in the corpus"
    assert failed(question, ("open at night",)) == "retrieved, but not chosen"
    assert failed("library zebra xylophone quartz jungle", ("open at night",)) == "chosen, but refused"
    assert failed(question, (), answerable=False) == "not in the corpus, but answered"


def test_figures_of_answers_are_what_they_are_called() -> None:
    found = {name: figure.value for name, figure in answer_metrics(ALL).items()}
    assert found["supported"] == pytest.approx(2 / 3)
    assert found["supported and shown"] == pytest.approx(1 / 3)
    assert found["false refusals"] == pytest.approx(1 / 3)
    assert found["refused unanswerable"] == pytest.approx(1 / 2)
    assert found["balanced accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["citation precision"] == pytest.approx(1 / 2)
    assert found["AUC answerable"] == pytest.approx(5 / 6)


def test_a_figure_has_an_interval_around_it_that_is_always_the_same() -> None:
    figure = mean_with_interval([0.0, 1.0] * 50)
    assert figure.low < figure.value == 0.5 < figure.high
    assert figure == mean_with_interval([0.0, 1.0] * 50)
    assert 0.35 < figure.low < 0.45 < 0.55 < figure.high < 0.65


def test_calibration_error_is_nought_where_confidence_is_right() -> None:
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert calibration_error([0.9, 0.9], [False, False]) == pytest.approx(0.9)


def test_risk_falls_with_coverage_when_confidence_orders_well() -> None:
    coverage, risk = risk_coverage(ALL)
    assert coverage.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3, 2 / 4, 3 / 5])


def test_rankings_are_measured_by_the_judgements() -> None:
    data = DataSet("d", (), {"q": "?"}, {"q": {"a": 1, "b": 1}}, ())
    found = {name: figure.value for name, figure in retrieval_metrics(data, {"q": ["x", "a"]}).items()}
    assert (found["hit@1"], found["MRR"], found["recall@5"]) == (0, 0.5, 0.5)


def test_a_comparison_names_the_questions_that_changed() -> None:
    def report(*items: Outcome) -> dict[str, object]:
        return {"questions": [{**vars_of(item)} for item in items], "answers": {"supported": {"value": len(items)}}}

    text = compare_reports(report(replace(GOOD, failed="not retrieved"), SHY), report(GOOD, replace(SHY, failed="x")))
    assert "Better: 1 questions\n- q1" in text
    assert "Worse: 0 questions" in text
    assert "| supported | 2.000 | 2.000 | +0.000 |" in text


def vars_of(item: Outcome) -> dict[str, object]:
    return {name: getattr(item, name) for name in Outcome.__dataclass_fields__}


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    draw_risk_coverage(ALL, tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_text().lstrip().startswith("<?xml")


def test_probes_give_the_threshold_that_separates_them_best() -> None:
    thresholds = threshold_outcomes([GOOD, replace(SHY, confidence=0.6), REFUSED, replace(BOLD, confidence=0.5)])
    chosen = best_threshold(thresholds)
    assert 0.5 < chosen.answer_from <= 0.6
    assert chosen.balanced_accuracy == 1
    assert f"| {chosen.answer_from:.2f} ← |" in thresholds_as_table(thresholds, chosen)


def test_probes_of_one_kind_are_refused() -> None:
    with pytest.raises(CorpusError, match="answerable and unanswerable"):
        threshold_outcomes([GOOD, SHY])
