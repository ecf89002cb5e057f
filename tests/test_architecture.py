"""The shape of the program, as far as a test can hold it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings
from tests.conftest import ROOT

MODULES = sorted((ROOT / "assistant").rglob("*.py"))
HEAVY = ("torch", "transformers", "sentence_transformers", "gradio", "llama_index", "faiss", "onnxruntime", "numpy")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, assistant; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_a_question_imports_neither_torch_nor_llama_index() -> None:
    code = (
        f"import sys, assistant.factory, assistant.cli; print([name for name in {HEAVY[:5]!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 300
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    too_long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > 50]
    assert too_long == []


def test_every_module_has_a_docstring() -> None:
    without = [path.name for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert without == []


@pytest.mark.parametrize("trap", ["gr.HTML", "js=", "allowed_paths", "share=True", "auth=", "gr.load", "pickle"])
def test_what_opens_a_hole_is_nowhere_in_the_program(trap: str) -> None:
    calls = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                calls += [name] + [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]
                calls += [f"{keyword.arg}=" for keyword in node.keywords]
            if isinstance(node, ast.Import | ast.ImportFrom):
                calls += [alias.name for alias in node.names]
    assert trap not in calls


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_readme(name: str) -> None:
    assert f"`ASSISTANT_{name.upper()}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    from assistant.cli.main import _parser

    shown = _parser().format_help()
    commands = [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(commands) >= 5
    assert [name for name in commands if f"assistant {name}" not in readme] == []
