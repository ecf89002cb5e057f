"""Tests of `Gatherer.refresh_documents`. The tests of `Gatherer.add_sources` are in `test_gatherer`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from assistant.corpus.formats import read_front_matter
from assistant.corpus.gathering.gatherer import Gatherer, SourceChange
from tests.corpus.gathering.conftest import add, files_in
from tests.sites import ARTICLE, Response, Website


@pytest.fixture
def filled(website: Website, gatherer: Gatherer) -> Gatherer:
    """A gatherer that has added a.md, which the server sent with an ETag, and b.md."""
    website.add_page("/a", ARTICLE, ETag='"1"')
    website.add_page("/b", ARTICLE.replace("Alpha", "Gamma"))
    add(gatherer, website.url + "/a", website.url + "/b")
    website.requests.clear()
    return gatherer


def kinds(changes: Iterable[SourceChange]) -> dict[str, str]:
    return {change.corpus_path.rpartition("/")[2]: change.change_kind for change in changes}


def test_unchanged_documents_are_not_written(website: Website, corpus: Path, filled: Gatherer) -> None:
    before = {path: (corpus / path).stat().st_mtime_ns for path in files_in(corpus)}
    website.responses["/b"].body = website.responses["/b"].body.replace(b"12:34:56", b"12:34:57")
    assert kinds(filled.refresh_documents()) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert {path: (corpus / path).stat().st_mtime_ns for path in files_in(corpus)} == before
    headers = dict(website.requests)
    assert headers["/a"]["if-none-match"] == '"1"'
    assert "if-none-match" not in headers["/b"]


def test_a_changed_document_is_updated_with_a_diff(website: Website, corpus: Path, filled: Gatherer) -> None:
    website.add_page("/a", ARTICLE.replace("in Lund", "in Umeå"), title="Another title", ETag='"2"')
    changed = next(change for change in filled.refresh_documents() if change.change_kind == "changed")
    assert "-The Alpha Institute develops" in changed.description
    assert "+The Alpha Institute develops" in changed.description
    assert "Umeå" in (corpus / "127.0.0.1/a.md").read_text(encoding="utf-8")
    assert kinds(filled.refresh_documents()) == {"a.md": "unchanged", "b.md": "unchanged"}


def test_a_long_diff_is_shortened(website: Website, filled: Gatherer) -> None:
    website.add_page("/a", "</p><p>".join(f"The line {number} is long enough to be read." for number in range(60)))
    changed = next(change for change in filled.refresh_documents() if change.change_kind == "changed")
    lines = changed.description.splitlines()
    assert len(lines) == 41
    assert lines[-1].endswith(" more lines")


def test_a_dry_run_writes_nothing(website: Website, corpus: Path, filled: Gatherer) -> None:
    website.add_page("/a", ARTICLE.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(filled.refresh_documents(write=False))["a.md"] == "changed"
    assert "Umeå" not in (corpus / "127.0.0.1/a.md").read_text(encoding="utf-8")


def test_an_edited_document_is_left_alone(website: Website, corpus: Path, filled: Gatherer) -> None:
    path = corpus / "127.0.0.1/a.md"
    path.write_text(path.read_text().replace("in Lund", "in Lund, we think"))
    assert kinds(filled.refresh_documents())["a.md"] == "unchanged"
    website.add_page("/a", ARTICLE.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(filled.refresh_documents())["a.md"] == "edited"
    assert "in Lund, we think" in path.read_text()
    del website.responses["/a"]
    assert kinds(filled.refresh_documents(remove_gone=True))["a.md"] == "gone"
    assert path.exists()


def test_a_comment_counts_as_an_edit_but_front_matter_does_not(
    website: Website, corpus: Path, filled: Gatherer
) -> None:
    path = corpus / "127.0.0.1/a.md"
    path.write_text(path.read_text().replace("---\n\n", "owner: Anna\n---\n\n", 1))
    website.add_page("/a", ARTICLE.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(filled.refresh_documents())["a.md"] == "changed"
    assert read_front_matter(path.read_bytes())["owner"] == "Anna"
    path.write_text(path.read_text(encoding="utf-8") + "\n<!-- a note of Anna's -->\n", encoding="utf-8")
    website.add_page("/a", ARTICLE.replace("in Lund", "in Luleå"), ETag='"3"')
    assert kinds(filled.refresh_documents())["a.md"] == "edited"
    assert "a note of Anna's" in path.read_text(encoding="utf-8")


def test_the_retrieval_date_of_an_unchanged_document_is_renewed_monthly(corpus: Path, filled: Gatherer) -> None:
    path = corpus / "127.0.0.1/a.md"
    for retrieved, expected in (("2026-10-30", "2026-10-30"), ("2025-11-23", "2026-11-23"), ("", "2026-11-23")):
        today = str(read_front_matter(path.read_bytes())["retrieved"])
        path.write_text(path.read_text().replace(f"'{today}'", f"'{retrieved}'"))
        assert kinds(filled.refresh_documents())["a.md"] == "unchanged"
        assert str(read_front_matter(path.read_bytes())["retrieved"]) == expected


def test_documents_without_a_page_are_removed_on_request(website: Website, corpus: Path, filled: Gatherer) -> None:
    website.responses["/b"] = Response(status=410)
    assert kinds(filled.refresh_documents())["b.md"] == "gone"
    assert kinds(filled.refresh_documents(remove_gone=True))["b.md"] == "removed"
    assert files_in(corpus) == ["127.0.0.1/a.md"]


def test_a_failing_website_removes_nothing(website: Website, corpus: Path, filled: Gatherer) -> None:
    website.responses["/b"] = Response(status=500)
    website.add_page("/a", "")
    assert kinds(filled.refresh_documents(remove_gone=True)) == {"a.md": "failed", "b.md": "failed"}
    assert files_in(corpus) == ["127.0.0.1/a.md", "127.0.0.1/b.md"]


def test_a_permanently_moved_page_gets_its_new_url(website: Website, corpus: Path, filled: Gatherer) -> None:
    website.add_page("/new", ARTICLE.replace("Alpha", "Gamma"))
    website.add_redirect("/b", "/new", 301)
    assert kinds(filled.refresh_documents())["b.md"] == "changed"
    assert read_front_matter((corpus / "127.0.0.1/b.md").read_bytes())["url"] == website.url + "/new"
    assert kinds(filled.refresh_documents())["b.md"] == "unchanged"


def test_documents_that_were_not_gathered_are_ignored(website: Website, corpus: Path, filled: Gatherer) -> None:
    (corpus / "own.md").write_text(f"---\nurl: {website.url}/a\n---\n\nOur own words.\n")
    (corpus / "broken.md").write_bytes(b"\xff\xfe\x00")
    assert set(kinds(filled.refresh_documents())) == {"a.md", "b.md"}
