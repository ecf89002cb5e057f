"""Tests of the files in deploy/, the lock file, the licences and the SBOM.

The Containerfile, the Kubernetes manifests and the systemd units are checked with tools made for these formats.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from assistant.settings import Settings
from scripts import audit
from tests.conftest import ROOT

DEPLOY, BIN_FOLDER = ROOT / "deploy", Path(sys.executable).parent
UNITS = sorted(path.name for path in DEPLOY.glob("assistant*"))


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def mentioned_settings(text: str) -> set[str]:
    return {name.lower() for name in re.findall(r"ASSISTANT_([A-Z_]+[A-Z])", text)}


def test_the_containerfile_passes_hadolint() -> None:
    command = [BIN_FOLDER / "hadolint", "--failure-threshold", "warning", DEPLOY / "Containerfile"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout


def test_files_copied_by_the_containerfile_are_in_its_context() -> None:
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".containerignore").read_text(), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names <= allowed
    assert all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize("manifest", manifests(), ids=lambda manifest: manifest["kind"])
def test_kubernetes_manifests_match_their_schema(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_pods_run_with_minimal_privileges() -> None:
    specs = []
    for manifest in manifests():
        spec = manifest.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            specs.append(spec["template"]["spec"])
    assert len(specs) == 2
    for spec in specs:
        assert spec["securityContext"]["runAsNonRoot"]
        assert not spec["automountServiceAccountToken"]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    assert UNITS == ["assistant-refresh.service", "assistant-refresh.timer", "assistant.service"]
    for name in UNITS:
        unit = (DEPLOY / name).read_text().replace("/opt/assistant/.venv/bin/", f"{BIN_FOLDER}/")
        (tmp_path / name).write_text(unit)
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is not installed; run: make test"
    verified = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")
    security = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(tmp_path / "assistant.service")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert security.returncode == 0, security.stdout[-2000:]


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_settings_in_deployment_files_exist(path: Path) -> None:
    assert mentioned_settings(path.read_text(encoding="utf-8")) <= set(Settings.model_fields)


def test_settings_in_the_operating_manual_exist() -> None:
    assert mentioned_settings((ROOT / "docs" / "operating.md").read_text(encoding="utf-8")) <= set(
        Settings.model_fields
    )


def test_locked_packages_have_hashes_and_tested_versions() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==([\w.]+)[^\\\n]*((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", lock, re.MULTILINE)
    assert len(entries) > 100
    assert [name for name, _, hashes in entries if not hashes] == []
    frozen = dict(
        line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    tested = {re.sub(r"[._]", "-", name): version for name, version in frozen.items()}
    differing = {
        name for name, version, _ in entries if tested.get(re.sub(r"[._]", "-", name.lower()), version) != version
    }
    assert differing == set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {re.sub(r"[._]", "-", name.lower()) for name, _, _ in entries}
    direct = {re.sub(r"[._]", "-", re.split(r"[=\[]", item)[0].lower()) for item in project["dependencies"]}
    assert direct <= locked


def test_licences_of_installed_packages_are_allowed() -> None:
    assert audit.check_licences()


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True), ("LGPL-3.0-only", True), ("MPL-1.1 OR GPL-2.0-only", True), ("GPL-3.0-only", False),
        ("GNU Affero General Public License v3", False), ("UNKNOWN", False), ("Apache-2.0 AND GPL-3.0", False),
    ],
)  # fmt: skip
def test_a_licence_is_allowed_if_one_of_its_alternatives_is_allowed(licence: str, allowed: bool) -> None:
    assert audit.is_allowed(licence) is allowed


def test_the_sbom_lists_every_locked_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SBOM_FILE", tmp_path / "dist" / "sbom.json")
    assert audit.write_sbom()
