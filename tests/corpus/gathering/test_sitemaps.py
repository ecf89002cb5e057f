from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from assistant.corpus.gathering import sitemaps
from assistant.corpus.gathering.fetcher import FetchedPage, FetchError
from assistant.corpus.gathering.sitemaps import is_sitemap, sitemap_page_urls

SITE = "https://example.org"


def make_page(path: str, content: bytes, media_type: str = "application/xml") -> FetchedPage:
    return FetchedPage(SITE + path, content, media_type, None, None)


def make_sitemap(path: str, *urls: str, kind: str = "urlset") -> FetchedPage:
    absolute = [SITE + url if re.match(r"/\w", url) else url for url in urls]
    entries = "".join(f"<x><loc> {url} </loc></x>" for url in absolute)
    return make_page(path, f'<?xml version="1.0"?><{kind}>{entries}</{kind}>'.encode())


def read(*pages: FetchedPage) -> tuple[list[str], list[str]]:
    """Read the first of `pages` as a sitemap that may refer to the others.

    Return the paths that it lists, and the reported messages.
    """
    available = {page.url: page for page in pages}
    messages: list[str] = []

    def fetch(url: str) -> FetchedPage:
        if url not in available:
            raise FetchError("page not found (404)")
        return available[url]

    return [url.removeprefix(SITE) for url in sitemap_page_urls(pages[0], fetch, messages.append)], messages


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"<urlset/>", "text/xml", True),
        (b"\n<?xml version='1.0'?><urlset/>", "text/plain", True),
        (gzip.compress(b"<urlset/>", mtime=0), "application/octet-stream", True),
        (b"<?xml version='1.0'?><html/>", "application/xhtml+xml", False),
        (b"# Words", "text/markdown", False),
    ],
)
def test_sitemaps_are_recognised(content: bytes, media_type: str, expected: bool) -> None:
    assert is_sitemap(make_page("/x", content, media_type)) is expected


def test_nested_and_compressed_sitemaps_are_read_once() -> None:
    inner = make_sitemap("/inner.gz", "/b", "/a")
    compressed = make_page("/inner.gz", gzip.compress(inner.content))
    index = make_sitemap("/index.xml", "/inner.gz", "/more.xml", "/index.xml", kind="sitemapindex")
    assert read(index, compressed, make_sitemap("/more.xml", "/a", "/c")) == (["/b", "/a", "/c"], [])


def test_other_hosts_and_missing_sitemaps_are_skipped() -> None:
    index = make_sitemap("/index.xml", "/pages.xml", "/none.xml", kind="sitemapindex")
    urls, messages = read(index, make_sitemap("/pages.xml", "/a", "https://elsewhere.example/x"))
    assert urls == ["/a"]
    assert messages == [
        "skipped  https://elsewhere.example/x: not on the host of its sitemap",
        f"skipped  {SITE}/none.xml: page not found (404)",
    ]


def test_deeply_nested_sitemaps_are_skipped() -> None:
    levels = [make_sitemap(f"/{number}.xml", f"/{number + 1}.xml", kind="sitemapindex") for number in range(4)]
    urls, messages = read(*levels, make_sitemap("/4.xml", "/a"))
    assert urls == []
    assert messages == [f"skipped  {SITE}/3.xml: sitemaps are nested more than 3 deep"]


@pytest.mark.parametrize("url", ["http://[::1/x", "//", "mailto:a@b.c"])
def test_invalid_urls_are_skipped(url: str) -> None:
    urls, messages = read(make_sitemap("/s.xml", url, "/a"))
    assert urls == ["/a"]
    assert messages == [f"skipped  {url}: not on the host of its sitemap"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<?xml version="1.0"?><rss></rss>', "root element is <rss>"),
        (b'<?xml version="1.0"?><urlset><url>', "broken XML"),
        (b"\x1f\x8bnothing", "broken gzip"),
    ],
)
def test_an_invalid_sitemap_is_rejected(content: bytes, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        read(make_page("/s.xml", content))


def test_a_damaged_compressed_sitemap_is_rejected() -> None:
    damaged = bytearray(gzip.compress(b"<urlset>" + b"x" * 500 + b"</urlset>"))
    damaged[12:20] = b"\xff" * 8
    with pytest.raises(FetchError, match="broken gzip"):
        read(make_page("/s.gz", bytes(damaged)))


def test_the_decompressed_size_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "_MAX_BYTES", 100)
    with pytest.raises(FetchError, match="larger than the limit"):
        read(make_page("/s.gz", gzip.compress(b" " * 101)))


def test_external_entities_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SITE}/secret")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    content = f'<?xml version="1.0"?>{entity}<urlset><url><loc>&e;</loc></url><url><loc>{SITE}/a</loc></url></urlset>'
    assert read(make_page("/s.xml", content.encode())) == (["/a"], [])
