from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from assistant.corpus.gathering.fetcher import Fetcher, FetchError, GoneError, _is_public
from tests.sites import Answer, WebSite


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher(allow_private=True, max_bytes=20_000, delay=0.0, timeout=2.0)
    yield made
    made.close()


def test_a_page_comes_with_what_names_its_state(web: WebSite, fetcher: Fetcher) -> None:
    web.page("/a", "Words.", ETag='"1"', **{"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})
    page = fetcher.get(web.url + "/a")
    assert page
    assert (page.url, page.kind, page.etag) == (web.url + "/a", "text/html", '"1"')
    assert page.last_modified == "Mon, 23 Nov 2026 10:00:00 GMT"
    assert b"<p>Words.</p>" in page.content
    assert web.asked[-1][1]["user-agent"].startswith("gms-assistant/")


def test_a_page_that_is_the_same_is_not_sent_again(web: WebSite, fetcher: Fetcher) -> None:
    web.page("/a", "Words.", ETag='"1"')
    assert fetcher.get(web.url + "/a", etag='"1"') is None
    assert fetcher.get(web.url + "/a", etag='"0"') is not None


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_told_from_one_that_fails(web: WebSite, fetcher: Fetcher, status: int) -> None:
    web.answers["/a"] = Answer(status=status)
    with pytest.raises(GoneError, match=rf"not there \({status}\)"):
        fetcher.get(web.url + "/a")
    web.answers["/b"] = Answer(status=500)
    with pytest.raises(FetchError, match="the server answered 500") as caught:
        fetcher.get(web.url + "/b")
    assert not isinstance(caught.value, GoneError)


@pytest.mark.parametrize(("statuses", "lives"), [((301, 308), "/c"), ((301, 302), "/b"), ((302, 301), "/a")])
def test_a_page_lives_where_permanent_redirects_lead(
    web: WebSite, fetcher: Fetcher, statuses: tuple[int, int], lives: str
) -> None:
    web.move("/a", "/b", statuses[0])
    web.move("/b", web.url + "/c", statuses[1])
    web.page("/c", "Words.")
    page = fetcher.get(web.url + "/a")
    assert page
    assert page.url == web.url + lives


def test_redirects_end(web: WebSite, fetcher: Fetcher) -> None:
    web.move("/a", "/b")
    web.move("/b", "/a")
    with pytest.raises(FetchError, match="redirects in a circle"):
        fetcher.get(web.url + "/a")
    for number in range(9):
        web.move(f"/{number}", f"/{number + 1}")
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetcher.get(web.url + "/0")


def test_what_robots_txt_forbids_is_not_asked_for(web: WebSite, fetcher: Fetcher) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private\nAllow: /private/open$\n")
    web.page("/private/a", "Words.")
    web.page("/private/open", "Words.")
    web.move("/way", "/private/a")
    for path in ("/private/a", "/way"):
        with pytest.raises(FetchError, match=r"robots\.txt doesn't let programs have it"):
            fetcher.get(web.url + path)
    assert fetcher.get(web.url + "/private/open")
    assert "/private/a" not in [path for path, _ in web.asked]
    assert [path for path, _ in web.asked].count("/robots.txt") == 1


@pytest.mark.parametrize(("status", "may"), [(404, True), (403, True), (500, False), (503, False)])
def test_a_robots_txt_that_can_not_be_read(web: WebSite, fetcher: Fetcher, status: int, may: bool) -> None:
    web.answers["/robots.txt"] = Answer(status=status)
    web.page("/a", "Words.")
    if may:
        assert fetcher.get(web.url + "/a")
    else:
        with pytest.raises(FetchError, match="RFC 9309"):
            fetcher.get(web.url + "/a")


def test_the_delay_that_a_site_asks_for_is_kept(web: WebSite, fetcher: Fetcher) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 0.3\n")
    web.page("/a", "Words.")
    begun = time.monotonic()
    for _ in range(3):
        fetcher.get(web.url + "/a")
    assert time.monotonic() - begun >= 0.6


def test_a_large_page_is_refused_packed_or_not(web: WebSite, fetcher: Fetcher) -> None:
    web.answers["/a"] = Answer(b" " * 30_000)
    packed = gzip.compress(b" " * 10_000_000)
    assert len(packed) < 20_000
    web.answers["/b"] = Answer(packed, headers={"Content-Encoding": "gzip"})

    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 1000

    web.answers["/c"] = Answer(parts=endless)
    for path in ("/a", "/b", "/c"):
        with pytest.raises(FetchError, match=r"larger than 0\.0 MB \(setting max_file_mb\)"):
            fetcher.get(web.url + path)


def test_a_page_that_trickles_is_given_up(web: WebSite, fetcher: Fetcher) -> None:
    def trickle() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x"
            time.sleep(0.1)

    web.answers["/a"] = Answer(parts=trickle)
    begun = time.monotonic()
    with pytest.raises(FetchError, match="took longer than 2 seconds"):
        fetcher.get(web.url + "/a")
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://example.org/a", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("http://", "no web address"),
        ("http://user:word@127.0.0.1/", "a password in it"),
    ],
)
def test_what_is_no_web_address_is_not_asked_for(fetcher: Fetcher, address: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        fetcher.get(address)


def test_private_addresses_are_refused_by_any_name(web: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    web.page("/a", "Words.")
    port = web.url.rpartition(":")[2]
    look_up = socket.getaddrinfo

    def anywhere(host: Any, *rest: Any, **more: Any) -> Any:
        """Every name leads to this machine, as a name server of a stranger may say."""
        return look_up("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", anywhere)
    fetcher = Fetcher(delay=0.0)
    for host in ("127.0.0.1", "localhost", "public.example", "0x7f000001", "[::ffff:127.0.0.1]"):
        with pytest.raises(FetchError, match=r"is a private address .*--allow-private"):
            fetcher.get(f"http://{host}:{port}/a")
    fetcher.close()
    assert web.asked == []


def test_a_public_page_can_not_lead_to_a_private_one(web: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pretended:
        """127.0.0.1 as if it were public; everything else as it is."""

        def __init__(self, number: str) -> None:
            self.is_global = number == "127.0.0.1" or ip_address(number).is_global
            self.is_multicast = False

    monkeypatch.setattr("assistant.corpus.gathering.fetcher.ip_address", Pretended)
    web.page("/a", "Words.")
    web.move("/b", web.url.replace("127.0.0.1", "127.0.0.2") + "/a")
    fetcher = Fetcher(delay=0.0)
    assert fetcher.get(web.url + "/a")
    with pytest.raises(FetchError, match=r"'127\.0\.0\.2' is a private address"):
        fetcher.get(web.url + "/b")
    fetcher.close()


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.1", False), ("169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False), ("::127.0.0.1", False), ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False), ("fe80::1%eth0", False), ("64:ff9b::5db8:d822", True),
    ],
)  # fmt: skip
def test_an_address_is_private_whatever_it_is_wrapped_in(number: str, public: bool) -> None:
    assert _is_public(number) is public


def test_what_a_server_says_wrongly_ends_one_page_only(web: WebSite, fetcher: Fetcher) -> None:
    for number, place in enumerate(("http://[::1", "//", "http:///x")):
        web.answers[f"/{number}"] = Answer(status=302, headers={"Location": place})
        with pytest.raises(FetchError):
            fetcher.get(web.url + f"/{number}")
    with pytest.raises(FetchError, match="no web address"):
        fetcher.get("http://[::1")
    web.page("/a", "Words.")
    assert fetcher.get(web.url + "/a", etag='"é"')


def test_a_long_robots_txt_is_read_as_far_as_it_has_to_be(web: WebSite, fetcher: Fetcher) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private\n" + b"# more\n" * 100_000)
    web.page("/a", "Words.")
    assert fetcher.get(web.url + "/a")
    with pytest.raises(FetchError, match=r"robots\.txt doesn't let"):
        fetcher.get(web.url + "/private")


def test_a_plain_text_comes_in_the_charset_that_is_named(web: WebSite, fetcher: Fetcher) -> None:
    kind = {"Content-Type": "text/plain; charset=windows-1252"}
    web.answers["/a.txt"] = Answer("Råd och stöd".encode("windows-1252"), headers=kind)
    page = fetcher.get(web.url + "/a.txt")
    assert page
    assert page.content.decode("utf-8") == "Råd och stöd"


def test_a_host_that_does_not_answer_is_said(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="can't be reached"):
        fetcher.get("http://127.0.0.1:9/a")
