from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import DataSet, read_data_set
from assistant.evaluation.report import compare_reports, draw_risk_coverage, evaluate_data_set, report_as_markdown
from assistant.evaluation.runner import QuestionOutcome, outcomes_as_records
from tests.conftest import index_of
from tests.evaluation.conftest import CORRECT, OUTCOMES, WRONGLY_REFUSED


def report_of(*outcomes: QuestionOutcome) -> dict[str, Any]:
    return {"questions": outcomes_as_records(outcomes), "answers": {"supported": {"value": len(outcomes)}}}


def test_report_covers_retrieval_and_answers(data_folder: Path, shared_assistant: Assistant) -> None:
    data = read_data_set(data_folder)
    assistant = replace(shared_assistant, index=index_of(data.documents, data_folder / "index"))
    report, outcomes = evaluate_data_set(data, assistant, lambda items, _: items)
    assert report["retrieval"]["nDCG@10"]["value"] == 1
    assert [(item.verdict, item.supported) for item in outcomes][:2] == [("answered", True), ("not_covered", False)]
    assert report["answers"]["refused unanswerable"]["value"] == 1
    assert report["questions"] == outcomes_as_records(outcomes)
    assert json.loads(json.dumps(report)) == report
    markdown = report_as_markdown(report)
    assert "| nDCG@10 | 1.000 |" in markdown
    assert "Time per question: p50 " in markdown


def test_report_without_queries_and_questions_counts_documents(shared_assistant: Assistant) -> None:
    report, outcomes = evaluate_data_set(DataSet("empty", (), {}, {}, ()), shared_assistant, lambda items, _: items)
    assert (report, outcomes) == ({"data_set": "empty", "documents": 0}, [])
    assert report_as_markdown(report) == "# empty\n\n0 documents\n"


def test_markdown_lists_failures() -> None:
    report = {"data_set": "d", "documents": 1, "failures": {"not retrieved": 2}}
    assert "| not retrieved | 2 |" in report_as_markdown(report)


def test_comparison_names_the_questions_that_changed() -> None:
    old = report_of(replace(CORRECT, failed="not retrieved"), WRONGLY_REFUSED)
    new = report_of(CORRECT, replace(WRONGLY_REFUSED, failed="x"))
    comparison = compare_reports(old, new)
    assert "Better: 1 questions\n- q1" in comparison
    assert "Worse: 0 questions" in comparison
    assert "| supported | 2.000 | 2.000 | +0.000 |" in comparison


def test_comparison_lists_at_most_twenty_questions() -> None:
    correct = [replace(CORRECT, identifier=str(number)) for number in range(23)]
    wrong = [replace(outcome, failed="not retrieved") for outcome in correct]
    comparison = compare_reports(report_of(*correct), report_of(*wrong))
    assert comparison.count("- q1 (not retrieved)") == 20
    assert "Worse: 23 questions" in comparison
    assert "- and 3 more" in comparison


def test_questions_missing_from_the_old_report_are_ignored() -> None:
    comparison = compare_reports({}, report_of(WRONGLY_REFUSED))
    assert "Worse: 0 questions" in comparison
    assert "| supported" not in comparison


def test_risk_coverage_curve_is_written(tmp_path: Path) -> None:
    draw_risk_coverage(OUTCOMES, tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
