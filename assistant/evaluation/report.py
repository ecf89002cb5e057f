"""Evaluates the assistant on a data set, and formats, plots and compares reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.conversation.assistant import Assistant
from assistant.evaluation import metrics
from assistant.evaluation.data_sets import DataSet
from assistant.evaluation.runner import (
    ProgressWrapper,
    QuestionOutcome,
    ask_questions,
    outcomes_as_records,
    rank_documents,
)

_MAX_LISTED = 20  # maximum number of questions in each list of a comparison


def evaluate_data_set(
    data: DataSet, assistant: Assistant, progress: ProgressWrapper
) -> tuple[dict[str, Any], list[QuestionOutcome]]:
    """Evaluate `assistant` on `data`. Returns a report as a JSON object, and the outcomes that it summarises."""
    report: dict[str, Any] = {"data_set": data.name, "documents": len(data.documents)}
    if data.qrels:
        rankings = rank_documents(data, assistant, progress)
        report["retrieval"] = {name: asdict(item) for name, item in metrics.retrieval_metrics(data, rankings).items()}
    outcomes = ask_questions(data.questions, assistant, progress)
    if outcomes:
        report["answers"] = {name: asdict(item) for name, item in metrics.answer_metrics(outcomes).items()}
        report["milliseconds"] = metrics.latency_percentiles(outcomes)
        report["failures"] = dict(Counter(item.failed for item in outcomes if item.failed).most_common())
        report["questions"] = outcomes_as_records(outcomes)
    return report, outcomes


def report_as_markdown(report: dict[str, Any]) -> str:
    """Format a report as Markdown."""
    lines = [f"# {report['data_set']}", "", f"{report['documents']} documents", ""]
    for part in ("retrieval", "answers"):
        if part in report:
            lines += [f"| {part} | value | 95 % interval | questions |", "|---|---|---|---|"]
            for name, item in report[part].items():
                lines.append(
                    f"| {name} | {item['value']:.3f} | {item['low']:.3f} to {item['high']:.3f} | {item['count']} |"
                )
            lines.append("")
    if report.get("failures"):
        lines += ["| what went wrong | questions |", "|---|---|"]
        lines += [f"| {name} | {count} |" for name, count in report["failures"].items()] + [""]
    if report.get("milliseconds"):
        times = report["milliseconds"]
        lines.append(f"Time per question: p50 {times['p50']:.1f} ms, p95 {times['p95']:.1f} ms.")
    return "\n".join(lines)


def compare_reports(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Format the differences between two reports as Markdown: all metrics, and the questions whose results changed."""
    lines = ["| figure | old | new | change |", "|---|---|---|---|"]
    for part in ("retrieval", "answers"):
        for name, item in new.get(part, {}).items():
            old_item = old.get(part, {}).get(name)
            if old_item:
                change = item["value"] - old_item["value"]
                lines.append(f"| {name} | {old_item['value']:.3f} | {item['value']:.3f} | {change:+.3f} |")
    old_questions = {item["identifier"]: item for item in old.get("questions", [])}
    pairs = [
        (old_questions[item["identifier"]], item)
        for item in new.get("questions", [])
        if item["identifier"] in old_questions
    ]
    worse = [after for before, after in pairs if after["failed"] and not before["failed"]]
    better = [after for before, after in pairs if before["failed"] and not after["failed"]]
    for title, items in (("Worse", worse), ("Better", better)):
        lines += ["", f"{title}: {len(items)} questions"]
        lines += [f"- {item['question']} ({item['failed'] or item['verdict']})" for item in items[:_MAX_LISTED]]
        lines += [f"- and {len(items) - _MAX_LISTED} more"] if len(items) > _MAX_LISTED else []
    return "\n".join(lines)


def draw_risk_coverage(outcomes: Sequence[QuestionOutcome], path: Path) -> None:
    """Plot the risk-coverage curve and save it at `path`, whose suffix determines the format (png, svg or pdf)."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    coverage, risk = metrics.risk_coverage_curve(outcomes)
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(coverage, risk)
    axes.set(xlabel="share of questions answered", ylabel="share of answers without support", ylim=(0, 1), xlim=(0, 1))
    axes.grid(alpha=0.3)
    figure.savefig(path)
    pyplot.close(figure)
