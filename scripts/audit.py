"""`make audit`: checks the dependencies' licences, checks for known vulnerabilities, and writes an SBOM.

    python -m scripts.audit [licences|vulnerabilities|sbom]

Without arguments, all three steps run. The vulnerability check queries the package index, so it needs the internet.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK_FILE, SBOM_FILE = Path("requirements.lock"), Path("dist/sbom.cdx.json")
BIN_FOLDER = Path(sys.executable).parent
# Licences that impose no obligations on operators who run the program on their own server. LGPL licences are among them
# because the LGPL libraries are used unmodified.
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|CMU|Unlicense|Zlib|0BSD|Public Domain|LGPL"
    r"|Lesser General Public|CC0|BSL|CNRI|Historical",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"(?<!L)(?<!Lesser )GPL|AGPL|Affero|SSPL|Commons Clause|Proprietary|Non-?Commercial", re.IGNORECASE
)


def locked_packages() -> list[str]:
    """Return the names of the packages in the lock file, in alphabetical order."""
    return sorted(set(re.findall(r"^([\w.-]+)==", LOCK_FILE.read_text(encoding="utf-8"), re.MULTILINE)))


def check_licences() -> bool:
    """Print the installed packages whose licence is not allowed. Returns True if there are none."""
    command = [BIN_FOLDER / "pip-licenses", "--format=json", "--from=mixed", "--packages", *locked_packages()]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    not_allowed = [package for package in packages if not is_allowed(package["License"])]
    for package in not_allowed:
        print(f"{package['Name']} {package['Version']}: licence {package['License'][:80]!r} is not allowed")
    missing = {name.lower().replace("_", "-") for name in locked_packages()} - {
        re.sub(r"[._]", "-", package["Name"].lower()) for package in packages
    }
    not_installed = ", ".join(sorted(missing)) or "none"
    print(f"licences: {len(packages)} packages, {len(not_allowed)} not allowed; not installed here: {not_installed}")
    return not not_allowed


def is_allowed(licence: str) -> bool:
    """Return whether a licence is allowed. If it offers alternatives, one allowed alternative is enough."""
    alternatives = re.split(r"\s+OR\s+", licence)
    return any(ALLOWED.search(item) and not FORBIDDEN.search(item) for item in alternatives)


def check_vulnerabilities() -> bool:
    """Return True if every locked package can be looked up and none of them has a known vulnerability."""
    with tempfile.TemporaryDirectory() as folder:
        # Remove "+cpu": vulnerabilities are listed for torch itself, not for its CPU build.
        requirements = Path(folder) / LOCK_FILE.name
        requirements.write_text(re.sub(r"\+cpu\b", "", LOCK_FILE.read_text(encoding="utf-8")), encoding="utf-8")
        command = [
            BIN_FOLDER / "pip-audit",
            "--requirement",
            requirements,
            "--require-hashes",
            "--disable-pip",
            "--strict",
        ]
        return subprocess.run(command).returncode == 0


def write_sbom() -> bool:
    """Write the SBOM in CycloneDX format. Returns whether it lists every locked package."""
    SBOM_FILE.parent.mkdir(exist_ok=True)
    command = [
        BIN_FOLDER / "cyclonedx-py",
        "requirements",
        LOCK_FILE,
        "--output-file",
        SBOM_FILE,
        "--output-reproducible",
    ]
    succeeded = subprocess.run(command).returncode == 0
    components = (
        {item["name"] for item in json.loads(SBOM_FILE.read_text(encoding="utf-8"))["components"]}
        if succeeded
        else set()
    )
    print(f"sbom: {len(components)} components in {SBOM_FILE}")
    return succeeded and components == set(locked_packages())


def main() -> int:
    """Run the steps named on the command line. Returns 1 if any of them fails."""
    steps = {"licences": check_licences, "vulnerabilities": check_vulnerabilities, "sbom": write_sbom}
    results = [steps[name]() for name in sys.argv[1:] or steps]  # a list, so that every step runs even if one fails
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
