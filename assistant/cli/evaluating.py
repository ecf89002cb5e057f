"""Commands that measure quality: `eval` and `calibrate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from assistant.cli.common import print_status, progress_bar, read_text_file
from assistant.errors import QuestionError
from assistant.settings import Settings


def evaluate(settings: Settings, options: argparse.Namespace) -> int:
    """Measure the quality of answers to the questions in a data set or a file of probes."""
    from assistant.evaluation import report as reports
    from assistant.evaluation.data_sets import read_data_set, read_probes
    from assistant.factory import make_assistant, make_evaluation_assistant

    old_report = _read_report(options.compare) if options.compare else None
    if options.data.is_file():
        data, assistant = read_probes(options.data), make_assistant(settings, print_status)
    else:
        data = read_data_set(options.data)
        assistant = make_evaluation_assistant(settings, data, print_status, progress_bar)
    report, outcomes = reports.evaluate_data_set(data, assistant, progress_bar)
    if options.picture:
        reports.draw_risk_coverage(outcomes, options.picture)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(reports.report_as_markdown(report))
    if old_report is not None:
        print(reports.compare_reports(old_report, report), file=sys.stderr if options.json else sys.stdout)
    return 0


def _read_report(path: Path) -> Any:
    try:
        return json.loads(read_text_file(path))
    except ValueError:
        raise QuestionError(
            f"{str(path)!r} is not a report; create one: assistant eval DIR --json > {path.name}"
        ) from None


def calibrate(settings: Settings, options: argparse.Namespace) -> int:
    """Fit the answer threshold to the operator's probes."""
    from assistant.evaluation.calibration import best_threshold, threshold_outcomes, thresholds_as_table
    from assistant.evaluation.data_sets import read_questions
    from assistant.evaluation.runner import ask_questions
    from assistant.factory import make_assistant

    questions = read_questions(options.probes)
    thresholds = threshold_outcomes(ask_questions(questions, make_assistant(settings, print_status), progress_bar))
    best = best_threshold(thresholds)
    print(thresholds_as_table(thresholds, best))
    setting = f"set answer_from = {best.answer_threshold} in assistant.toml (or ASSISTANT_ANSWER_FROM)"
    print(f"\nTo apply the best threshold, {setting}")
    return 0
