from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from assistant.corpus.corpus_reader import read_corpus
from assistant.corpus.formats import read_front_matter
from assistant.corpus.gathering.gatherer import Gatherer
from tests.corpus.gathering.conftest import add, add_one, files_in
from tests.sites import ARTICLE, Response, Website


def test_a_page_is_added_with_its_source(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    website.add_page("/en/About%20us/", ARTICLE, title='Us: "friends" & [more]', ETag='"7"')
    change = add_one(gatherer, website.url + "/en/About%20us/")
    assert (change.change_kind, change.corpus_path) == ("added", "127.0.0.1/en/about-us.md")
    metadata = read_front_matter((corpus / change.corpus_path).read_bytes())
    assert metadata["title"] == 'Us: "friends" & [more]'
    assert metadata["url"] == website.url + "/en/About%20us/"
    assert metadata["etag"] == '"7"'
    assert metadata["language"] == "en"
    [document] = read_corpus(corpus, 10_000)
    assert document.retrieved == "2026-11-23"
    assert ARTICLE in document.text
    assert "Cookies" not in document.text
    assert "Menu" not in document.text


def test_the_pages_of_a_sitemap_are_added(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    website.add_page("/a", ARTICLE)
    website.add_page("/b", ARTICLE.replace("Alpha", "Gamma"))
    website.add_page("/copy", ARTICLE)
    website.responses["/picture"] = Response(b"\x89PNG", headers={"Content-Type": "image/png"})
    website.add_sitemap("/inner.xml", "/b", "/missing", "/a")
    website.add_sitemap("/more.xml", "/a", "/copy", "/picture", "http://elsewhere.example/x")
    website.add_sitemap("/sitemap.xml", "/inner.xml", "/more.xml", "/none.xml", kind="sitemapindex")
    changes, messages = add(gatherer, website.url + "/sitemap.xml")
    assert [(change.change_kind, change.source.removeprefix(website.url)) for change in changes] == [
        ("added", "/b"), ("failed", "/missing"), ("added", "/a"), ("unchanged", "/copy"), ("failed", "/picture"),
    ]  # fmt: skip
    assert (changes[3].corpus_path, changes[3].description) == ("127.0.0.1/a.md", "this file already has the same text")
    assert files_in(corpus) == ["127.0.0.1/a.md", "127.0.0.1/b.md"]
    assert "http://elsewhere.example/x: not on the host of its sitemap" in messages[0]
    assert "/none.xml: page not found (404)" in messages[1]


def test_the_number_of_pages_is_limited(website: Website, gatherer: Gatherer) -> None:
    for number in range(5):
        website.add_page(f"/{number}", ARTICLE.replace("1998", f"199{number}"))
    website.add_sitemap("/sitemap.xml", *[f"/{number}" for number in range(5)])
    changes, messages = add(gatherer, website.url + "/sitemap.xml", max_pages=2)
    assert [change.change_kind for change in changes] == ["added", "added"]
    assert messages == [f"skipped  the rest of {website.url}/sitemap.xml: more than 2 pages (--most)"]


def test_an_invalid_sitemap_fails(website: Website, gatherer: Gatherer) -> None:
    website.responses["/sitemap.xml"] = Response(b"<?xml version='1.0'?><rss/>", headers={"Content-Type": "text/xml"})
    change = add_one(gatherer, website.url + "/sitemap.xml")
    assert (change.change_kind, change.description) == ("failed", "not a sitemap: its root element is <rss>")


def test_a_page_added_again_is_updated(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    for year, kind in ((1998, "added"), (1998, "unchanged"), (2001, "changed")):
        website.add_page("/a", ARTICLE.replace("1998", str(year)))
        assert add_one(gatherer, website.url + "/a").change_kind == kind
    assert files_in(corpus) == ["127.0.0.1/a.md"]
    assert "2001" in (corpus / "127.0.0.1/a.md").read_text()


def test_pages_with_the_same_path_get_numbers(website: Website, gatherer: Gatherer) -> None:
    website.add_page("/a.html", ARTICLE)
    website.add_page("/a.php", ARTICLE.replace("1998", "2001"))
    changes, _ = add(gatherer, website.url + "/a.html", website.url + "/a.php")
    assert [change.corpus_path for change in changes] == ["127.0.0.1/a.md", "127.0.0.1/a-2.md"]


def test_a_pdf_is_converted_to_markdown(tmp_path: Path, corpus: Path, gatherer: Gatherer) -> None:
    source = tmp_path / "Årsrapport 2025.pdf"
    canvas = Canvas(str(source))
    lines = ["1. The Alpha Institute was founded in 1998.", "# It has *many* friends_of_both."]
    for number, line in enumerate(lines):
        canvas.drawString(50, 700 - 40 * number, line)
    canvas.save()
    change = add_one(gatherer, source)
    assert (change.change_kind, change.corpus_path) == ("added", "årsrapport-2025.md")
    [document] = read_corpus(corpus, 10_000)
    assert document.text.split() == " ".join(lines).split()
    assert add_one(gatherer, source).change_kind == "unchanged"


def test_a_file_added_again_is_updated(tmp_path: Path, corpus: Path, gatherer: Gatherer) -> None:
    report, gathered = tmp_path / "report.txt", corpus / "report.md"
    for year, kind in ((1998, "added"), (2001, "changed"), (2001, "unchanged")):
        report.write_text(ARTICLE.replace("1998", str(year)))
        assert add_one(gatherer, report).change_kind == kind
    assert files_in(corpus) == ["report.md"]
    gathered.write_text(gathered.read_text().replace("---\n\n", "owner: Anna\n---\n\n", 1))
    report.write_text(ARTICLE.replace("1998", "2000"))
    assert add_one(gatherer, report).change_kind == "changed"
    assert read_front_matter(gathered.read_bytes())["owner"] == "Anna"


def test_a_file_edited_in_the_corpus_is_not_overwritten(tmp_path: Path, corpus: Path, gatherer: Gatherer) -> None:
    report, gathered = tmp_path / "report.txt", corpus / "report.md"
    report.write_text(ARTICLE)
    add_one(gatherer, report)
    gathered.write_text(gathered.read_text() + "\nOur own words.\n")
    report.write_text(ARTICLE.replace("1998", "2002"))
    assert add_one(gatherer, report).corpus_path == "report-2.md"
    assert "Our own words." in gathered.read_text()


def test_a_file_with_a_url_is_not_replaced_by_its_page(
    website: Website, tmp_path: Path, corpus: Path, gatherer: Gatherer
) -> None:
    website.add_page("/pub", ARTICLE)
    source = tmp_path / "own.md"
    source.write_text(f"---\nurl: {website.url}/pub\nowner: Anna\n---\n\nOur internal words about the Institute.\n")
    change = add_one(gatherer, source)
    assert list(gatherer.refresh_documents()) == []
    data = (corpus / change.corpus_path).read_bytes()
    assert b"Our internal words" in data
    assert read_front_matter(data)["owner"] == "Anna"
    assert next(iter(read_corpus(corpus, 10_000))).url == website.url + "/pub"


def test_markdown_sent_as_plain_text_keeps_its_headings(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    body = f"---\ntitle: Hej\n---\n\n# Heading\n\n{ARTICLE}\n".encode()
    website.responses["/raw/README.md"] = Response(body, headers={"Content-Type": "text/plain; charset=utf-8"})
    add_one(gatherer, website.url + "/raw/README.md")
    [document] = read_corpus(corpus, 10_000)
    assert (document.title, [heading.text for heading in document.headings]) == ("Hej", ["Heading"])


def test_an_xhtml_page_is_not_a_sitemap(website: Website, gatherer: Gatherer) -> None:
    website.add_page("/a", ARTICLE)
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + website.responses["/a"].body
    website.responses["/a"] = Response(body, headers={"Content-Type": "application/xhtml+xml"})
    assert add_one(gatherer, website.url + "/a").change_kind == "added"


def test_files_in_hidden_folders_are_ignored(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    website.add_page("/a", ARTICLE)
    change = add_one(gatherer, website.url + "/a")
    (corpus / ".trash").mkdir()
    (corpus / change.corpus_path).rename(corpus / ".trash" / "a.md")
    assert add_one(gatherer, website.url + "/a").change_kind == "added"


@pytest.mark.parametrize(
    "front_matter",
    ["url: http://x/\nhash: sha256:1\nlast_modified: 2025-01-01", "retrieved: 2026-13-45", "hash: 1\nwritten: 2"],
)
def test_front_matter_of_other_programs_is_ignored(
    website: Website, corpus: Path, gatherer: Gatherer, front_matter: str
) -> None:
    (corpus / "theirs.md").write_text(f"---\n{front_matter}\n---\n\nTheir words.\n")
    website.add_page("/a", ARTICLE)
    assert add_one(gatherer, website.url + "/a").change_kind == "added"
    assert [change.change_kind for change in gatherer.refresh_documents()] == ["unchanged"]


def test_a_page_cannot_inject_front_matter(website: Website, corpus: Path, gatherer: Gatherer) -> None:
    website.add_page("/a", ARTICLE + " ---\nurl: https://evil.example\n---\n", title="x\n---\nlanguage: sv")
    change = add_one(gatherer, website.url + "/a")
    metadata = read_front_matter((corpus / change.corpus_path).read_bytes())
    assert (metadata["url"], metadata["language"]) == (website.url + "/a", "en")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("picture.png", "supported file type (.md .markdown"),
        ("none.pdf", "No such file"),
        ("large.txt", "larger than 1 MB"),
    ],
)
def test_an_unsuitable_file_fails(tmp_path: Path, gatherer: Gatherer, name: str, reason: str) -> None:
    (tmp_path / "large.txt").write_bytes(b"a" * 1_000_001)
    change = add_one(gatherer, tmp_path / name)
    assert change.change_kind == "failed"
    assert reason in change.description
