from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import StoreError
from assistant.evaluation.data_sets import read_questions
from assistant.store.probes import add_probe


def test_saved_probes_can_be_read_for_calibration(tmp_path: Path) -> None:
    path = tmp_path / "data" / "probes.jsonl"
    add_probe(path, "1", "Who pays?", False, [])
    add_probe(path, "2", "Vem är chef?", True, ["Ada är chef"])
    add_probe(path, "1", "Who pays?", True, ["the state pays"])
    first, second = read_questions(path)
    assert (first.question_id, first.is_answerable, first.accepted_answers) == ("2", True, ("Ada är chef",))
    assert (second.turns, second.is_answerable) == (("Who pays?",), True)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("content", ["no json\n", "[1, 2]\n"])
def test_a_malformed_probes_file_is_left_unchanged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StoreError, match=r"probes\.jsonl"):
        add_probe(path, "1", "Who?", True, [])
    assert path.read_text(encoding="utf-8") == content
