"""Sitemaps (sitemaps.org, version 0.9): the pages of a site that its owner lists."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from assistant.corpus.gathering.fetcher import FetchedPage, FetchError

_XML = frozenset({"application/xml", "text/xml", "application/gzip", "application/x-gzip"})
_DEPTH = 3  # sitemaps that list sitemaps
_MOST_BYTES = 50 * 1024 * 1024  # the protocol's own bound, unpacked


def is_sitemap(page: FetchedPage) -> bool:
    """Whether a page is a list of pages."""
    if page.kind in {"text/html", "application/xhtml+xml"}:  # XHTML begins like a sitemap
        return False
    return page.kind in _XML or page.content[:2] == b"\x1f\x8b" or page.content.lstrip()[:5] == b"<?xml"


def sitemap_pages(
    page: FetchedPage, get: Callable[[str], FetchedPage | None], report: Callable[[str], None]
) -> Iterator[str]:
    """The addresses that a sitemap lists, and the ones that it lists, each once.

    Args:
        page: the sitemap.
        get: fetches another one.
        report: is told what was left out, and why.

    Raises:
        FetchError: it is no sitemap.
    """
    seen: set[str] = {page.url}
    host = urlsplit(page.url).hostname

    def read(page: FetchedPage, depth: int) -> Iterator[str]:
        kind, places = _read(page)
        for place in places:
            if place in seen:
                continue
            seen.add(place)
            if _host(place) != host:
                report(f"skipped  {place}: on another host than its sitemap")
            elif kind == "urlset":
                yield place
            elif depth == _DEPTH:
                report(f"skipped  {place}: sitemaps within sitemaps, more than {_DEPTH} deep")
            else:
                try:
                    inner = get(place)
                    if inner is not None:
                        yield from read(inner, depth + 1)
                except FetchError as error:
                    report(f"skipped  {place}: {error}")

    yield from read(page, 1)


def _host(place: str) -> str | None:
    try:
        return urlsplit(place).hostname
    except ValueError:
        return None


def _read(page: FetchedPage) -> tuple[str, list[str]]:
    """`urlset` or `sitemapindex`, and the addresses in it."""
    from lxml import etree

    content = page.content
    if content[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(content)) as packed:
            try:
                content = packed.read(_MOST_BYTES + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise FetchError(f"broken gzip ({error})") from None
        if len(content) > _MOST_BYTES:
            raise FetchError("larger than a sitemap may be (50 MB)")
    # No entities, no documents from elsewhere: the file is a stranger's (OWASP, "XML External Entity Prevention").
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError(f"no sitemap: broken XML ({error})") from None
    kind = etree.QName(root).localname
    if kind not in {"urlset", "sitemapindex"}:
        raise FetchError(f"XML, but no sitemap: it begins with <{kind}>")
    places = [
        (found.text or "").strip()
        for entry in root.iterchildren(tag=etree.Element)
        for found in entry.iterchildren("{*}loc")
    ]
    return kind, [place for place in places if place]
