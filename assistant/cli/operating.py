"""The commands that build, serve and look after."""

from __future__ import annotations

import argparse
import os

from assistant.cli.common import print_status, progress_bar
from assistant.errors import AssistantError
from assistant.settings import SETTINGS_FILE, Settings, load_settings


def index(settings: Settings, options: argparse.Namespace) -> int:
    """Bring the index up to date with the corpus."""
    if options.rollback:
        from assistant.index.generations import roll_back

        print(f"live again: generation {roll_back(settings.index)}")
        return 0
    _update(settings, options)
    if options.watch:
        _watch(settings, options)
    return 0


def _watch(settings: Settings, options: argparse.Namespace) -> None:
    """Update again whenever files of the corpus change, until interrupted; an error is said and ends nothing."""
    from watchfiles import watch

    print_status(f"watching {str(settings.corpus)!r}; end it with Ctrl+C")
    options = argparse.Namespace(**{**vars(options), "rebuild": False})
    looked = False  # once after the watch began: something may have changed before
    while True:
        folder = settings.corpus.stat().st_ino
        for changes in watch(settings.corpus, step=200, raise_interrupt=True, rust_timeout=2000, yield_on_timeout=True):
            try:
                if changes or not looked:
                    looked = True  # whatever comes of it: what can't be read is said once
                    _update(settings, options)
                if settings.corpus.stat().st_ino != folder:  # another folder took its place
                    looked = False
                    break
            except (AssistantError, OSError) as error:
                print_status(f"assistant: {error}")


def _update(settings: Settings, options: argparse.Namespace) -> None:
    from assistant.factory import update_index

    unreadable, report = update_index(settings, options.skip_unreadable, options.rebuild, print_status, progress_bar)
    for name in ("added", "changed", "removed"):
        for document in getattr(report, name):
            print(f"{name:8} {document}")
    counts = ", ".join(f"{len(getattr(report, name))} {name}" for name in ("added", "changed", "removed", "unchanged"))
    print(f"{counts}; {report.passages} passages, {report.embedded} embedded; generation {report.generation}")
    if report.added or report.changed or report.removed:
        print("a server that is running takes it up within seconds", flush=True)
    for item in unreadable:
        print(f"skipped  {item.path}: {item.reason}", flush=True)


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """Serve the page and the API."""
    from assistant.web.server.server import serve

    serve(settings)
    return 0


def purge(settings: Settings, options: argparse.Namespace) -> int:
    """Delete what is stored for longer than keep_days."""
    from assistant.store.database import Store

    if not settings.database:
        print("nothing is stored (setting database is empty)")
        return 0
    store = Store(settings.database, settings.store_questions, settings.keep_days)
    print(f"deleted {store.purge()} answers older than {settings.keep_days} days, with their feedback")
    store.close()
    return 0


def key(settings: Settings, options: argparse.Namespace) -> int:
    """Make, list or revoke keys of programs."""
    from assistant.errors import StoreError
    from assistant.store.api_keys import ApiKeyStore
    from assistant.store.database import Store

    if not settings.database:
        raise StoreError("keys are kept in the database, and the setting 'database' is empty; name one")
    store = Store(settings.database)
    try:
        keys = ApiKeyStore(store)
        if options.action == "list":
            for found in keys.all():
                limit = f"{found.per_minute} a minute" if found.per_minute is not None else "the server's limit"
                ends = f"until {found.expires_at:%Y-%m-%d}" if found.expires_at else "without an end"
                print(f"{found.key_id}  {' '.join(sorted(found.scopes)):30} {limit}, {ends}  {found.name}")
            return 0
        if not options.name:
            wanted = "what it is for" if options.action == "create" else "its id: assistant key list"
            raise StoreError(f"assistant key {options.action} needs a name: {wanted}")
        if options.action == "create":
            print(keys.create(options.name, options.scope or ["ask", "texts"], options.per_minute, options.days))
            print_status("send it as 'Authorization: Bearer …'; it is not kept and can't be shown again")
            return 0
        if not keys.revoke(options.name):
            raise StoreError(f"no key {options.name!r}; see: assistant key list")
        print(f"revoked {options.name}")
        return 0
    finally:
        store.close()


def back_up(settings: Settings, options: argparse.Namespace) -> int:
    """Write a backup."""
    from assistant.maintenance.backup import create_backup

    size = create_backup(settings, options.file)
    print(f"wrote {options.file} ({size / 1e6:.1f} MB) from {settings.corpus} and {settings.index}")
    print("it may hold secrets of assistant.toml: keep it like them")
    return 0


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Put a backup back."""
    from assistant.maintenance.restore import restore_backup, restore_settings

    if restore_settings(options.file):
        print(f"put back {SETTINGS_FILE}")
        settings = load_settings(os.environ, {"corpus": options.corpus, "index": options.index})
    made = restore_backup(settings, options.file, options.force)
    print(f"{made.texts} texts, {made.rows} rows, index generation {made.generation or 'none'}")
    for line in made.kept:
        print(line)
    return 0


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Check settings, corpus, model, index and database."""
    from assistant.factory import make_encoder
    from assistant.maintenance.doctor import run_checks

    healthy = True
    for finding in run_checks(settings, lambda: make_encoder(settings, threads=1)):
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.subject}: {finding.text}")
        healthy = healthy and finding.ok
    return 0 if healthy else 1


def mcp(settings: Settings, options: argparse.Namespace) -> int:
    """Speak the Model Context Protocol on standard input and output."""
    from assistant.web.api.mcp import serve_mcp

    serve_mcp(settings, print_status)
    return 0
