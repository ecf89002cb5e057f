"""Bringing pages and files into the corpus folder, and looking for what changed at their sources.

Nothing that somebody wrote is lost: a file that was edited here is left alone, and said so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from assistant.corpus.formats import SUFFIXES, UnreadableError, read_file, read_front_matter
from assistant.corpus.gathering.fetcher import FetchedPage, Fetcher, FetchError, GoneError
from assistant.corpus.gathering.markdown_writer import Origin, is_edited, text_hash, to_markdown, write_file
from assistant.corpus.gathering.sitemaps import is_sitemap, sitemap_pages
from assistant.corpus.reading import corpus_files
from assistant.schema import Document

_KINDS = {
    "text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/plain": ".txt",
    "text/markdown": ".md",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
_LONGEST_NAME = 80  # characters of a part of a path
_DIFF_LINES = 40
_CONFIRM_DAYS = 30  # after which a text that is still so gets a new day
_LEAST_LEFT = 0.2  # of a text: less looks like a page that says "not found", "sign in" or "be right back"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a source: `added`, `changed`, `unchanged`, `edited`, `gone` or `failed`.

    `path` is the file in the corpus folder, "" for none; `text` the reason, or the difference.
    """

    kind: str
    source: str
    path: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _GatheredFile:
    """A file of the corpus that `add` wrote, from an address or another file."""

    path: Path
    meta: dict[str, Any]
    document: Document
    edited: bool  # here, since it was written

    @property
    def origin(self) -> Origin:
        """Where it is from."""
        told = {name: self.meta.get(name) for name in ("url", "etag", "last_modified", "file")}
        return Origin(**{name: str(value) if value else None for name, value in told.items()}, more=self.meta)


class Gatherer:
    """Writes into a corpus folder.

    Args:
        folder: the corpus folder.
        fetcher: for addresses.
        today: the day, YYYY-MM-DD.
        max_bytes: a larger file is refused.
    """

    def __init__(self, folder: Path, fetcher: Fetcher, today: str, max_bytes: int) -> None:
        self._folder, self._fetcher, self._today, self._max_bytes = folder, fetcher, today, max_bytes

    def add(self, sources: Iterable[str], most: int, report: Callable[[str], None]) -> Iterator[Change]:
        """Bring addresses, sitemaps and files in, `most` pages at the most; one Change for each.

        `report` is told of pages of a sitemap that were left out.
        """
        kept = {item.origin.url or "": item for item in self._kept() if not item.origin.file}
        hashes = {text_hash(item.document.text): item.path for item in kept.values()}
        for source in sources:
            try:
                if re.match(r"[a-z][a-z0-9+.-]*://", source, re.IGNORECASE):
                    pages = islice(self._pages(source, report), most + 1)
                    for number, page in enumerate(pages):
                        if number == most:
                            report(f"skipped  the rest of {source}: more than {most} pages (--most)")
                            break
                        yield self._add_page(page, kept, hashes)
                else:
                    yield self._add_file(Path(source))
            except (FetchError, UnreadableError) as error:
                yield Change("failed", source, text=str(error))
            except OSError as error:
                yield Change("failed", source, text=error.strerror or str(error))

    def refresh(self, remove_gone: bool = False, write: bool = True) -> Iterator[Change]:
        """Look at the source of each file that has one, and take what changed; one Change for each.

        Args:
            remove_gone: delete files whose page isn't there any more.
            write: False to say only what would be done.
        """
        for item in self._kept():
            if item.origin.file or not item.origin.url:
                continue
            source, path = item.origin.url, item.path.relative_to(self._folder).as_posix()
            try:
                page = self._fetcher.get(source, item.origin.etag, item.origin.last_modified)
                yield replace(self._renew(item, page, write), source=source, path=path)
            except GoneError as error:
                if remove_gone and write and not item.edited:
                    item.path.unlink()
                    yield Change("removed", source, path, str(error))
                else:
                    yield Change("gone", source, path, f"{error}; to remove it: assistant refresh --remove-gone")
            except (FetchError, UnreadableError) as error:
                yield Change("failed", source, path, str(error))
            except OSError as error:
                yield Change("failed", source, path, error.strerror or str(error))

    def _renew(self, item: _GatheredFile, page: FetchedPage | None, write: bool) -> Change:
        """What became of one file; the caller fills in where."""
        document = _document(page) if page else item.document
        same = page is None or text_hash(document.text) == item.meta["hash"]
        if same and (page is None or page.url == item.origin.url):
            if write and not item.edited and _days(str(item.meta.get("retrieved")), self._today) > _CONFIRM_DAYS:
                content = to_markdown(item.document, _merge_origin(page, item) if page else item.origin, self._today)
                write_file(item.path, content)  # still so: a text that never changes isn't stale for that
            return Change("unchanged", "")
        assert page is not None  # what is no page is the same
        if item.edited:
            return Change("edited", "", text="changed at its source, but edited here too: left alone")
        if len(document.text) < _LEAST_LEFT * len(item.document.text):
            raise UnreadableError(
                f"only {len(document.text)} of {len(item.document.text)} characters are left at its source: left alone;"
                " if that is meant, delete the file and add the address again"
            )
        content = to_markdown(_keep_front_matter(document, item), _merge_origin(page, item), self._today)
        if write:
            write_file(item.path, content)
        moved = f"now at {page.url}\n" if page.url != item.origin.url else ""
        return Change("changed", "", text=moved + _difference(item.document.text, document.text))

    def _pages(self, source: str, report: Callable[[str], None]) -> Iterator[FetchedPage | Change]:
        """The page at `source`, or those that the sitemap there lists."""
        first = self._fetcher.get(source)
        assert first is not None  # no conditions were sent
        if not is_sitemap(first):
            yield first
            return
        for place in sitemap_pages(first, self._fetcher.get, report):
            try:
                page = self._fetcher.get(place)
                assert page is not None
                yield page
            except FetchError as error:
                yield Change("failed", place, text=str(error))

    def _add_page(self, page: FetchedPage | Change, kept: dict[str, _GatheredFile], hashes: dict[str, Path]) -> Change:
        if isinstance(page, Change):
            return page
        try:
            document = _document(page)
            known, same = kept.get(page.url), hashes.get(text_hash(document.text))
            if known:
                change = self._renew(known, page, write=True)
                return replace(change, source=page.url, path=known.path.relative_to(self._folder).as_posix())
            if same:
                where = same.relative_to(self._folder).as_posix()
                return Change("unchanged", page.url, where, "the same text as there")
            path = self._free(_path_of(page.url))
            write_file(path, to_markdown(document, _origin(page), self._today))
        except UnreadableError as error:
            return Change("failed", page.url, text=str(error))
        hashes[text_hash(document.text)] = path
        return Change("added", page.url, path.relative_to(self._folder).as_posix())

    def _add_file(self, source: Path) -> Change:
        if source.suffix.lower() not in SUFFIXES:
            raise UnreadableError(f"neither a web address (https://…) nor a kind of file that is read ({SUFFIXES})")
        if source.stat().st_size > self._max_bytes:
            raise UnreadableError(f"larger than {self._max_bytes / 1e6:.0f} MB (setting max_file_mb)")
        data = source.read_bytes()
        document = read_file(data, source.name)
        more = read_front_matter(data) if source.suffix.lower() in {".md", ".markdown"} else {}
        before = [item for item in self._kept() if item.origin.file == source.name]
        for item in before:
            if item.meta["hash"] == text_hash(document.text):
                return Change("unchanged", str(source), item.path.relative_to(self._folder).as_posix())
        renewed = next((item for item in before if not item.edited), None)
        path = renewed.path if renewed else self._free(Path(f"{_slug(source.stem)}.md"))
        kept = renewed.meta if renewed else {}  # with what somebody wrote into its front matter here
        origin = Origin(document.url, file=source.name, more={**kept, **more})
        write_file(path, to_markdown(document, origin, document.retrieved or self._today))
        kind = "changed" if renewed else "added"
        difference = _difference(renewed.document.text, document.text) if renewed else ""
        return Change(kind, str(source), path.relative_to(self._folder).as_posix(), difference)

    def _free(self, path: Path) -> Path:
        """A path in the corpus folder that nothing has: `path`, or with a number."""
        for number in range(1, 1000):
            tried = self._folder / (path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
            if not tried.exists():
                return tried
        raise UnreadableError(f"a thousand files are called {str(path)!r} already")

    def _kept(self) -> list[_GatheredFile]:
        """The files of the corpus that were written by `add`, as their front matter tells."""
        found = []
        for path in corpus_files(self._folder):
            if path.suffix != ".md" or not path.resolve().is_relative_to(self._folder.resolve()):
                continue
            try:
                data = path.read_bytes()
                meta = read_front_matter(data)
                if isinstance(meta.get("hash"), str) and isinstance(meta.get("written"), str):
                    edited = is_edited(data.decode("utf-8"), meta["written"])
                    found.append(_GatheredFile(path, meta, read_file(data, path.name), edited))
            except (UnreadableError, OSError):
                continue  # `assistant index` names it
        return found


def _document(page: FetchedPage) -> Document:
    """The main content of a page."""
    named = Path(urlsplit(page.url).path).suffix.lower()
    suffix = _KINDS.get(page.kind, named)
    if page.kind == "text/plain" and named in {".md", ".markdown"}:  # as servers of source code send Markdown
        suffix = named
    if suffix not in SUFFIXES:
        raise UnreadableError(f"not a kind of page that is read ({page.kind or 'of no kind'})")
    name = unquote(urlsplit(page.url).path).rstrip("/").rpartition("/")[2] or urlsplit(page.url).hostname or "page"
    return read_file(page.content, Path(name).with_suffix(suffix).name)


def _keep_front_matter(document: Document, item: _GatheredFile) -> Document:
    """A new state of a text, with what people wrote about it here."""
    source = item.document.source
    return replace(document, title=item.document.title, language=item.document.language, source=source)


def _origin(page: FetchedPage) -> Origin:
    return Origin(page.url, page.etag, page.last_modified)


def _merge_origin(page: FetchedPage, item: _GatheredFile) -> Origin:
    """Where a new state of a kept text is from, with what somebody wrote into its front matter here."""
    return replace(_origin(page), more=item.meta)


def _days(day: str, today: str) -> int:
    """Days from one to the other; a day that is none is long ago."""
    try:
        return (date.fromisoformat(today) - date.fromisoformat(day[:10])).days
    except ValueError:
        return _CONFIRM_DAYS + 1


def _path_of(url: str) -> Path:
    """A readable place for a page, made of letters, digits and dashes only."""
    parts = urlsplit(url)
    segments = [_slug(part) for part in unquote(parts.path).split("/") if part.strip("./ ")]
    name = segments.pop() if segments else "index"
    name = re.sub(r"-(?:html?|php|aspx?|pdf|docx|md|txt)$", "", name)
    if parts.query:
        name += "-" + sha256(parts.query.encode()).hexdigest()[:8]
    return Path(_slug(parts.hostname or "web", dots=True), *segments[:6], f"{name}.md")


def _slug(text: str, dots: bool = False) -> str:
    plain = re.sub(r"[^\w.]+" if dots else r"[\W]+", "-", text.lower())
    return plain.strip("-.")[:_LONGEST_NAME] or "text"


def _difference(old: str, new: str) -> str:
    """What changed, as a unified difference of a screenful."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "before", "now", n=0, lineterm=""))[2:]
    more = [f"… and {len(lines) - _DIFF_LINES} lines more"] if len(lines) > _DIFF_LINES else []
    return "\n".join(lines[:_DIFF_LINES] + more)
