from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.data_sets import EvaluationQuestion, read_data_set, read_probes, read_questions


def test_data_set_is_read_without_empty_documents(data_folder: Path) -> None:
    data = read_data_set(data_folder)
    assert data.name == data_folder.name
    assert [item.document_id for item in data.documents] == ["a", "b"]
    assert data.queries == {"q": "When was the Alpha Institute founded?"}
    assert data.qrels == {"q": {"a": 1}}


def test_last_turn_follows_the_earlier_ones(data_folder: Path) -> None:
    first, _, last = read_data_set(data_folder).questions
    assert first == EvaluationQuestion(
        "1", ("When was the Alpha Institute founded?",), True, ("in 1998",), frozenset({"a"})
    )
    assert last.turns == ("What is Beta Hospital?", "When are nurses trained?")


def test_language_is_detected_unless_given(data_folder: Path) -> None:
    (data_folder / "corpus.jsonl").write_text(
        '{"_id": "a", "text": "Sjuksköterskorna utbildas varje höst i Lund."}\n\n'
        '{"_id": "b", "text": "Nurses are trained every autumn.", "language": "de"}\n',
        encoding="utf-8",
    )
    assert [item.language for item in read_data_set(data_folder).documents] == ["sv", "de"]


def test_queries_and_questions_are_optional(data_folder: Path) -> None:
    for name in ("queries.jsonl", "qrels.tsv", "qa.jsonl"):
        (data_folder / name).unlink()
    data = read_data_set(data_folder)
    assert (len(data.documents), data.queries, data.qrels, data.questions) == (2, {}, {}, ())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("qa.jsonl", '{"id": "1"}', "'question'"),
        ("qa.jsonl", '{"question": "Why?"}', "'id'"),
        ("qa.jsonl", '{"id": "1", "turns": []}', "'1' in the data set has no turns"),
        ("qa.jsonl", "nonsense", "line 1"),
        ("qa.jsonl", '\n["list"]', "line 2"),
        ("corpus.jsonl", '{"_id": "a"}', "'text'"),
        ("qrels.tsv", "query\tdocument\n1\t2\n", "corpus-id"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq\ta\tgood\n", "corpus-id"),
    ],
)
def test_malformed_files_are_reported(data_folder: Path, name: str, content: str, message: str) -> None:
    (data_folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_data_set(data_folder)


def test_missing_corpus_is_reported(data_folder: Path) -> None:
    (data_folder / "corpus.jsonl").unlink()
    with pytest.raises(CorpusError, match=r"corpus\.jsonl"):
        read_data_set(data_folder)


def test_probes_are_a_data_set_without_documents(data_folder: Path) -> None:
    probes = read_probes(data_folder / "qa.jsonl")
    assert (probes.name, probes.documents, probes.qrels) == ("qa", (), {})
    assert probes.questions == read_questions(data_folder / "qa.jsonl")


def test_missing_questions_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no questions in .*probes\.jsonl"):
        read_questions(tmp_path / "probes.jsonl")
