"""`make audit`: known holes in what is locked, licences of what is installed, and the list of parts (SBOM).

    python -m scripts.audit [licences|holes|parts]

All three without an argument. Known holes are looked up at the package index: that needs the internet.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK, SBOM = Path("requirements.lock"), Path("dist/sbom.cdx.json")
BIN = Path(sys.executable).parent
# Licences that ask nothing of whoever runs the program on a server of their own; LGPL libraries are used unchanged.
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|CMU|Unlicense|Zlib|0BSD|Public Domain|LGPL"
    r"|Lesser General Public|CC0|BSL|CNRI|Historical",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"(?<!L)(?<!Lesser )GPL|AGPL|Affero|SSPL|Commons Clause|Proprietary|Non-?Commercial", re.IGNORECASE
)


def names() -> list[str]:
    """The packages in the lock."""
    return sorted(set(re.findall(r"^([\w.-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)))


def licences() -> bool:
    """Print packages whose licence isn't among those that are allowed; whether there is none."""
    command = [BIN / "pip-licenses", "--format=json", "--from=mixed", "--packages", *names()]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    bad = [item for item in found if not permitted(item["License"])]
    for item in bad:
        print(f"{item['Name']} {item['Version']}: {item['License'][:80]!r} is not among the licences that are allowed")
    missing = {name.lower().replace("_", "-") for name in names()} - {
        re.sub(r"[._]", "-", item["Name"].lower()) for item in found
    }
    absent = ", ".join(sorted(missing)) or "none"
    print(f"licences: {len(found)} packages, {len(bad)} not allowed; not installed here: {absent}")
    return not bad


def permitted(licence: str) -> bool:
    """Whether one of the choices that a licence gives is allowed."""
    choices = re.split(r"\s+OR\s+", licence)
    return any(ALLOWED.search(choice) and not FORBIDDEN.search(choice) for choice in choices)


def holes() -> bool:
    """Whether nothing that is locked has a known hole; a package that can't be looked up counts as one."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / LOCK.name  # a hole of torch's is one of its CPU build's
        plain.write_text(re.sub(r"\+cpu\b", "", LOCK.read_text(encoding="utf-8")), encoding="utf-8")
        command = [BIN / "pip-audit", "--requirement", plain, "--require-hashes", "--disable-pip", "--strict"]
        return subprocess.run(command).returncode == 0


def parts() -> bool:
    """Write the list of parts in CycloneDX."""
    SBOM.parent.mkdir(exist_ok=True)
    command = [BIN / "cyclonedx-py", "requirements", LOCK, "--output-file", SBOM, "--output-reproducible"]
    done = subprocess.run(command).returncode == 0
    found = {item["name"] for item in json.loads(SBOM.read_text(encoding="utf-8"))["components"]} if done else set()
    print(f"parts: {len(found)} in {SBOM}")
    return done and found == set(names())


def main() -> int:
    """1 when something is not in order."""
    steps = {"licences": licences, "holes": holes, "parts": parts}
    results = [steps[name]() for name in sys.argv[1:] or steps]  # every one, whatever the one before said
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
