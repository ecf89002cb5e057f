"""Tests of the program's structure. The tests of its documentation are in `tests/test_docs.py`."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted((ROOT / "assistant").rglob("*.py"))
HEAVY_PACKAGES = (
    "torch", "transformers", "sentence_transformers", "gradio", "llama_index", "faiss", "onnxruntime", "numpy",
)  # fmt: skip
MAX_MODULES_PER_FOLDER = 12
WITHOUT_BEHAVIOUR = {  # these modules contain nothing to test
    "assistant/errors.py": "exception classes",
    "assistant/embedding/centring_texts.py": "two constants",
}


def loaded_packages(imports: str) -> list[str]:
    code = f"import sys, {imports}; print([name for name in {HEAVY_PACKAGES!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded: list[str] = ast.literal_eval(run.stdout)
    return loaded


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert loaded_packages("assistant") == []


def test_a_question_imports_neither_torch_nor_llama_index() -> None:
    loaded = loaded_packages("assistant.factory, assistant.cli.main")
    assert not set(loaded) & set(HEAVY_PACKAGES[:5])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_and_functions_are_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 300
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > 50] == []


def test_every_module_has_a_docstring() -> None:
    without = [path.name for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert without == []


def test_no_folder_has_more_than_a_dozen_modules() -> None:
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES if path.name != "__init__.py")
    assert {folder: count for folder, count in counts.items() if count > MAX_MODULES_PER_FOLDER} == {}


def test_every_module_has_a_test_file_with_its_name() -> None:
    missing = []
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        if path.stem.startswith("__") or "/migrations/" in name or name in WITHOUT_BEHAVIOUR:
            continue
        test = ROOT / "tests" / path.relative_to(ROOT / "assistant").with_name(f"test_{path.name}")
        if not test.exists():
            missing.append(name)
    assert missing == []
    assert all((ROOT / name).exists() for name in WITHOUT_BEHAVIOUR)


@pytest.mark.parametrize("unsafe", ["gr.HTML", "js=", "allowed_paths", "share=True", "auth=", "gr.load", "pickle"])
def test_no_unsafe_call_or_import(unsafe: str) -> None:
    used = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                used.append(ast.unparse(node.func))
                used += [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]
                used += [f"{keyword.arg}=" for keyword in node.keywords]
            if isinstance(node, ast.Import | ast.ImportFrom):
                used += [alias.name for alias in node.names]
    assert unsafe not in used
