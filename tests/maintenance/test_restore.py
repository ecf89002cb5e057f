from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import BackupError, IndexStateError
from assistant.index.generations import build_lock, current_generation
from assistant.index.loading import load_index
from assistant.maintenance.backup import create_backup
from assistant.maintenance.restore import restore_backup, restore_settings
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.store.database import Store
from tests.conftest import TEXT
from tests.fakes import BagOfWords
from tests.maintenance.conftest import ANSWER, rewrite_archive, settings_in


def test_everything_is_restored_to_an_empty_folder(installation: Settings, backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    report = restore_backup(new, backup)
    assert (report.document_count, report.database_row_count) == (2, 3)
    (note,) = report.notes_for_operator
    assert note.startswith("API keys restored: 1, including any revoked since the backup; to check them, run: ")
    assert report.generation == current_generation(installation.index) == current_generation(new.index)
    assert (
        load_index(new.index, BagOfWords()).document_texts
        == load_index(installation.index, BagOfWords()).document_texts
    )
    assert (new.corpus / "sub" / "gamma.md").read_text() == "Gamma University teaches statistics."
    assert not (new.corpus / ".hidden").exists()
    assert new.probes.read_text() == '{"id": "1"}\n'
    stores = [Store(installation.database), Store(new.database)]
    before, after = (
        [(row.comment, row.answer.question, row.given_at) for row in store.list_feedback()] for store in stores
    )
    assert before == after
    assert ApiKeyStore(stores[0]).all_keys() == ApiKeyStore(stores[1]).all_keys()
    for store in stores:
        store.close()


def test_restored_settings_are_private(backup: Path, tmp_path: Path) -> None:
    assert restore_settings(backup, tmp_path / "new")
    path = tmp_path / "new" / "assistant.toml"
    assert path.read_text() == 'organisation = "Example"\n'
    assert path.stat().st_mode & 0o077 == 0


def test_existing_settings_are_not_overwritten(backup: Path, tmp_path: Path) -> None:
    path = tmp_path / "assistant.toml"
    path.write_text("port = 8000\n")
    assert not restore_settings(backup, tmp_path)
    assert path.read_text() == "port = 8000\n"


def test_a_backup_without_settings_restores_none(installation: Settings, tmp_path: Path) -> None:
    create_backup(installation, tmp_path / "b.tar.gz", tmp_path)
    assert not restore_settings(tmp_path / "b.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_rows_can_be_restored_to_another_kind_of_database(backup: Path, tmp_path: Path, postgres: str) -> None:
    new = settings_in(tmp_path / "new", postgres)
    assert restore_backup(new, backup).database_row_count == 3
    create_backup(new, tmp_path / "again.tar.gz", tmp_path / "new")
    assert restore_backup(settings_in(tmp_path / "third"), tmp_path / "again.tar.gz").database_row_count == 3
    store = Store(postgres, store_questions=True)
    # The database must give the new feedback an ID that none of the restored feedback has.
    store.add_feedback(store.record_answer(ANSWER, "g", "page", None), "good", [], "")
    [row] = [row for row in store.list_feedback() if row.comment]
    assert (row.comment, row.answer.question) == ("Åre!", "What is Åre?")
    for row in store.list_feedback():
        assert store.delete_answer(row.answer_id)
    assert ApiKeyStore(store).revoke_key(ApiKeyStore(store).all_keys()[0].key_id)
    store.close()


def test_restoring_again_adds_nothing_and_moves_documents_aside(installation: Settings, backup: Path) -> None:
    report = restore_backup(installation, backup, force=True)
    assert (report.document_count, report.database_row_count) == (2, 0)
    [moved] = installation.corpus.parent.glob("corpus.before-*")
    assert (moved / "alpha.md").read_text() == TEXT
    assert report.notes_for_operator == (
        f"the previous documents are in {str(moved)!r}",
        f"{str(installation.probes)!r} already exists and was not changed",
    )


def test_existing_documents_are_kept_without_force(installation: Settings, backup: Path) -> None:
    (installation.corpus / "alpha.md").write_text("Written since.")
    with pytest.raises(BackupError, match=r"already has documents.*--force"):
        restore_backup(installation, backup)
    assert (installation.corpus / "alpha.md").read_text() == "Written since."


def test_a_damaged_backup_restores_nothing(backup: Path, tmp_path: Path) -> None:
    damaged = rewrite_archive(backup, lambda name, data: (name, data.replace(b"statistics", b"astrology.")))
    with pytest.raises(BackupError, match="is damaged"):
        restore_backup(settings_in(tmp_path / "new"), damaged)
    assert not (tmp_path / "new").exists()


def test_feedback_of_two_servers_is_merged(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    (tmp_path / "new").mkdir()
    store = Store(new.database, store_questions=True)
    store.add_feedback(store.record_answer(ANSWER, "g", "page", None), "good", [], "our own")
    store.close()
    assert restore_backup(new, backup).database_row_count == 3
    store = Store(new.database)
    assert {row.comment for row in store.list_feedback()} == {"our own", "Åre!"}
    store.close()


def test_feedback_without_its_answer_is_skipped(backup: Path, tmp_path: Path) -> None:
    def remove_answers(name: str, data: bytes) -> tuple[str, bytes] | None:
        if name == "database/answers.jsonl":
            return None
        if name == "backup.json":
            contents = json.loads(data)
            del contents["files"]["database/answers.jsonl"]
            data = json.dumps(contents).encode()
        return name, data

    report = restore_backup(settings_in(tmp_path / "new"), rewrite_archive(backup, remove_answers))
    assert report.database_row_count == 1  # the API key is the only row


def test_a_running_build_stops_a_restore_before_it_writes(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    with build_lock(new.index), pytest.raises(IndexStateError, match="another build"):
        restore_backup(new, backup)
    assert not new.corpus.exists()


def test_a_restore_without_a_database_restores_the_rest(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new").model_copy(update={"database": ""})
    report = restore_backup(new, backup)
    assert (report.document_count, report.database_row_count, report.notes_for_operator) == (2, 0, ())
    assert current_generation(new.index) == report.generation
