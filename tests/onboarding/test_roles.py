from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import CorpusError
from assistant.onboarding.roles import documents_at_path, documents_in_role_order, read_roles

ROLES = '[[role]]\nname = "Researcher"\nname_sv = "Forskare"\ntexts = ["b/", "a.md"]\n[[role]]\nname = "Nurse"\n'


def test_role_puts_its_documents_first(tmp_path: Path) -> None:
    (tmp_path / "onboarding.toml").write_text(ROLES, encoding="utf-8")
    documents = ["a.md", "b/c.md", "d.md"]
    researcher, nurse = read_roles(tmp_path, documents)
    assert documents_in_role_order(researcher, documents) == ["b/c.md", "a.md", "d.md"]
    assert documents_in_role_order(nurse, documents) == documents_in_role_order(None, documents) == documents


def test_role_has_a_name_in_each_language(tmp_path: Path) -> None:
    (tmp_path / "onboarding.toml").write_text(ROLES, encoding="utf-8")
    researcher, nurse = read_roles(tmp_path, ["a.md", "b/c.md"])
    assert (researcher.localised_name("sv"), researcher.localised_name("en"), researcher.localised_name("de")) == (
        "Forskare", "Researcher", "Researcher",
    )  # fmt: skip
    assert (nurse.localised_name("sv"), nurse.role_id) == ("Nurse", "2")


def test_missing_file_means_no_roles(tmp_path: Path) -> None:
    assert read_roles(tmp_path, ["a.md"]) == ()


@pytest.mark.parametrize("path", ["b", "b/"])
def test_folder_matches_all_its_documents(path: str) -> None:
    assert documents_at_path(path, ["a.md", "b/c.md", "b/d/e.md", "bc.md"]) == ["b/c.md", "b/d/e.md"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("role = 1", r"\[\[role\]\]"),
        ("[[role]\n", "not valid TOML"),
        ("[[role]]\ntexts = []", "must have a name"),
        ('[[role]]\nname = "A"\ncolour = "red"', "only other keys"),
        ('[[role]]\nname = "A"\ntexts = ["gone.md"]', "'gone.md'"),
        ('[[role]]\nname = "A"\ntexts = "a.md"', "list"),
        ('[other]\nname = "A"', r"\[\[role\]\]"),
    ],
)
def test_malformed_roles_are_reported(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "onboarding.toml").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_roles(tmp_path, ["a.md"])
