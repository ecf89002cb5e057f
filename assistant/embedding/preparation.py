"""Preparing models for ONNX Runtime. Each model is prepared only once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from assistant.embedding.models import locate_model, model_fingerprint, model_slug
from assistant.embedding.prepared_model import MODEL_DESCRIPTION_FILE

# Increase this number when the preparation changes, so that models prepared earlier are replaced.
PREPARATION_VERSION = 2


def prepare_model(name: str, cache: Path, report: Callable[[str], None] = lambda _: None) -> Path:
    """Return the folder of the prepared model `name`. If the model hasn't been prepared yet, prepare it.

    Args:
        name: `multilingual-e5-small`, `all-MiniLM-L6-v2`, a local folder, or the name of a model on the hub.
        cache: the folder in which prepared models are kept.
        report: a function that receives a message before slow work starts.

    Raises:
        ModelError: the model can't be found, verified or loaded.
    """
    fingerprint = model_fingerprint(name)
    target = cache / "models" / f"{model_slug(name)}-{fingerprint[:12]}-{PREPARATION_VERSION}"
    if (target / MODEL_DESCRIPTION_FILE).is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="preparing-", dir=target.parent))
    try:
        report(f"preparing the model {name!r}; this takes about a minute and is done only once")
        source = locate_model(name, fingerprint, scratch / "source")
        prepared = scratch / "ready"
        prepared.mkdir()
        from assistant.embedding.export import export_model

        export_model(source, prepared)
        _publish(prepared, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _publish(prepared: Path, target: Path) -> None:
    try:
        prepared.rename(target)
    except OSError:
        if not (target / MODEL_DESCRIPTION_FILE).is_file():  # otherwise, another process has prepared the same model
            raise
