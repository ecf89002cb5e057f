"""What is shipped for running the program: each file read by the tool it is for."""

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

DEPLOY, BIN = ROOT / "deploy", Path(sys.executable).parent
UNITS = sorted(path.name for path in DEPLOY.glob("assistant*"))


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def settings_named(text: str) -> set[str]:
    return {name.lower() for name in re.findall(r"ASSISTANT_([A-Z_]+[A-Z])", text)}


def test_the_containerfile_is_in_order() -> None:
    done = subprocess.run(
        [BIN / "hadolint", "--failure-threshold", "warning", DEPLOY / "Containerfile"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_what_the_containerfile_copies_is_let_into_its_context() -> None:
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".containerignore").read_text(), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names <= allowed
    assert all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize("manifest", manifests(), ids=lambda manifest: manifest["kind"])
def test_a_manifest_fits_kubernetes_own_schema(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_every_pod_is_closed_down() -> None:
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


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    assert UNITS == ["assistant-refresh.service", "assistant-refresh.timer", "assistant.service"]
    for name in UNITS:
        unit = (DEPLOY / name).read_text().replace("/opt/assistant/.venv/bin/", f"{BIN}/")
        (tmp_path / name).write_text(unit)
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is not installed; run: make test"
    done = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    exposed = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(tmp_path / "assistant.service")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert exposed.returncode == 0, exposed.stdout[-2000:]


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_there_is_one(path: Path) -> None:
    assert settings_named(path.read_text(encoding="utf-8")) <= set(Settings.model_fields)


def test_every_setting_that_the_guide_names_is_one() -> None:
    assert settings_named((ROOT / "docs" / "operating.md").read_text(encoding="utf-8")) <= set(Settings.model_fields)


def test_every_locked_file_has_its_hash_and_the_version_that_is_tested() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==([\w.]+)[^\\\n]*((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", lock, re.MULTILINE)
    assert len(entries) > 100
    assert [name for name, _, hashes in entries if not hashes] == []
    frozen = dict(
        line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    own = {re.sub(r"[._]", "-", name): version for name, version in frozen.items()}
    differing = {
        name for name, version, _ in entries if own.get(re.sub(r"[._]", "-", name.lower()), version) != version
    }
    assert differing == set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {re.sub(r"[._]", "-", name.lower()) for name, _, _ in entries}
    direct = {re.sub(r"[._]", "-", re.split(r"[=\[]", item)[0].lower()) for item in project["dependencies"]}
    assert direct <= locked


def test_licences_are_among_those_that_are_allowed() -> None:
    assert audit.licences()


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True), ("LGPL-3.0-only", True), ("MPL-1.1 OR GPL-2.0-only", True), ("GPL-3.0-only", False),
        ("GNU Affero General Public License v3", False), ("UNKNOWN", False), ("Apache-2.0 AND GPL-3.0", False),
    ],
)  # fmt: skip
def test_a_licence_is_judged_by_the_choices_it_gives(licence: str, allowed: bool) -> None:
    assert audit.permitted(licence) is allowed


def test_the_list_of_parts_names_every_locked_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SBOM", tmp_path / "dist" / "sbom.json")
    assert audit.parts()
