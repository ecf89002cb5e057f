from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from assistant.corpus.formats import read_front_matter
from assistant.corpus.gathering.fetcher import Fetcher
from assistant.corpus.gathering.gatherer import Change, Gatherer
from assistant.corpus.reading import read_corpus
from tests.sites import TEXT, Answer, WebSite


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    made = tmp_path / "corpus"
    made.mkdir()
    return made


@pytest.fixture
def gatherer(corpus: Path) -> Iterator[Gatherer]:
    fetcher = Fetcher(allow_private=True, delay=0.0, timeout=5.0)
    yield Gatherer(corpus, fetcher, "2026-11-23", 1_000_000)
    fetcher.close()


def added(gatherer: Gatherer, *sources: str, most: int = 100) -> tuple[list[Change], list[str]]:
    said: list[str] = []
    return list(gatherer.add(sources, most, said.append)), said


def files(corpus: Path) -> list[str]:
    return sorted(path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if path.is_file())


def test_a_page_becomes_markdown_with_where_it_comes_from(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    web.page("/en/About%20us/", TEXT, title='Us: "friends" & [more]', ETag='"7"')
    [change], _ = added(gatherer, web.url + "/en/About%20us/")
    assert (change.kind, change.path) == ("added", "127.0.0.1/en/about-us.md")
    data = (corpus / change.path).read_bytes()
    meta = read_front_matter(data)
    assert meta["title"] == 'Us: "friends" & [more]'
    assert meta["url"] == web.url + "/en/About%20us/"
    assert meta["etag"] == '"7"'
    assert meta["language"] == "en"
    [document] = read_corpus(corpus, 10_000)
    assert document.retrieved == "2026-11-23"
    assert TEXT in document.text
    assert "Cookies" not in document.text
    assert "Menu" not in document.text


def test_the_pages_of_a_sitemap_come_and_what_can_not_is_named(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    web.page("/a", TEXT)
    web.page("/b", TEXT.replace("Alpha", "Gamma"))
    web.page("/copy", TEXT)
    web.answers["/picture"] = Answer(b"\x89PNG", headers={"Content-Type": "image/png"})
    web.sitemap("/inner.xml", "/b", "/missing", "/a")
    packed = gzip.compress(web.answers["/inner.xml"].body)
    web.answers["/inner.xml.gz"] = Answer(packed, headers={"Content-Type": "application/gzip"})
    web.sitemap("/more.xml", "/a", "/copy", "/picture", "http://elsewhere.example/x")
    web.sitemap("/sitemap.xml", "/inner.xml.gz", "/more.xml", "/sitemap.xml", "/none.xml", kind="sitemapindex")
    changes, said = added(gatherer, web.url + "/sitemap.xml")
    assert [(change.kind, change.source.removeprefix(web.url)) for change in changes] == [
        ("added", "/b"), ("failed", "/missing"), ("added", "/a"), ("unchanged", "/copy"), ("failed", "/picture"),
    ]  # fmt: skip
    assert files(corpus) == ["127.0.0.1/a.md", "127.0.0.1/b.md"]
    assert "http://elsewhere.example/x: on another host than its sitemap" in said[0]
    assert "/none.xml: not there (404)" in said[1]


def test_no_more_than_is_wanted_comes(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    for number in range(5):
        web.page(f"/{number}", TEXT.replace("1998", f"199{number}"))
    web.sitemap("/sitemap.xml", *[f"/{number}" for number in range(5)])
    changes, said = added(gatherer, web.url + "/sitemap.xml", most=2)
    assert [change.kind for change in changes] == ["added", "added"]
    assert said == [f"skipped  the rest of {web.url}/sitemap.xml: more than 2 pages (--most)"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<?xml version="1.0"?><rss></rss>', "begins with <rss>"),
        (b'<?xml version="1.0"?><urlset><url>', "broken XML"),
        (b"\x1f\x8bnothing", "broken gzip"),
    ],
)
def test_what_is_no_sitemap_is_named(web: WebSite, gatherer: Gatherer, body: bytes, reason: str) -> None:
    web.answers["/sitemap.xml"] = Answer(body, headers={"Content-Type": "application/xml"})
    [change], _ = added(gatherer, web.url + "/sitemap.xml")
    assert change.kind == "failed"
    assert reason in change.text


def test_a_sitemap_reads_no_file_of_this_machine(web: WebSite, tmp_path: Path, gatherer: Gatherer) -> None:
    secret = tmp_path / "secret"
    secret.write_text(web.url + "/secret")
    web.page("/secret", TEXT)
    body = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><urlset><url><loc>&e;</loc></url></urlset>'
    web.answers["/sitemap.xml"] = Answer(body.encode(), headers={"Content-Type": "text/xml"})
    added(gatherer, web.url + "/sitemap.xml")
    assert "/secret" not in [path for path, _ in web.asked]


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
def test_an_address_never_leads_out_of_the_corpus(
    web: WebSite, corpus: Path, gatherer: Gatherer, path: str, name: str
) -> None:
    from urllib.parse import quote

    from assistant.corpus.gathering.gatherer import _path_of

    assert _path_of("https://example.org" + quote(path, safe="/%")) == Path("example.org") / name


def test_addresses_that_differ_in_their_query_are_two_files() -> None:
    from assistant.corpus.gathering.gatherer import _path_of

    assert _path_of("https://example.org/a?id=1") != _path_of("https://example.org/a?id=2")


def test_a_page_that_came_before_is_renewed_and_not_doubled(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    web.page("/a", TEXT)
    added(gatherer, web.url + "/a")
    assert added(gatherer, web.url + "/a")[0][0].kind == "unchanged"
    web.page("/a", TEXT.replace("1998", "2001"))
    assert added(gatherer, web.url + "/a")[0][0].kind == "changed"
    assert files(corpus) == ["127.0.0.1/a.md"]
    assert "2001" in (corpus / "127.0.0.1/a.md").read_text()


def test_a_file_of_another_kind_becomes_markdown(tmp_path: Path, corpus: Path, gatherer: Gatherer) -> None:
    page = Canvas(str(tmp_path / "Årsrapport 2025.pdf"))
    for number, line in enumerate(["1. The Alpha Institute was founded in 1998.", "# It has *many* friends_of_both."]):
        page.drawString(50, 700 - 40 * number, line)
    page.save()
    [change], _ = added(gatherer, str(tmp_path / "Årsrapport 2025.pdf"))
    assert (change.kind, change.path) == ("added", "årsrapport-2025.md")
    [document] = read_corpus(corpus, 10_000)
    assert document.text.split() == (
        "1. The Alpha Institute was founded in 1998. # It has *many* friends_of_both.".split()
    )
    assert added(gatherer, str(tmp_path / "Årsrapport 2025.pdf"))[0][0].kind == "unchanged"


def test_a_newer_state_of_a_file_takes_the_place_of_the_old(tmp_path: Path, corpus: Path, gatherer: Gatherer) -> None:
    report = tmp_path / "report.txt"
    for year, kind in ((1998, "added"), (2001, "changed"), (2001, "unchanged")):
        report.write_text(TEXT.replace("1998", str(year)))
        assert added(gatherer, str(report))[0][0].kind == kind
    assert files(corpus) == ["report.md"]
    kept = corpus / "report.md"
    kept.write_text(kept.read_text().replace("---\n\n", "owner: Anna\n---\n\n", 1))
    report.write_text(TEXT.replace("1998", "2000"))
    assert added(gatherer, str(report))[0][0].kind == "changed"
    assert read_front_matter(kept.read_bytes())["owner"] == "Anna"
    edited = corpus / "report.md"
    edited.write_text(edited.read_text() + "\nOur own words.\n")
    report.write_text(TEXT.replace("1998", "2002"))
    assert added(gatherer, str(report))[0][0].path == "report-2.md"


def test_a_file_with_an_address_stays_what_it_is(
    web: WebSite, tmp_path: Path, corpus: Path, gatherer: Gatherer
) -> None:
    web.page("/pub", TEXT)
    own = tmp_path / "own.md"
    own.write_text(f"---\nurl: {web.url}/pub\nowner: Anna\n---\n\nOur own internal words about the Alpha Institute.\n")
    [change], _ = added(gatherer, str(own))
    assert list(gatherer.refresh()) == []
    data = (corpus / change.path).read_bytes()
    assert b"Our own internal words" in data
    assert read_front_matter(data)["owner"] == "Anna"
    assert next(iter(read_corpus(corpus, 10_000))).url == web.url + "/pub"


def test_markdown_that_is_sent_as_plain_text_keeps_its_headings(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    body = f"---\ntitle: Hej\n---\n\n# Heading\n\n{TEXT}\n".encode()
    web.answers["/raw/README.md"] = Answer(body, headers={"Content-Type": "text/plain; charset=utf-8"})
    added(gatherer, web.url + "/raw/README.md")
    [document] = read_corpus(corpus, 10_000)
    assert (document.title, [heading.text for heading in document.headings]) == ("Hej", ["Heading"])


def test_a_page_of_xhtml_is_a_page(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    web.page("/a", TEXT)
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + web.answers["/a"].body
    web.answers["/a"] = Answer(body, headers={"Content-Type": "application/xhtml+xml"})
    assert added(gatherer, web.url + "/a")[0][0].kind == "added"


def test_what_lies_in_a_hidden_folder_is_no_text_of_the_corpus(web: WebSite, corpus: Path, gatherer: Gatherer) -> None:
    web.page("/a", TEXT)
    [change], _ = added(gatherer, web.url + "/a")
    (corpus / ".trash").mkdir()
    (corpus / change.path).rename(corpus / ".trash" / "a.md")
    assert added(gatherer, web.url + "/a")[0][0].kind == "added"


@pytest.mark.parametrize(
    "head",
    ["url: http://x/\nhash: sha256:1\nlast_modified: 2025-01-01", "retrieved: 2026-13-45", "hash: 1\nwritten: 2"],
)
def test_front_matter_of_others_stops_nothing(web: WebSite, corpus: Path, gatherer: Gatherer, head: str) -> None:
    (corpus / "theirs.md").write_text(f"---\n{head}\n---\n\nWords of theirs.\n")
    web.page("/a", TEXT)
    assert added(gatherer, web.url + "/a")[0][0].kind == "added"
    assert [change.kind for change in gatherer.refresh()] == ["unchanged"]


@pytest.mark.parametrize("place", ["http://[::1/x", "//", "mailto:a@b.c"])
def test_an_address_that_is_none_costs_a_sitemap_that_one_only(web: WebSite, gatherer: Gatherer, place: str) -> None:
    web.page("/a", TEXT)
    body = f"<urlset><url><loc>{place}</loc></url><url><loc>{web.url}/a</loc></url></urlset>"
    web.answers["/s.xml"] = Answer(body.encode(), headers={"Content-Type": "text/xml"})
    changes, said = added(gatherer, web.url + "/s.xml")
    assert [change.kind for change in changes] == ["added"]
    assert said[0].startswith(f"skipped  {place}")


def test_a_sitemap_whose_packing_is_damaged_is_named(web: WebSite, gatherer: Gatherer) -> None:
    packed = bytearray(gzip.compress(b"<urlset>" + b"x" * 500 + b"</urlset>"))
    packed[12:20] = b"\xff" * 8
    web.answers["/s.gz"] = Answer(bytes(packed), headers={"Content-Type": "application/gzip"})
    [change], _ = added(gatherer, web.url + "/s.gz")
    assert (change.kind, "broken gzip" in change.text) == ("failed", True)


@pytest.mark.parametrize(("name", "reason"), [("picture.png", "kind of file"), ("none.pdf", "No such file")])
def test_a_file_that_can_not_be_brought_in_is_named(gatherer: Gatherer, name: str, reason: str) -> None:
    [change], _ = added(gatherer, name)
    assert change.kind == "failed"
    assert reason in change.text


# Refreshing


@pytest.fixture
def brought(web: WebSite, gatherer: Gatherer) -> Gatherer:
    web.page("/a", TEXT, ETag='"1"')
    web.page("/b", TEXT.replace("Alpha", "Gamma"))
    added(gatherer, web.url + "/a", web.url + "/b")
    web.asked.clear()
    return gatherer


def kinds(changes: Iterator[Change]) -> dict[str, str]:
    return {change.path.rpartition("/")[2]: change.kind for change in changes}


def test_what_did_not_change_is_not_written(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    before = {path: (corpus / path).stat().st_mtime_ns for path in files(corpus)}
    web.answers["/b"].body = web.answers["/b"].body.replace(b"12:34:56", b"12:34:57")
    assert kinds(brought.refresh()) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert {path: (corpus / path).stat().st_mtime_ns for path in files(corpus)} == before
    sent = dict(web.asked)
    assert sent["/a"]["if-none-match"] == '"1"'
    assert "if-none-match" not in sent["/b"]


def test_what_changed_is_shown_and_taken(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    web.page("/a", TEXT.replace("in Lund", "in Umeå"), title="Another title", ETag='"2"')
    changed = next(change for change in brought.refresh() if change.kind == "changed")
    assert "-The Alpha Institute develops" in changed.text
    assert "+The Alpha Institute develops" in changed.text
    assert "Umeå" in (corpus / "127.0.0.1/a.md").read_text(encoding="utf-8")
    assert kinds(brought.refresh()) == {"a.md": "unchanged", "b.md": "unchanged"}


def test_a_dry_run_writes_nothing(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    web.page("/a", TEXT.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(brought.refresh(write=False))["a.md"] == "changed"
    assert "Umeå" not in (corpus / "127.0.0.1/a.md").read_text(encoding="utf-8")


def test_what_somebody_edited_here_is_left_alone(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    path = corpus / "127.0.0.1/a.md"
    path.write_text(path.read_text().replace("in Lund", "in Lund, we think"))
    assert kinds(brought.refresh())["a.md"] == "unchanged"
    web.page("/a", TEXT.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(brought.refresh())["a.md"] == "edited"
    assert "in Lund, we think" in path.read_text()
    del web.answers["/a"]
    assert kinds(brought.refresh(remove_gone=True))["a.md"] == "gone"
    assert path.exists()


def test_edits_that_change_no_word_are_edits_and_front_matter_of_ones_own_stays(
    web: WebSite, corpus: Path, brought: Gatherer
) -> None:
    path = corpus / "127.0.0.1/a.md"
    path.write_text(path.read_text().replace("---\n\n", "owner: Anna\n---\n\n", 1))
    web.page("/a", TEXT.replace("in Lund", "in Umeå"), ETag='"2"')
    assert kinds(brought.refresh())["a.md"] == "changed"
    assert read_front_matter(path.read_bytes())["owner"] == "Anna"
    path.write_text(path.read_text(encoding="utf-8") + "\n<!-- a note of Anna's -->\n", encoding="utf-8")
    web.page("/a", TEXT.replace("in Lund", "in Luleå"), ETag='"3"')
    assert kinds(brought.refresh())["a.md"] == "edited"
    assert "a note of Anna's" in path.read_text(encoding="utf-8")


def test_a_text_that_is_still_so_gets_a_new_day_now_and_then(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    path = corpus / "127.0.0.1/a.md"
    path.write_text(path.read_text().replace("'2026-11-23'", "'2026-10-30'"))
    assert kinds(brought.refresh())["a.md"] == "unchanged"
    assert str(read_front_matter(path.read_bytes())["retrieved"]) == "2026-10-30"
    path.write_text(path.read_text().replace("'2026-10-30'", "'2025-11-23'"))
    assert kinds(brought.refresh())["a.md"] == "unchanged"
    assert str(read_front_matter(path.read_bytes())["retrieved"]) == "2026-11-23"
    assert kinds(brought.refresh())["a.md"] == "unchanged"


def test_what_is_gone_is_said_and_removed_when_that_is_wanted(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    web.answers["/b"] = Answer(status=410)
    assert kinds(brought.refresh())["b.md"] == "gone"
    assert kinds(brought.refresh(remove_gone=True))["b.md"] == "removed"
    assert files(corpus) == ["127.0.0.1/a.md"]


def test_a_site_that_fails_takes_nothing_away(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    web.answers["/b"] = Answer(status=500)
    web.page("/a", "")
    assert kinds(brought.refresh(remove_gone=True)) == {"a.md": "failed", "b.md": "failed"}
    assert files(corpus) == ["127.0.0.1/a.md", "127.0.0.1/b.md"]


def test_a_page_that_moved_for_good_is_known_by_its_new_address(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    web.page("/new", TEXT.replace("Alpha", "Gamma"))
    web.move("/b", "/new", 301)
    assert kinds(brought.refresh())["b.md"] == "changed"
    assert read_front_matter((corpus / "127.0.0.1/b.md").read_bytes())["url"] == web.url + "/new"
    assert kinds(brought.refresh())["b.md"] == "unchanged"


def test_texts_that_came_from_nowhere_are_left_alone(web: WebSite, corpus: Path, brought: Gatherer) -> None:
    (corpus / "own.md").write_text(f"---\nurl: {web.url}/a\n---\n\nOur own words.\n")
    (corpus / "broken.md").write_bytes(b"\xff\xfe\x00")
    assert set(kinds(brought.refresh())) == {"a.md", "b.md"}


def test_everything_that_comes_in_is_data(web: WebSite, corpus: Path, gatherer: Gatherer, capsys: Any) -> None:
    web.page("/a", TEXT + " ---\nurl: https://evil.example\n---\n", title="x\n---\nlanguage: sv")
    [change], _ = added(gatherer, web.url + "/a")
    meta = read_front_matter((corpus / change.path).read_bytes())
    assert meta["url"] == web.url + "/a"
    assert meta["language"] == "en"
