"""Links from a citation to the reading page and the public page of its document."""

from __future__ import annotations

from urllib.parse import quote as url_quote

from assistant.schema import Citation


def reading_link(root: str, citation: Citation, language: str = "") -> str:
    """Return the URL of the reading page, with the quote of `citation` highlighted.

    Args:
        root: the relative path to the root of the server, ending in "/".
        citation: the citation to link to.
        language: the page language selected by the user, or "" if the browser's settings decide.
    """
    language_parameter = f"&lang={language}" if language else ""
    return (
        f"{root}sources/{url_quote(citation.passage_id)}?start={citation.start}&end={citation.end}{language_parameter}"
    )


def fragment_url(url: str, quote: str) -> str:
    """Add a text fragment to `url`, so that browsers scroll to `quote` (WICG, "URL Fragment Text Directives").

    A quote of more than 12 words is identified by its first and last six words.
    """
    words = quote.split()
    ends = [words] if len(words) <= 12 else [words[:6], words[-6:]]
    # Hyphens and commas have special meanings in the directive, so they must be encoded.
    directive = ",".join(url_quote(" ".join(part), safe="").replace("-", "%2D") for part in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={directive}"
