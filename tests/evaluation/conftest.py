"""The outcomes of asking five questions, and a small data set on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.evaluation.runner import QuestionOutcome

CORRECT = QuestionOutcome("1", "q1", True, "answered", 0.9, True, True, 1.0, 10.0, "")
WRONG = QuestionOutcome("2", "q2", True, "answered", 0.8, False, False, 0.0, 20.0, "retrieved, but not chosen")
WRONGLY_REFUSED = QuestionOutcome("3", "q3", True, "unclear", 0.2, True, True, 1.0, 30.0, "chosen, but refused")
CORRECTLY_REFUSED = QuestionOutcome("4", "q4", False, "unclear", 0.1, False, False, None, 40.0, "")
WRONGLY_ANSWERED = QuestionOutcome(
    "5", "q5", False, "answered", 0.7, False, False, None, 50.0, "not in the corpus, but answered"
)  # fmt: skip
OUTCOMES = [CORRECT, WRONG, WRONGLY_REFUSED, CORRECTLY_REFUSED, WRONGLY_ANSWERED]


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """The folder of a small data set in the BEIR layout, which also lists the expected answers."""
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
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n", encoding="utf-8")
    return tmp_path
