"""Figures -> a report, a picture, and what changed since an earlier one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.conversation.assistant import Assistant
from assistant.evaluation import metrics
from assistant.evaluation.data_sets import DataSet
from assistant.evaluation.runner import Outcome, Progress, outcomes_as_records, run_queries, run_questions

_SHOWN = 20  # questions listed for each kind of change


def evaluate(data: DataSet, assistant: Assistant, progress: Progress) -> tuple[dict[str, Any], list[Outcome]]:
    """The report of `data` as a JSON object, and the outcomes it counts."""
    report: dict[str, Any] = {"data_set": data.name, "documents": len(data.documents)}
    if data.qrels:
        found = run_queries(data, assistant, progress)
        report["retrieval"] = {name: asdict(item) for name, item in metrics.retrieval_metrics(data, found).items()}
    came = run_questions(data.questions, assistant, progress)
    if came:
        report["answers"] = {name: asdict(item) for name, item in metrics.answer_metrics(came).items()}
        report["milliseconds"] = metrics.latency_percentiles(came)
        report["failures"] = dict(Counter(item.failed for item in came if item.failed).most_common())
        report["questions"] = outcomes_as_records(came)
    return report, came


def report_as_markdown(report: dict[str, Any]) -> str:
    """The report for people, as Markdown."""
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
    """What got better or worse from `old` to `new`, with the questions, as Markdown."""
    lines = ["| figure | old | new | change |", "|---|---|---|---|"]
    for part in ("retrieval", "answers"):
        for name, item in new.get(part, {}).items():
            before = old.get(part, {}).get(name)
            if before:
                change = item["value"] - before["value"]
                lines.append(f"| {name} | {before['value']:.3f} | {item['value']:.3f} | {change:+.3f} |")
    was = {item["identifier"]: item for item in old.get("questions", [])}
    pairs = [(was[item["identifier"]], item) for item in new.get("questions", []) if item["identifier"] in was]
    worse = [item for before, item in pairs if item["failed"] and not before["failed"]]
    better = [item for before, item in pairs if before["failed"] and not item["failed"]]
    for title, items in (("Worse", worse), ("Better", better)):
        lines += ["", f"{title}: {len(items)} questions"]
        lines += [f"- {item['question']} ({item['failed'] or item['verdict']})" for item in items[:_SHOWN]]
        lines += [f"- and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return "\n".join(lines)


def draw_risk_coverage(found: Sequence[Outcome], path: Path) -> None:
    """The risk-coverage curve as a picture; the ending of `path` says which format (png, svg, pdf)."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    coverage, risk = metrics.risk_coverage(found)
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(coverage, risk)
    axes.set(xlabel="share of questions answered", ylabel="share of answers without support", ylim=(0, 1), xlim=(0, 1))
    axes.grid(alpha=0.3)
    figure.savefig(path)
    pyplot.close(figure)
