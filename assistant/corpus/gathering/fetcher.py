"""Pages from the web, politely and safely: robots.txt, conditional requests, bounds, no private addresses.

What a page links to may lead anywhere, so every step of a redirect is looked at like the first address, and the
connection goes to the very address that was looked at (OWASP, "Server-Side Request Forgery Prevention").
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
_REDIRECTS = 5
_ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: at least that much has to be read
_PERMANENT = frozenset({301, 308})
_NAT64, _COMPATIBLE = ip_network("64:ff9b::/96"), ip_network("::/96")
_LONGEST_DELAY = 10.0  # seconds between two requests, whatever a robots.txt asks for


class FetchError(Exception):
    """A page that can't be had; the message is the reason, for people, `status` what the server answered, if it did."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class GoneError(FetchError):
    """The page is not there any more (404, 410)."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page. `url` is where it lives: where permanent redirects led, else what was asked for."""

    url: str
    content: bytes
    kind: str  # media type without parameters
    etag: str | None
    last_modified: str | None


class _PublicAddressTransport(httpx2.HTTPTransport):
    """Looks an address up once, refuses one that isn't public, and connects to it by number."""

    def __init__(self, allow_private: bool) -> None:
        super().__init__(limits=httpx2.Limits(max_keepalive_connections=0))  # else a line could serve another name
        self._allow_private = allow_private

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"no such host {host!r}") from error
        private = [number for number in found if not _is_public(number)]
        if private and not self._allow_private:
            raise FetchError(f"{host!r} is a private address ({private[0]}); if it is meant: --allow-private")
        request.extensions["sni_hostname"] = host  # the certificate is the name's, not the number's
        request.url = request.url.copy_with(host=found[0])
        return super().handle_request(request)


class Fetcher:
    """Fetches pages, one after the other.

    Args:
        allow_private: addresses of this machine and of private networks may be asked.
        max_bytes: a larger page is refused, counted after decompression.
        delay: seconds between two requests to one host, more where its robots.txt asks for more.
        timeout: seconds that a whole page may take.
    """

    def __init__(
        self, allow_private: bool = False, max_bytes: int = 50_000_000, delay: float = 0.5, timeout: float = 30.0
    ) -> None:
        self._max_bytes, self._delay, self._timeout = max_bytes, delay, timeout
        self._robots: dict[str, Protego | FetchError] = {}  # by origin; an error: may not be asked at all
        self._last: dict[str, float] = {}  # when a host was asked
        self._client = httpx2.Client(
            transport=_PublicAddressTransport(allow_private), timeout=min(10.0, timeout), trust_env=False,
            headers={"User-Agent": f"{USER_AGENT}/{__version__}"},
        )  # fmt: skip

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, url: str, etag: str | None = None, last_modified: str | None = None) -> FetchedPage | None:
        """The page at `url`; None when it is still the one that `etag` or `last_modified` name.

        Raises:
            GoneError: it isn't there any more.
            FetchError: it can't be had, or mustn't.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        # Only what can stand in a header: some servers name their states in letters that can't.
        headers = {name: value for name, value in conditions.items() if value and value.isascii()}
        return self._follow(url, headers, self._max_bytes, robots=True)

    def _follow(self, url: str, headers: Mapping[str, str], most: int, robots: bool) -> FetchedPage | None:
        seen, lives, moved = {url}, url, True
        for _ in range(_REDIRECTS + 1):
            _check(url)
            if robots:
                self._ask_robots(url)
            response, content = self._send(url, headers, most)
            if response.status_code == 304 and headers:
                return None
            if not response.has_redirect_location:
                return self._page(lives, response, content)
            try:
                url = urljoin(url, response.headers["location"])
            except ValueError:
                raise FetchError("redirects to what is no web address") from None
            if url in seen:
                raise FetchError(f"redirects in a circle, back to {url!r}")
            seen.add(url)
            moved = moved and response.status_code in _PERMANENT
            lives = url if moved else lives
        raise FetchError(f"more than {_REDIRECTS} redirects")

    def _page(self, url: str, response: httpx2.Response, content: bytes) -> FetchedPage:
        if response.status_code in {404, 410}:
            raise GoneError(f"not there ({response.status_code})", response.status_code)
        if response.status_code != 200:
            raise FetchError(f"the server answered {response.status_code}", response.status_code)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in {"text/plain", "text/markdown"} and response.charset_encoding:
            content = _as_utf8(content, response.charset_encoding)
        return FetchedPage(url, content, kind, response.headers.get("etag"), response.headers.get("last-modified"))

    def _send(self, url: str, headers: Mapping[str, str], most: int) -> tuple[httpx2.Response, bytes]:
        self._wait(url)
        until = time.monotonic() + self._timeout
        content = bytearray()
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                for part in response.iter_bytes():
                    content += part
                    if len(content) > most and most == _ROBOTS_BYTES:
                        break  # RFC 9309: what comes after it may be left unread
                    if len(content) > most:
                        raise FetchError(f"larger than {most / 1e6:.1f} MB (setting max_file_mb)")
                    if time.monotonic() > until:
                        raise FetchError(f"took longer than {self._timeout:.0f} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise FetchError(f"can't be reached ({type(error).__name__}: {error})") from None
        return response, bytes(content)

    def _wait(self, url: str) -> None:
        """As long as the host wants between two requests."""
        origin = _origin(url)
        robots = self._robots.get(origin)
        asked = robots.crawl_delay(USER_AGENT) if isinstance(robots, Protego) else None
        delay = min(max(self._delay, asked or 0.0), _LONGEST_DELAY)
        time.sleep(max(0.0, self._last.get(origin, -delay) + delay - time.monotonic()))
        self._last[origin] = time.monotonic()

    def _ask_robots(self, url: str) -> None:
        """Whether the site lets programs have a page (RFC 9309)."""
        origin = _origin(url)
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin)
        rules = self._robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        if not rules.can_fetch(url, USER_AGENT):
            raise FetchError(f"its robots.txt doesn't let programs have it ({origin}/robots.txt)")

    def _read_robots(self, origin: str) -> Protego | FetchError:
        try:
            found = self._follow(f"{origin}/robots.txt", {}, _ROBOTS_BYTES, robots=False)
        except FetchError as error:
            if not error.status:
                return error  # the site itself can't be reached, or is private: that is the reason to give
            if 400 <= error.status < 500:
                return Protego.parse("")
            return FetchError("its robots.txt can't be read, so it may not be asked (RFC 9309, 2.3.1.4)")
        assert found is not None  # no conditions were sent
        return Protego.parse(found.content.decode("utf-8", "replace"))


def _as_utf8(content: bytes, charset: str) -> bytes:
    """A plain text in the charset that its server names."""
    try:
        return content.decode(charset).encode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return content  # who reads it says what is wrong


def _is_public(number: str) -> bool:
    """Whether an address is anybody's, also when it only wraps one that isn't (RFC 6052, RFC 3056, RFC 4291)."""
    address = ip_address(number.partition("%")[0])
    inner: IPv4Address | None = None
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64 or address in _COMPATIBLE:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast and (inner is None or inner.is_global)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FetchError(f"{url!r} is no web address (http:// or https://)")
    if parts.username or parts.password:
        raise FetchError("an address with a password in it; it would be written into the corpus")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
