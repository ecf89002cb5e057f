"""Tests that the documentation refers only to things that exist, and that its generated parts are up to date."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.cli.main import build_parser
from assistant.settings import Settings
from scripts import architecture, reference, site
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the documentation site generate them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links_of(page: Path) -> list[str]:
    """Return the targets of all links on a page, except for those inside code."""
    return LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_heading(page: Path) -> None:
    broken = []
    for target in links_of(page):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert broken == []


def test_every_picture_is_shown_on_some_page() -> None:
    shown = {Path(target).name for page in PAGES for target in links_of(page)}
    pictures = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    assert pictures - shown == set()


def test_the_reference_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run: make docs"


def test_the_reference_names_every_setting_and_command() -> None:
    page = reference.page()
    assert [name for name in Settings.model_fields if f"`ASSISTANT_{name.upper()}`" not in page] == []
    commands = re.findall(r"^    (\w+)", build_parser().format_help(), re.MULTILINE)
    assert len(commands) > 10
    assert [name for name in commands if f"### {name}\n" not in page] == []


def test_the_architecture_diagram_is_up_to_date() -> None:
    drawn = architecture.draw(architecture.import_graph())
    assert architecture.PICTURE.read_text(encoding="utf-8") == drawn, "run: make docs"


def test_no_arrow_of_the_diagram_points_back() -> None:
    graph = architecture.import_graph()
    cells = architecture.place(graph)
    assert len(set(cells.values())) == len(cells) > 10
    assert all(cells[imported][0] < cells[importer][0] for imported, importer in graph.edges)


def commands_in(page: Path) -> Iterator[list[str]]:
    """For each `assistant` command in a page's code, yield the list of the command's arguments."""
    for code in CODE.findall(page.read_text(encoding="utf-8")):
        for line in code.strip("`").splitlines():
            if line.removeprefix("$ ").startswith("assistant "):
                yield shlex.split(line.removeprefix("$ ").split("  #")[0])[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_in_the_docs_exists(page: Path) -> None:
    listed = build_parser().format_help()
    unknown = [words for words in commands_in(page) if not re.search(rf"^    {re.escape(words[0])}\b", listed, re.M)]
    assert [words for words in unknown if not words[0].startswith(("…", "."))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_setting_in_the_docs_exists(page: Path) -> None:
    named = re.findall(r"ASSISTANT_([A-Z_]+[A-Z])\b", page.read_text(encoding="utf-8"))
    assert {name.lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_module_in_the_docs_can_be_run(page: Path) -> None:
    modules = re.findall(r"python -m ((?:benchmarks|scripts|training)\.\w+)", page.read_text(encoding="utf-8"))
    assert [name for name in modules if not (ROOT / name.replace(".", "/")).with_suffix(".py").exists()] == []


def test_links_are_rewritten_for_the_site() -> None:
    assert (
        site.for_site("[a](docs/asking.md) ![b](docs/images/b.png)", in_root=True)
        == "[a](asking.md) ![b](images/b.png)"
    )
    assert site.for_site("[the licence](LICENSE) [c](SECURITY.md)", in_root=True) == "the licence [c](security.md)"
    assert site.for_site("[d](../CONTRIBUTING.md) [e](operating.md#install)", in_root=False) == (
        "[d](contributing.md) [e](operating.md#install)"
    )


def test_the_site_builds_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    pages = site.build(tmp_path / "docs")
    assert {path.stem for path in pages} >= {"index", "asking", "reference", "contributing", "changelog", "security"}
    for page in pages:
        loaded = re.findall(
            r'<(?:script|link|img)[^>]*(?:src|href)="?(https?://[^" >]+)', page.read_text(encoding="utf-8")
        )
        assert loaded == []
