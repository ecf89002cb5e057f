"""Gathering pages and files into the corpus folder, and refreshing pages that have changed on the web.

A gathered file that has since been edited in the corpus folder is never overwritten or deleted, only reported.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from assistant.corpus.corpus_reader import find_corpus_files
from assistant.corpus.formats import SUPPORTED_SUFFIXES, UnreadableDocumentError, parse_document_file, read_front_matter
from assistant.corpus.gathering.fetcher import FetchedPage, Fetcher, FetchError, PageGoneError
from assistant.corpus.gathering.markdown_writer import (
    DocumentOrigin,
    corpus_path_for_url,
    document_to_markdown,
    file_name_slug,
    is_edited,
    text_hash,
    write_file,
)
from assistant.corpus.gathering.sitemaps import is_sitemap, sitemap_page_urls
from assistant.schema import Document

_SUFFIX_BY_MEDIA_TYPE = {
    "text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/plain": ".txt",
    "text/markdown": ".md",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
_MAX_DIFF_LINES = 40
_CONFIRM_DAYS = 30  # number of days after which an unchanged document is given a new retrieval date
_MIN_REMAINING = 0.2  # fraction of the old length; anything shorter is probably an error, sign-in or maintenance page


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What happened to a source (a page or a file).

    Attributes:
        change_kind: `added`, `changed`, `unchanged`, `edited`, `gone`, `removed` or `failed`.
        source: the URL or the path of the source.
        corpus_path: the file in the corpus folder; "" if there is no file.
        description: the reason for the outcome, or a diff if the document changed.
    """

    change_kind: str
    source: str
    corpus_path: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class _GatheredFile:
    """A file in the corpus folder that `Gatherer.add_sources` wrote."""

    path: Path
    metadata: dict[str, Any]
    document: Document
    edited: bool  # whether the file has been edited in the corpus folder since it was written

    @property
    def origin(self) -> DocumentOrigin:
        """The source recorded in the front matter."""
        values = (self.metadata.get(key) for key in ("url", "etag", "last_modified", "file"))
        url, etag, last_modified, file_name = (str(value) if value else None for value in values)
        return DocumentOrigin(url, etag, last_modified, file_name, extra_metadata=self.metadata)


class Gatherer:
    """Adds documents to a corpus folder and refreshes them.

    Args:
        folder: the corpus folder.
        fetcher: the fetcher for pages and sitemaps.
        today: the current date, YYYY-MM-DD.
        max_bytes: the maximum size of a file.
    """

    def __init__(self, folder: Path, fetcher: Fetcher, today: str, max_bytes: int) -> None:
        self._folder, self._fetcher, self._today, self._max_bytes = folder, fetcher, today, max_bytes

    def add_sources(
        self, sources: Iterable[str], max_pages: int, report: Callable[[str], None]
    ) -> Iterator[SourceChange]:
        """Add pages, sitemaps and files to the corpus, and yield one SourceChange for each.

        Args:
            sources: the URLs of pages and sitemaps, and the paths of files.
            max_pages: the maximum number of pages from each source.
            report: a function that receives a message for each page that is skipped.
        """
        by_url = {item.origin.url or "": item for item in self._gathered_files() if not item.origin.file_name}
        by_hash = {text_hash(item.document.text): item.path for item in by_url.values()}
        for source in sources:
            try:
                if re.match(r"[a-z][a-z0-9+.-]*://", source, re.IGNORECASE):
                    pages = islice(self._fetch_pages(source, report), max_pages + 1)
                    for number, page in enumerate(pages):
                        if number == max_pages:
                            report(f"skipped  the rest of {source}: more than {max_pages} pages (--most)")
                            break
                        yield self._add_page(page, by_url, by_hash)
                else:
                    yield self._add_file(Path(source))
            except (FetchError, UnreadableDocumentError) as error:
                yield SourceChange("failed", source, description=str(error))
            except OSError as error:
                yield SourceChange("failed", source, description=error.strerror or str(error))

    def refresh_documents(self, remove_gone: bool = False, write: bool = True) -> Iterator[SourceChange]:
        """Fetch each gathered page again and update changed documents. Yield one SourceChange for each page.

        Args:
            remove_gone: whether to delete the files of pages that no longer exist.
            write: whether to write changes. If False, changes are only reported.
        """
        for item in self._gathered_files():
            if item.origin.file_name or not item.origin.url:
                continue
            source, path = item.origin.url, item.path.relative_to(self._folder).as_posix()
            try:
                page = self._fetcher.fetch_page(source, item.origin.etag, item.origin.last_modified)
                yield replace(self._update(item, page, write), source=source, corpus_path=path)
            except PageGoneError as error:
                if remove_gone and write and not item.edited:
                    item.path.unlink()
                    yield SourceChange("removed", source, path, str(error))
                else:
                    yield SourceChange("gone", source, path, f"{error}; to remove it: assistant refresh --remove-gone")
            except (FetchError, UnreadableDocumentError) as error:
                yield SourceChange("failed", source, path, str(error))
            except OSError as error:
                yield SourceChange("failed", source, path, error.strerror or str(error))

    def _update(self, item: _GatheredFile, page: FetchedPage | None, write: bool) -> SourceChange:
        """Update a file from `page`, which is None if the page is unchanged. The caller fills in source and path."""
        document = _read_page(page) if page else item.document
        same_text = page is None or text_hash(document.text) == item.metadata["hash"]
        if same_text and (page is None or page.url == item.origin.url):
            age = _days_between(str(item.metadata.get("retrieved")), self._today)
            if write and not item.edited and age > _CONFIRM_DAYS:  # otherwise, the document would look outdated
                origin = _merge_origin(page, item) if page else item.origin
                write_file(item.path, document_to_markdown(item.document, origin, self._today))
            return SourceChange("unchanged", "")
        assert page is not None  # `page` is None only if the page is unchanged
        if item.edited:
            return SourceChange(
                "edited", "", description="not updated: the page has changed, but the file was edited in the corpus"
            )
        if len(document.text) < _MIN_REMAINING * len(item.document.text):
            raise UnreadableDocumentError(
                f"not updated: the page now has only {len(document.text)} of {len(item.document.text)} characters. "
                "If this change is intended, delete the file and add the URL again"
            )
        content = document_to_markdown(_keep_front_matter(document, item), _merge_origin(page, item), self._today)
        if write:
            write_file(item.path, content)
        moved = f"the page has moved to {page.url}\n" if page.url != item.origin.url else ""
        return SourceChange("changed", "", description=moved + _diff(item.document.text, document.text))

    def _fetch_pages(self, source: str, report: Callable[[str], None]) -> Iterator[FetchedPage | SourceChange]:
        """Yield the page at `source`, or each page of the sitemap there. Yield a SourceChange if a page fails."""
        first = self._fetcher.fetch_page(source)
        assert first is not None  # None is returned only for conditional requests
        if not is_sitemap(first):
            yield first
            return
        for url in sitemap_page_urls(first, self._fetcher.fetch_page, report):
            try:
                page = self._fetcher.fetch_page(url)
                assert page is not None
                yield page
            except FetchError as error:
                yield SourceChange("failed", url, description=str(error))

    def _add_page(
        self, page: FetchedPage | SourceChange, by_url: dict[str, _GatheredFile], by_hash: dict[str, Path]
    ) -> SourceChange:
        if isinstance(page, SourceChange):
            return page
        try:
            document = _read_page(page)
            if existing := by_url.get(page.url):
                change = self._update(existing, page, write=True)
                return replace(change, source=page.url, corpus_path=existing.path.relative_to(self._folder).as_posix())
            if duplicate := by_hash.get(text_hash(document.text)):
                duplicate_path = duplicate.relative_to(self._folder).as_posix()
                return SourceChange("unchanged", page.url, duplicate_path, "this file already has the same text")
            path = self._unused_path(corpus_path_for_url(page.url))
            write_file(path, document_to_markdown(document, _origin(page), self._today))
        except UnreadableDocumentError as error:
            return SourceChange("failed", page.url, description=str(error))
        by_hash[text_hash(document.text)] = path
        return SourceChange("added", page.url, path.relative_to(self._folder).as_posix())

    def _add_file(self, source: Path) -> SourceChange:
        if source.suffix.lower() not in SUPPORTED_SUFFIXES:
            raise UnreadableDocumentError(
                f"this is neither a web address (https://…) nor a supported file type ({' '.join(SUPPORTED_SUFFIXES)})"
            )
        if source.stat().st_size > self._max_bytes:
            raise UnreadableDocumentError(f"a file larger than {self._max_bytes / 1e6:.0f} MB (setting max_file_mb)")
        data = source.read_bytes()
        document = parse_document_file(data, source.name)
        source_metadata = read_front_matter(data) if source.suffix.lower() in {".md", ".markdown"} else {}
        earlier_files = [item for item in self._gathered_files() if item.origin.file_name == source.name]
        for item in earlier_files:
            if item.metadata["hash"] == text_hash(document.text):
                return SourceChange("unchanged", str(source), item.path.relative_to(self._folder).as_posix())
        previous = next((item for item in earlier_files if not item.edited), None)
        path = previous.path if previous else self._unused_path(Path(f"{file_name_slug(source.stem)}.md"))
        previous_metadata = previous.metadata if previous else {}  # includes any front matter added by hand
        origin = DocumentOrigin(
            document.url, file_name=source.name, extra_metadata={**previous_metadata, **source_metadata}
        )
        write_file(path, document_to_markdown(document, origin, document.retrieved or self._today))
        kind = "changed" if previous else "added"
        details = _diff(previous.document.text, document.text) if previous else ""
        return SourceChange(kind, str(source), path.relative_to(self._folder).as_posix(), details)

    def _unused_path(self, path: Path) -> Path:
        """Return `path` in the corpus folder. If a file already exists there, append a number to the file name."""
        for number in range(1, 1000):
            candidate = self._folder / (path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
            if not candidate.exists():
                return candidate
        raise UnreadableDocumentError(f"there are already a thousand files named {str(path)!r}")

    def _gathered_files(self) -> list[_GatheredFile]:
        """Return the corpus files written by `add_sources`, which are recognised by their front matter."""
        files = []
        for path in find_corpus_files(self._folder):
            if path.suffix != ".md" or not path.resolve().is_relative_to(self._folder.resolve()):
                continue
            try:
                data = path.read_bytes()
                metadata = read_front_matter(data)
                if isinstance(metadata.get("hash"), str) and isinstance(metadata.get("written"), str):
                    edited = is_edited(data.decode("utf-8"), metadata["written"])
                    files.append(_GatheredFile(path, metadata, parse_document_file(data, path.name), edited))
            except (UnreadableDocumentError, OSError):
                continue  # the command `assistant index` reports these files
        return files


def _read_page(page: FetchedPage) -> Document:
    """Return the main content of a page."""
    url_suffix = Path(urlsplit(page.url).path).suffix.lower()
    suffix = _SUFFIX_BY_MEDIA_TYPE.get(page.media_type, url_suffix)
    if page.media_type == "text/plain" and url_suffix in {".md", ".markdown"}:  # some hosts send Markdown as plain text
        suffix = url_suffix
    if suffix not in SUPPORTED_SUFFIXES:
        raise UnreadableDocumentError(f"unsupported media type ({page.media_type or 'none sent'})")
    name = unquote(urlsplit(page.url).path).rstrip("/").rpartition("/")[2] or urlsplit(page.url).hostname or "page"
    return parse_document_file(page.content, Path(name).with_suffix(suffix).name)


def _keep_front_matter(document: Document, item: _GatheredFile) -> Document:
    """Return `document` with the gathered file's title, language and source, which users may have edited there."""
    source = item.document.source
    return replace(document, title=item.document.title, language=item.document.language, source=source)


def _origin(page: FetchedPage) -> DocumentOrigin:
    return DocumentOrigin(page.url, page.etag, page.last_modified)


def _merge_origin(page: FetchedPage, item: _GatheredFile) -> DocumentOrigin:
    """Return the origin of a gathered file's new version, keeping any front matter that was added by hand."""
    return replace(_origin(page), extra_metadata=item.metadata)


def _days_between(retrieved: str, today: str) -> int:
    """Return the number of days from `retrieved` to `today`, or more than `_CONFIRM_DAYS` if a date is invalid."""
    try:
        return (date.fromisoformat(today) - date.fromisoformat(retrieved[:10])).days
    except ValueError:
        return _CONFIRM_DAYS + 1


def _diff(old: str, new: str) -> str:
    """Return a unified diff, cut to about one screenful."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "before", "now", n=0, lineterm=""))[2:]
    rest = [f"… and {len(lines) - _MAX_DIFF_LINES} more lines"] if len(lines) > _MAX_DIFF_LINES else []
    return "\n".join(lines[:_MAX_DIFF_LINES] + rest)
