"""A model setting -> a prepared model folder, made on first use."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from assistant.embedding.models import _fingerprint, _slug, locate_model
from assistant.embedding.prepared_model import DESCRIPTION_FILE

# Raised when the way a model is prepared changes, so that older preparations are made anew.
PREPARATION_VERSION = 2


def prepare_model(name: str, cache: Path, report: Callable[[str], None] = lambda _: None) -> Path:
    """The folder of the prepared model `name`, made on first use.

    Args:
        name: `multilingual-e5-small`, `all-MiniLM-L6-v2`, a local folder, or a hub name.
        cache: folder that keeps prepared models.
        report: told in one line what takes long.

    Raises:
        ModelError: the model is not there, its weights are not what they should be, or it can't be run.
    """
    fingerprint = _fingerprint(name)
    target = cache / "models" / f"{_slug(name)}-{fingerprint[:12]}-{PREPARATION_VERSION}"
    if (target / DESCRIPTION_FILE).is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="preparing-", dir=target.parent))
    try:
        report(f"preparing the model {name!r}, once (about a minute)")
        source = locate_model(name, fingerprint, scratch / "source")
        ready = scratch / "ready"
        ready.mkdir()
        from assistant.embedding.export import export_model

        export_model(source, ready)
        _publish(ready, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _publish(ready: Path, target: Path) -> None:
    try:
        ready.rename(target)
    except OSError:
        if not (target / DESCRIPTION_FILE).is_file():  # else another process was faster; both made the same
            raise
