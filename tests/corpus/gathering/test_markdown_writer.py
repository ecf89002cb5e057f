from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from assistant.corpus.formats import UnreadableDocumentError, parse_document_file, read_front_matter
from assistant.corpus.gathering import markdown_writer
from assistant.corpus.gathering.markdown_writer import (
    DocumentOrigin,
    corpus_path_for_url,
    document_to_markdown,
    is_edited,
    markdown_body,
    text_hash,
    write_file,
)
from assistant.schema import Document

# CommonMark would treat these texts as markup.
TEXTS_LIKE_MARKUP = (
    "# no heading", "1. no list\n2) at all", "- a list\n- of two", "- a list\nand a line", "+ 5 degrees", "> said he",
    "*stars* and _lines_ and snake_case_names", "`code` and ``more``", "<b>bold</b> & &amp; &copy;",
    "[a](https://example.org) ![b](c.png) [1]", "a | b\n--- | ---\nc | d", "line\n===", "title\n---", "***",
    "```\nfence\n```", "two  spaces  \nand a break", "back\\slash \\* and \\\\",
    "https://example.org/_a_*b*", "~~~", "1986\\. A year",
    "    four", "[ref]: https://example.org",
    "5 * 3 * 2 = 30", "Kött & bröd – “så” säger vi…", ":::", "+46 8 123 45", "=1+1",
)  # fmt: skip


def make_document(text: str) -> Document:
    return Document(document_id="x.md", title="A title", text=text, language="en")


@pytest.mark.parametrize("text", TEXTS_LIKE_MARKUP)
def test_text_that_looks_like_markup_is_preserved(text: str) -> None:
    markdown = document_to_markdown(make_document(f"Before.\n\n{text}\n\nAfter."), DocumentOrigin(), "2026-11-23")
    document = parse_document_file(markdown.encode(), "x.md")
    assert document.text.split() == f"Before. {text} After.".split()
    assert document.headings == ()


def test_headings_and_lists_are_preserved() -> None:
    original = parse_document_file(b"# One\n\nWords.\n\n## Two, *really*\n\n- first\n- second\n\nLast.\n", "x.md")
    markdown = document_to_markdown(original, DocumentOrigin(), "2026-11-23")
    copy = parse_document_file(markdown.encode(), "x.md")
    assert (copy.text, copy.headings) == (original.text, original.headings)
    assert "## Two, really\n\n- first\n- second\n" in markdown


def test_the_front_matter_records_the_source() -> None:
    origin = DocumentOrigin("https://example.org/a", '"1"', "Mon, 23 Nov 2026 10:00:00 GMT")
    markdown = document_to_markdown(replace(make_document("Words."), source="Us: all"), origin, "2026-11-23")
    metadata = read_front_matter(markdown.encode())
    assert metadata["hash"] == text_hash("Words.")
    assert (metadata["url"], metadata["etag"], metadata["source"]) == ("https://example.org/a", '"1"', "Us: all")


def test_extra_metadata_is_added_but_overrides_nothing() -> None:
    origin = DocumentOrigin(file_name="a.pdf", extra_metadata={"owner": "Anna", "title": "Another", "file": "b.pdf"})
    metadata = read_front_matter(document_to_markdown(make_document("Words."), origin, "2026-11-23").encode())
    assert (metadata["owner"], metadata["title"], metadata["file"]) == ("Anna", "A title", "a.pdf")


def test_a_text_that_cannot_be_preserved_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_writer, "_escape", lambda text, _: text)
    with pytest.raises(UnreadableDocumentError, match="without changing words"):
        document_to_markdown(make_document("*stars*"), DocumentOrigin(), "2026-11-23")


def test_the_text_hash_ignores_white_space() -> None:
    assert text_hash("One  two\n\nthree") == text_hash("One two three")
    assert text_hash("One two") != text_hash("One twO")


def test_an_edit_of_the_body_is_detected() -> None:
    markdown = document_to_markdown(make_document("Words.\n\n---\n\nMore."), DocumentOrigin(), "2026-11-23")
    body_hash = read_front_matter(markdown.encode())["written"]
    assert markdown_body(markdown).startswith("Words.\n\n")
    assert not is_edited(markdown, body_hash)
    assert not is_edited(markdown.replace("---\n\n", "owner: Anna\n---\n\n", 1), body_hash)
    assert is_edited(markdown + "<!-- note -->\n", body_hash)


def test_a_file_is_written_with_its_folders_and_leaves_no_other_files(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.md"
    write_file(path, "First\n")
    write_file(path, "Räksmörgås\n")
    assert path.read_bytes() == "Räksmörgås\n".encode()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index.md"),
        ("/../../etc/passwd", "etc/passwd.md"),
        ("/%2e%2e/%2e%2e/x", "x.md"),
        ("/a%2F..%2F..%2Fb", "a/b.md"),
        ("/%00/nul", "text/nul.md"),
        ("/åäö/Sida.html", "åäö/sida.md"),
        ("/" + "n" * 300, "n" * 80 + ".md"),
        ("/.hidden", "hidden.md"),
    ],
)
def test_the_path_of_a_page_stays_inside_the_corpus(path: str, name: str) -> None:
    assert corpus_path_for_url("https://example.org" + quote(path, safe="/%")) == Path("example.org") / name


def test_urls_with_different_queries_have_different_paths() -> None:
    assert corpus_path_for_url("https://example.org/a?id=1") != corpus_path_for_url("https://example.org/a?id=2")
