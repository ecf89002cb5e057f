"""Fetching web pages. The fetcher obeys robots.txt, limits size and time, and refuses private addresses.

A page may redirect to any URL, so each redirect is checked in the same way as the first URL. The connection is
made to the IP address that was checked (OWASP, "Server-Side Request Forgery Prevention").
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

import httpx2
from protego import Protego

from assistant import __version__

USER_AGENT = "gms-assistant"
_MAX_REDIRECTS = 5
_ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: a crawler must read at least this much of robots.txt
_PERMANENT_REDIRECTS = frozenset({301, 308})
_NAT64, _IPV4_COMPATIBLE = ip_network("64:ff9b::/96"), ip_network("::/96")
_MAX_DELAY_SECONDS = 10.0  # the maximum delay between two requests, even if robots.txt asks for more


class FetchError(Exception):
    """A page can't be fetched; the message tells the user why. `status` is the HTTP status, or 0 if there is none."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class PageGoneError(FetchError):
    """The page doesn't exist (404) or no longer exists (410)."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A fetched page. `url` is the requested URL or, after permanent redirects, the URL to which they led."""

    url: str
    content: bytes
    media_type: str  # without parameters such as the charset
    etag: str | None
    last_modified: str | None


class _PublicAddressTransport(httpx2.HTTPTransport):
    """Resolves the host name once, refuses addresses that aren't public, and connects to the address it has checked."""

    def __init__(self, allow_private: bool) -> None:
        super().__init__(
            limits=httpx2.Limits(max_keepalive_connections=0)
        )  # a reused connection could serve another host
        self._allow_private = allow_private

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"unknown host {host!r}") from error
        private = [address for address in addresses if not _is_public(address)]
        if private and not self._allow_private:
            raise FetchError(
                f"{host!r} is a private address ({private[0]}); to allow private addresses: --allow-private"
            )
        request.extensions["sni_hostname"] = host  # the certificate is issued for the host name, not the address
        request.url = request.url.copy_with(host=addresses[0])
        return super().handle_request(request)


class Fetcher:
    """Fetches pages, one at a time.

    Args:
        allow_private: whether to allow addresses of this machine and of private networks.
        max_bytes: the maximum size of a page after decompression.
        delay: the minimum number of seconds between two requests to the same origin. robots.txt may ask for more.
        timeout: the maximum number of seconds that fetching a whole page may take.
    """

    def __init__(
        self, allow_private: bool = False, max_bytes: int = 50_000_000, delay: float = 0.5, timeout: float = 30.0
    ) -> None:
        self._max_bytes, self._delay, self._timeout = max_bytes, delay, timeout
        self._robots: dict[str, Protego | FetchError] = {}  # by origin; an error forbids all of the origin's pages
        self._last_request: dict[str, float] = {}  # by origin, in seconds on the monotonic clock
        self._client = httpx2.Client(
            transport=_PublicAddressTransport(allow_private), timeout=min(10.0, timeout), trust_env=False,
            headers={"User-Agent": f"{USER_AGENT}/{__version__}"},
        )  # fmt: skip

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def fetch_page(self, url: str, etag: str | None = None, last_modified: str | None = None) -> FetchedPage | None:
        """Fetch the page at `url`. Return None if `etag` or `last_modified` shows that the page is unchanged.

        Raises:
            PageGoneError: the page doesn't exist.
            FetchError: the page can't be fetched or must not be fetched.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        # Some servers send validators that aren't ASCII and so can't be sent back in a request header.
        headers = {name: value for name, value in conditions.items() if value and value.isascii()}
        return self._follow(url, headers, self._max_bytes, robots=True)

    def _follow(self, url: str, headers: Mapping[str, str], max_bytes: int, robots: bool) -> FetchedPage | None:
        """Fetch `url` and follow redirects. If `robots` is True, each URL is checked against robots.txt."""
        visited, permanent_url, all_permanent = {url}, url, True
        for _ in range(_MAX_REDIRECTS + 1):
            _check_url(url)
            if robots:
                self._check_robots(url)
            response, content = self._send(url, headers, max_bytes)
            if response.status_code == 304 and headers:
                return None
            if not response.has_redirect_location:
                return self._make_page(permanent_url, response, content)
            try:
                url = urljoin(url, response.headers["location"])
            except ValueError:
                raise FetchError("the page redirects to an invalid URL") from None
            if url in visited:
                raise FetchError(f"the page redirects in a loop, back to {url!r}")
            visited.add(url)
            all_permanent = all_permanent and response.status_code in _PERMANENT_REDIRECTS
            permanent_url = url if all_permanent else permanent_url
        raise FetchError(f"the page has more than {_MAX_REDIRECTS} redirects")

    def _make_page(self, url: str, response: httpx2.Response, content: bytes) -> FetchedPage:
        if response.status_code in {404, 410}:
            raise PageGoneError(f"page not found ({response.status_code})", response.status_code)
        if response.status_code != 200:
            raise FetchError(f"the server answered {response.status_code}", response.status_code)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type in {"text/plain", "text/markdown"} and response.charset_encoding:
            content = _as_utf8(content, response.charset_encoding)
        etag, last_modified = response.headers.get("etag"), response.headers.get("last-modified")
        return FetchedPage(url, content, media_type, etag, last_modified)

    def _send(self, url: str, headers: Mapping[str, str], max_bytes: int) -> tuple[httpx2.Response, bytes]:
        self._wait(url)
        deadline = time.monotonic() + self._timeout
        content = bytearray()
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                for part in response.iter_bytes():
                    content += part
                    if len(content) > max_bytes and max_bytes == _ROBOTS_BYTES:
                        break  # RFC 9309 allows crawlers to ignore the rest of a long robots.txt
                    if len(content) > max_bytes:
                        raise FetchError(f"the page is larger than {max_bytes / 1e6:.1f} MB (setting max_file_mb)")
                    if time.monotonic() > deadline:
                        raise FetchError(f"the page took longer than {self._timeout:.0f} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise FetchError(f"the page can't be reached ({type(error).__name__}: {error})") from None
        return response, bytes(content)

    def _wait(self, url: str) -> None:
        """Wait until the next request may be sent to the origin of `url`."""
        origin = _origin(url)
        robots = self._robots.get(origin)
        crawl_delay = robots.crawl_delay(USER_AGENT) if isinstance(robots, Protego) else None
        delay = min(max(self._delay, crawl_delay or 0.0), _MAX_DELAY_SECONDS)
        time.sleep(max(0.0, self._last_request.get(origin, -delay) + delay - time.monotonic()))
        self._last_request[origin] = time.monotonic()

    def _check_robots(self, url: str) -> None:
        """Raise a FetchError if robots.txt disallows `url` (RFC 9309)."""
        origin = _origin(url)
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin)
        rules = self._robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        if not rules.can_fetch(url, USER_AGENT):
            raise FetchError(f"disallowed by {origin}/robots.txt")

    def _read_robots(self, origin: str) -> Protego | FetchError:
        try:
            page = self._follow(f"{origin}/robots.txt", {}, _ROBOTS_BYTES, robots=False)
        except FetchError as error:
            if not error.status:
                return error  # the site is either unreachable or private; the error says which
            if 400 <= error.status < 500:
                return Protego.parse("")
            return FetchError("robots.txt can't be read, so no page may be fetched (RFC 9309, 2.3.1.4)")
        assert page is not None  # None is returned only for conditional requests
        return Protego.parse(page.content.decode("utf-8", "replace"))


def _as_utf8(content: bytes, charset: str) -> bytes:
    """Convert plain text to UTF-8 from `charset`, which the Content-Type header named."""
    try:
        return content.decode(charset).encode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return content  # `parse_document_file` reports the error later


def _is_public(ip: str) -> bool:
    """Return whether an IP address is public, as is any IPv4 address embedded in it (RFC 6052, 3056 and 4291)."""
    address = ip_address(ip.partition("%")[0])
    embedded: IPv4Address | None = None
    if isinstance(address, IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if address in _NAT64 or address in _IPV4_COMPATIBLE:
            embedded = IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast and (embedded is None or embedded.is_global)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FetchError(f"{url!r} is not a web address (http:// or https://)")
    if parts.username or parts.password:
        raise FetchError("the URL contains a user name or password, which would be saved in the corpus")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
