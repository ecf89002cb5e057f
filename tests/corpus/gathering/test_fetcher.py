from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from assistant.corpus.gathering.fetcher import Fetcher, FetchError, PageGoneError, _is_public
from tests.sites import Response, Website


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(allow_private=True, max_bytes=20_000, delay=0.0, timeout=2.0)
    yield fetcher
    fetcher.close()


def test_a_page_is_fetched_with_its_cache_validators(website: Website, fetcher: Fetcher) -> None:
    website.add_page("/a", "Words.", ETag='"1"', **{"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})
    page = fetcher.fetch_page(website.url + "/a")
    assert page
    assert (page.url, page.media_type, page.etag) == (website.url + "/a", "text/html", '"1"')
    assert page.last_modified == "Mon, 23 Nov 2026 10:00:00 GMT"
    assert b"<p>Words.</p>" in page.content
    assert website.requests[-1][1]["user-agent"].startswith("gms-assistant/")


def test_an_unchanged_page_is_not_fetched_again(website: Website, fetcher: Fetcher) -> None:
    website.add_page("/a", "Words.", ETag='"1"')
    assert fetcher.fetch_page(website.url + "/a", etag='"1"') is None
    assert fetcher.fetch_page(website.url + "/a", etag='"0"') is not None


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_page_is_distinguished_from_a_failing_one(website: Website, fetcher: Fetcher, status: int) -> None:
    website.responses["/a"] = Response(status=status)
    with pytest.raises(PageGoneError, match=rf"page not found \({status}\)"):
        fetcher.fetch_page(website.url + "/a")
    website.responses["/b"] = Response(status=500)
    with pytest.raises(FetchError, match="the server answered 500") as error:
        fetcher.fetch_page(website.url + "/b")
    assert not isinstance(error.value, PageGoneError)


@pytest.mark.parametrize(("statuses", "path"), [((301, 308), "/c"), ((301, 302), "/b"), ((302, 301), "/a")])
def test_the_url_of_a_page_is_the_target_of_permanent_redirects(
    website: Website, fetcher: Fetcher, statuses: tuple[int, int], path: str
) -> None:
    website.add_redirect("/a", "/b", statuses[0])
    website.add_redirect("/b", website.url + "/c", statuses[1])
    website.add_page("/c", "Words.")
    page = fetcher.fetch_page(website.url + "/a")
    assert page
    assert page.url == website.url + path


def test_redirects_are_limited(website: Website, fetcher: Fetcher) -> None:
    website.add_redirect("/a", "/b")
    website.add_redirect("/b", "/a")
    with pytest.raises(FetchError, match="redirects in a loop"):
        fetcher.fetch_page(website.url + "/a")
    for number in range(9):
        website.add_redirect(f"/{number}", f"/{number + 1}")
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetcher.fetch_page(website.url + "/0")


def test_pages_disallowed_by_robots_txt_are_not_requested(website: Website, fetcher: Fetcher) -> None:
    website.responses["/robots.txt"] = Response(b"User-agent: *\nDisallow: /private\nAllow: /private/open$\n")
    website.add_page("/private/a", "Words.")
    website.add_page("/private/open", "Words.")
    website.add_redirect("/redirect", "/private/a")
    for path in ("/private/a", "/redirect"):
        with pytest.raises(FetchError, match=r"disallowed by .*/robots\.txt"):
            fetcher.fetch_page(website.url + path)
    assert fetcher.fetch_page(website.url + "/private/open")
    assert "/private/a" not in [path for path, _ in website.requests]
    assert [path for path, _ in website.requests].count("/robots.txt") == 1


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)])
def test_an_unavailable_robots_txt_allows_or_forbids_all_pages(
    website: Website, fetcher: Fetcher, status: int, allowed: bool
) -> None:
    website.responses["/robots.txt"] = Response(status=status)
    website.add_page("/a", "Words.")
    if allowed:
        assert fetcher.fetch_page(website.url + "/a")
    else:
        with pytest.raises(FetchError, match="RFC 9309"):
            fetcher.fetch_page(website.url + "/a")


def test_the_crawl_delay_of_robots_txt_is_respected(website: Website, fetcher: Fetcher) -> None:
    website.responses["/robots.txt"] = Response(b"User-agent: *\nCrawl-delay: 0.3\n")
    website.add_page("/a", "Words.")
    start = time.monotonic()
    for _ in range(3):
        fetcher.fetch_page(website.url + "/a")
    assert time.monotonic() - start >= 0.6


def test_the_size_limit_applies_to_decompressed_and_endless_pages(website: Website, fetcher: Fetcher) -> None:
    website.responses["/a"] = Response(b" " * 30_000)
    compressed = gzip.compress(b" " * 10_000_000)
    assert len(compressed) < 20_000
    website.responses["/b"] = Response(compressed, headers={"Content-Encoding": "gzip"})

    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 1000

    website.responses["/c"] = Response(parts=endless)
    for path in ("/a", "/b", "/c"):
        with pytest.raises(FetchError, match=r"larger than 0\.0 MB \(setting max_file_mb\)"):
            fetcher.fetch_page(website.url + path)


def test_a_slow_page_times_out(website: Website, fetcher: Fetcher) -> None:
    def trickle() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x"
            time.sleep(0.1)

    website.responses["/a"] = Response(parts=trickle)
    start = time.monotonic()
    with pytest.raises(FetchError, match="took longer than 2 seconds"):
        fetcher.fetch_page(website.url + "/a")
    assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/a", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("http://", "not a web address"),
        ("http://user:word@127.0.0.1/", "contains a user name or password"),
    ],
)
def test_invalid_urls_are_rejected(fetcher: Fetcher, url: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        fetcher.fetch_page(url)


def test_private_addresses_are_refused_under_any_name(website: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    website.add_page("/a", "Words.")
    port = website.url.rpartition(":")[2]
    getaddrinfo = socket.getaddrinfo

    def resolve_to_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
        """Resolve every host name to the loopback address, as a hostile name server might."""
        return getaddrinfo("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_to_loopback)
    fetcher = Fetcher(delay=0.0)
    for host in ("127.0.0.1", "localhost", "public.example", "0x7f000001", "[::ffff:127.0.0.1]"):
        with pytest.raises(FetchError, match=r"is a private address .*--allow-private"):
            fetcher.fetch_page(f"http://{host}:{port}/a")
    fetcher.close()
    assert website.requests == []


def test_a_redirect_to_a_private_address_is_refused(website: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    class PublicLoopback:
        """Treats 127.0.0.1 as a public address."""

        def __init__(self, ip: str) -> None:
            self.is_global = ip == "127.0.0.1" or ip_address(ip).is_global
            self.is_multicast = False

    monkeypatch.setattr("assistant.corpus.gathering.fetcher.ip_address", PublicLoopback)
    website.add_page("/a", "Words.")
    website.add_redirect("/b", website.url.replace("127.0.0.1", "127.0.0.2") + "/a")
    fetcher = Fetcher(delay=0.0)
    assert fetcher.fetch_page(website.url + "/a")
    with pytest.raises(FetchError, match=r"'127\.0\.0\.2' is a private address"):
        fetcher.fetch_page(website.url + "/b")
    fetcher.close()


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.1", False), ("169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False), ("::127.0.0.1", False), ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False), ("fe80::1%eth0", False), ("64:ff9b::5db8:d822", True),
    ],
)  # fmt: skip
def test_embedded_private_addresses_are_recognised(ip: str, public: bool) -> None:
    assert _is_public(ip) is public


def test_malformed_responses_are_reported_as_fetch_errors(website: Website, fetcher: Fetcher) -> None:
    for number, location in enumerate(("http://[::1", "//", "http:///x")):
        website.responses[f"/{number}"] = Response(status=302, headers={"Location": location})
        with pytest.raises(FetchError):
            fetcher.fetch_page(website.url + f"/{number}")
    with pytest.raises(FetchError, match="not a web address"):
        fetcher.fetch_page("http://[::1")
    website.add_page("/a", "Words.")
    assert fetcher.fetch_page(website.url + "/a", etag='"é"')


def test_a_long_robots_txt_is_read_up_to_the_limit(website: Website, fetcher: Fetcher) -> None:
    website.responses["/robots.txt"] = Response(b"User-agent: *\nDisallow: /private\n" + b"# more\n" * 100_000)
    website.add_page("/a", "Words.")
    assert fetcher.fetch_page(website.url + "/a")
    with pytest.raises(FetchError, match=r"disallowed by .*/robots\.txt"):
        fetcher.fetch_page(website.url + "/private")


def test_plain_text_is_converted_from_its_charset(website: Website, fetcher: Fetcher) -> None:
    headers = {"Content-Type": "text/plain; charset=windows-1252"}
    website.responses["/a.txt"] = Response("Råd och stöd".encode("windows-1252"), headers=headers)
    page = fetcher.fetch_page(website.url + "/a.txt")
    assert page
    assert page.content.decode("utf-8") == "Råd och stöd"


def test_an_unreachable_host_is_reported(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="can't be reached"):
        fetcher.fetch_page("http://127.0.0.1:9/a")
