"""Commands for operating an installation: indexing, serving, API keys, backups and health checks."""

from __future__ import annotations

import argparse
import os

from assistant.cli.common import print_status, progress_bar
from assistant.errors import AssistantError
from assistant.settings import SETTINGS_FILE, Settings, load_settings


def index(settings: Settings, options: argparse.Namespace) -> int:
    """Update the index from the corpus."""
    if options.rollback:
        from assistant.index.generations import roll_back_generation

        print(f"rolled back to generation {roll_back_generation(settings.index)}")
        return 0
    _update_index(settings, options)
    if options.watch:
        _watch_corpus(settings, options)
    return 0


def _watch_corpus(settings: Settings, options: argparse.Namespace) -> None:
    """Update the index whenever the corpus changes, until interrupted. Errors are printed and don't end the loop."""
    from watchfiles import watch

    print_status(f"watching {str(settings.corpus)!r} for changes; press Ctrl+C to stop")
    options = argparse.Namespace(**{**vars(options), "rebuild": False})
    updated = False  # the first update is always made, because files may have changed before the watch started
    while True:
        inode = settings.corpus.stat().st_ino
        for changes in watch(settings.corpus, step=200, raise_interrupt=True, rust_timeout=2000, yield_on_timeout=True):
            try:
                if changes or not updated:
                    updated = True  # set before the update, so that a failed update prints its error only once
                    _update_index(settings, options)
                if settings.corpus.stat().st_ino != inode:  # the folder was replaced: watch the new one
                    updated = False
                    break
            except (AssistantError, OSError) as error:
                print_status(f"assistant: {error}")


def _update_index(settings: Settings, options: argparse.Namespace) -> None:
    from assistant.factory import update_index

    unreadable, report = update_index(settings, options.skip_unreadable, options.rebuild, print_status, progress_bar)
    changes = {"added": report.added_ids, "changed": report.changed_ids, "removed": report.removed_ids}
    for name, document_ids in changes.items():
        for document_id in document_ids:
            print(f"{name:8} {document_id}")
    counts = ", ".join(f"{len(ids)} {name}" for name, ids in {**changes, "unchanged": report.unchanged_ids}.items())
    print(
        f"{counts}; {report.passage_count} passages, {report.embedded_passage_count} embedded; "
        f"generation {report.generation}"
    )
    if report.added_ids or report.changed_ids or report.removed_ids:
        print("a running server loads the new index within seconds", flush=True)
    for item in unreadable:
        print(f"skipped  {item.path}: {item.reason}", flush=True)


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """Run the server."""
    from assistant.web.server.server import serve

    serve(settings)
    return 0


def purge(settings: Settings, options: argparse.Namespace) -> int:
    """Delete answers older than the setting 'keep_days' allows, together with their feedback."""
    from assistant.store.database import Store

    if not settings.database:
        print("nothing to delete: no database is configured (the setting 'database' is empty)")
        return 0
    store = Store(settings.database, settings.store_questions, settings.keep_days)
    print(f"deleted {store.purge_expired_answers()} answers older than {settings.keep_days} days, with their feedback")
    store.close()
    return 0


def key(settings: Settings, options: argparse.Namespace) -> int:
    """Create, list or revoke API keys."""
    from assistant.errors import StoreError
    from assistant.store.api_keys import ApiKeyStore
    from assistant.store.database import Store

    if not settings.database:
        raise StoreError("API keys are stored in the database, but none is configured; set the setting 'database'")
    store = Store(settings.database)
    try:
        keys = ApiKeyStore(store)
        if options.action == "list":
            for api_key in keys.all_keys():
                limit = (
                    f"{api_key.requests_per_minute} per minute"
                    if api_key.requests_per_minute is not None
                    else "default limit"
                )
                expiry = f"expires {api_key.expires_at:%Y-%m-%d}" if api_key.expires_at else "no expiry"
                scopes = " ".join(sorted(api_key.scopes))
                print(f"{api_key.key_id}  {scopes:30} {limit}, {expiry}  {api_key.name}")
            return 0
        if not options.name:
            missing = "a NAME" if options.action == "create" else "the ID of a key; see: assistant key list"
            raise StoreError(f"assistant key {options.action} needs {missing}")
        if options.action == "create":
            print(keys.create_key(options.name, options.scope or ["ask", "texts"], options.per_minute, options.days))
            print_status("save the key now: it can't be shown again; send it as 'Authorization: Bearer …'")
            return 0
        if not keys.revoke_key(options.name):
            raise StoreError(f"unknown key {options.name!r}; see: assistant key list")
        print(f"revoked {options.name}")
        return 0
    finally:
        store.close()


def back_up(settings: Settings, options: argparse.Namespace) -> int:
    """Write a backup file."""
    from assistant.maintenance.backup import create_backup

    size = create_backup(settings, options.file)
    print(f"wrote {options.file} ({size / 1e6:.1f} MB) from {settings.corpus} and {settings.index}")
    print("the file may contain secrets from assistant.toml; keep it private")
    return 0


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Restore a backup file."""
    from assistant.maintenance.restore import restore_backup, restore_settings

    if restore_settings(options.file):
        print(f"restored {SETTINGS_FILE}")
        settings = load_settings(os.environ, {"corpus": options.corpus, "index": options.index})
    report = restore_backup(settings, options.file, options.force)
    generation = report.generation or "none"
    print(
        f"restored {report.document_count} documents, {report.database_row_count} database rows, "
        f"index generation {generation}"
    )
    for note in report.notes_for_operator:
        print(note)
    return 0


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Check the settings, corpus, model, index and database."""
    from assistant.factory import make_encoder
    from assistant.maintenance.doctor import run_checks

    healthy = True
    for result in run_checks(settings, lambda: make_encoder(settings, threads=1)):
        print(f"{'ok  ' if result.passed else 'FAIL'}  {result.check_name}: {result.detail}")
        healthy = healthy and result.passed
    return 0 if healthy else 1


def mcp(settings: Settings, options: argparse.Namespace) -> int:
    """Run a Model Context Protocol server on standard input and output."""
    from assistant.web.api.mcp import serve_mcp

    serve_mcp(settings, print_status)
    return 0
