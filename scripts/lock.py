"""`make lock`: pin everything the direct dependencies bring in, from a fresh environment.

constraints.txt holds versions, for `make install`. requirements.lock holds the hash of every file, for installs that
take no other (deploy/Containerfile, `pip install --require-hashes`); it is without the tools for development.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

EXTRAS = ("postgres", "mcp", "oidc", "redis", "telemetry")
CONSTRAINTS, LOCK = Path("constraints.txt"), Path("requirements.lock")
_HEAD = """\
# Every file that is installed, by its hash; made by `make lock`. Without the tools for development.
# torch on Linux: the CPU build on x86-64, since the one of the package index wants CUDA libraries that are not here.
"""


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--editable", ".[dev]"], check=True)
        frozen = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, text=True)
        CONSTRAINTS.write_text(frozen.stdout.replace("+cpu\n", "\n"), encoding="utf-8")
        subprocess.run([*pip, "install", "uv"], check=True)
        links = [part for link in os.environ.get("PIP_FIND_LINKS", "").split() for part in ("--find-links", link)]
        extra_index = os.environ.get("PIP_EXTRA_INDEX_URL", "")
        more = [*links, *(["--index", extra_index] if extra_index else [])]
        locked = compiled(python, folder, more)
        plain = compiled(python, folder, [])
    built, published = entry(locked, "torch"), entry(plain, "torch")
    linux = re.sub(r"^(torch==\S+)", r'\1 ; sys_platform == "linux" and platform_machine == "x86_64"', built)
    other = re.sub(r"^(torch==\S+)", r'\1 ; sys_platform != "linux" or platform_machine != "x86_64"', published)
    LOCK.write_text(_HEAD + locked.replace(built, linux + other), encoding="utf-8")


def compiled(python: Path, folder: str, more: list[str]) -> str:
    """What has to be installed, each file by its hash."""
    target = Path(folder) / "requirements.lock"
    target.unlink(missing_ok=True)
    extras = [part for name in EXTRAS for part in ("--extra", name)]
    subprocess.run(
        [python, "-m", "uv", "pip", "compile", "pyproject.toml", "--generate-hashes", "--no-header", "--no-annotate",
         "--quiet", "--python-version", "3.11", "--constraint", str(CONSTRAINTS), *extras, *more,
         "--output-file", target],
        check=True,
    )  # fmt: skip
    return target.read_text(encoding="utf-8")


def entry(lock: str, name: str) -> str:
    """The lines of one package."""
    found = re.search(rf"^{name}==.*\n(?:    --hash=.*\n)+", lock, re.MULTILINE)
    assert found, f"{name} is not in the lock"
    return found.group()


if __name__ == "__main__":
    main()
