"""Links to the reading page of a citation and to its public page."""

from __future__ import annotations

from urllib.parse import quote as url_quote

from assistant.schema import Citation


def reading_link(root: str, citation: Citation, language: str = "") -> str:
    """The reading page of a citation, its quote marked, in the `language` that was chosen for the pages."""
    chosen = f"&lang={language}" if language else ""
    return f"{root}sources/{url_quote(citation.passage_id)}?start={citation.start}&end={citation.end}{chosen}"


def fragment_url(url: str, quote: str) -> str:
    """`url` with a text fragment, by which a browser scrolls to `quote` (WICG, "URL Fragment Text Directives").

    A long quote is named by its first and last words.
    """
    words = quote.split()
    ends = [words] if len(words) <= 12 else [words[:6], words[-6:]]
    # A dash and a comma have a meaning of their own in the directive.
    named = ",".join(url_quote(" ".join(part), safe="").replace("-", "%2D") for part in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={named}"
