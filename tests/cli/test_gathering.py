from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.sites import ARTICLE, Website


@pytest.mark.real
def test_a_page_is_added_changed_and_refreshed(website: Website, run: Run, tmp_path: Path) -> None:
    options = ["--corpus", str(tmp_path / "corpus"), "--index", str(tmp_path / "index")]

    def answer() -> str:
        code, out, _ = run("ask", "When was the Alpha Institute founded?", "--json", *options)
        assert code == 0
        text: str = json.loads(out)["answer"]
        return text

    website.add_page("/alpha", ARTICLE, title="Alpha")
    code, out, _ = run("add", website.url + "/alpha", "--allow-private", *options)
    assert code == 0
    assert "added     " in out
    assert out.endswith("to update the index, run: assistant index\n")
    assert run("index", *options)[0] == 0
    assert "1998" in answer()
    website.add_page("/alpha", ARTICLE.replace("1998", "2001"), title="Alpha")
    code, out, _ = run("refresh", "--allow-private", "--dry-run", *options)
    assert code == 0
    assert "+The Alpha Institute" in out
    assert "1 changed" in out
    assert "1998" in answer()
    code, out, _ = run("refresh", "--allow-private", *options)
    assert code == 0
    assert "changed  127.0.0.1/alpha.md" in out
    assert "2001" in answer()
    assert run("lint", *options)[:2] == (0, "no problems found\n")


def test_lint_prints_each_finding_as_json(run_here: Run, corpus: Path) -> None:
    for name in ("a.md", "b.md"):
        (corpus / name).write_text(f"---\nretrieved: 2001-01-01\n---\n\n{ARTICLE}\n")
    assert run_here("index")[0] == 0
    code, out, _ = run_here("lint", "--json")
    assert code == 1
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["stale", "stale", "repeated"]


def test_lint_counts_its_findings(run_here: Run, corpus: Path) -> None:
    (corpus / "a.md").write_text(f"---\nretrieved: 2001-01-01\n---\n\n{ARTICLE}\n")
    assert run_here("index")[0] == 0
    code, out, _ = run_here("lint", "--days", "7")
    assert code == 1
    assert out == "stale         a.md: retrieved 2001-01-01, more than 7 days ago\n1 stale\n"


def test_a_missing_page_is_an_error(run_here: Run, website: Website) -> None:
    code, out, _ = run_here("add", website.url + "/none", "--allow-private")
    assert code == 1
    assert "404" in out
    assert "to update the index" not in out


def test_a_private_address_needs_a_flag(run_here: Run, website: Website) -> None:
    code, out, _ = run_here("add", website.url + "/none")
    assert code == 1
    assert "--allow-private" in out
    assert website.requests == []


def test_an_empty_sitemap_is_reported(run_here: Run, website: Website) -> None:
    website.add_sitemap("/sitemap.xml")
    code, out, _ = run_here("add", website.url + "/sitemap.xml", "--allow-private")
    assert (code, out) == (1, "nothing added: the sitemap lists no pages\n")


def test_a_sitemap_is_cut_off_at_the_maximum(run_here: Run, website: Website, corpus: Path) -> None:
    for number in range(3):
        website.add_page(f"/{number}", ARTICLE.replace("1998", f"199{number}"))
    website.add_sitemap("/sitemap.xml", "/0", "/1", "/2")
    code, out, err = run_here("add", website.url + "/sitemap.xml", "--allow-private", "--most", "2")
    assert code == 0
    assert "2 added" in out
    assert "more than 2 pages" in err
    assert len(list(corpus.rglob("*.md"))) == 2


def test_refresh_explains_how_to_add_documents(run_here: Run) -> None:
    code, out, _ = run_here("refresh")
    assert (code, out) == (0, "no document was added from a URL; add one: assistant add https://…\n")


def test_refresh_removes_documents_whose_page_is_gone(run_here: Run, website: Website, corpus: Path) -> None:
    (corpus / "own.md").write_text("Gamma University teaches statistics.")
    website.add_page("/alpha", ARTICLE)
    assert run_here("add", website.url + "/alpha", "--allow-private")[0] == 0
    [path] = [file for file in corpus.rglob("*.md") if file.name != "own.md"]
    del website.responses["/alpha"]
    code, out, _ = run_here("refresh", "--allow-private")
    assert "1 gone" in out
    assert path.is_file()
    code, out, _ = run_here("refresh", "--allow-private", "--remove-gone")
    assert code == 0
    assert "1 removed" in out
    assert not path.exists()
