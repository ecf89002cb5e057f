"""Reading sitemaps (sitemaps.org, version 0.9)."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from assistant.corpus.gathering.fetcher import FetchedPage, FetchError

_SITEMAP_MEDIA_TYPES = frozenset({"application/xml", "text/xml", "application/gzip", "application/x-gzip"})
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DEPTH = 3  # maximum depth of sitemaps that list other sitemaps
_MAX_BYTES = 50 * 1024 * 1024  # the protocol's limit for an uncompressed sitemap


def is_sitemap(page: FetchedPage) -> bool:
    """Return whether a fetched page is a sitemap."""
    if page.media_type in {
        "text/html",
        "application/xhtml+xml",
    }:  # XHTML pages start in the same way as sitemaps
        return False
    if page.media_type in _SITEMAP_MEDIA_TYPES:
        return True
    return page.content.startswith(_GZIP_MAGIC) or page.content.lstrip().startswith(b"<?xml")


def sitemap_page_urls(
    page: FetchedPage, fetch: Callable[[str], FetchedPage | None], report: Callable[[str], None]
) -> Iterator[str]:
    """Yield the URL of each page that is listed in a sitemap or in the sitemaps it refers to, without duplicates.

    Args:
        page: the fetched sitemap.
        fetch: a function that fetches another sitemap, given its URL.
        report: a function that receives a message for each URL that is skipped.

    Raises:
        FetchError: `page` isn't a valid sitemap.
    """
    visited: set[str] = {page.url}
    host = urlsplit(page.url).hostname

    def walk(page: FetchedPage, depth: int) -> Iterator[str]:
        kind, urls = _parse_sitemap(page)
        for url in urls:
            if url in visited:
                continue
            visited.add(url)
            if _host(url) != host:
                report(f"skipped  {url}: not on the host of its sitemap")
            elif kind == "urlset":
                yield url
            elif depth == _MAX_DEPTH:
                report(f"skipped  {url}: sitemaps are nested more than {_MAX_DEPTH} deep")
            else:
                try:
                    nested = fetch(url)
                    if nested is not None:
                        yield from walk(nested, depth + 1)
                except FetchError as error:
                    report(f"skipped  {url}: {error}")

    yield from walk(page, 1)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _parse_sitemap(page: FetchedPage) -> tuple[str, list[str]]:
    """Return the kind of sitemap, `urlset` or `sitemapindex`, and the URLs that the sitemap lists."""
    from lxml import etree

    content = page.content
    if content.startswith(_GZIP_MAGIC):
        content = _decompress(content)
    # The file isn't trusted, so entities and external files aren't loaded (OWASP, "XML External Entity Prevention").
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError(f"not a sitemap: broken XML ({error})") from None
    kind = etree.QName(root).localname
    if kind not in {"urlset", "sitemapindex"}:
        raise FetchError(f"not a sitemap: its root element is <{kind}>")
    urls = [
        (location.text or "").strip()
        for entry in root.iterchildren(tag=etree.Element)
        for location in entry.iterchildren("{*}loc")
    ]
    return kind, [url for url in urls if url]


def _decompress(content: bytes) -> bytes:
    with gzip.open(io.BytesIO(content)) as file:
        try:
            decompressed = file.read(_MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FetchError(f"broken gzip ({error})") from None
    if len(decompressed) > _MAX_BYTES:
        raise FetchError("the file is larger than the limit for sitemaps (50 MB)")
    return decompressed
