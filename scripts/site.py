"""`make docs`: updates the generated pages and builds the documentation as a website in dist/docs/.

The site consists of the pages in docs/ and those that tools and newcomers expect to find in the project's root folder.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import architecture, reference

ROOT = Path(__file__).parent.parent
SITE = ROOT / "dist" / "docs"
ROOT_PAGES = ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def for_site(text: str, in_root: bool) -> str:
    """Return `text` with its links changed to suit the site, where all pages are in one folder.

    A link to a file that isn't part of the site is replaced with the link's text.
    """

    def rewrite(link: re.Match[str]) -> str:
        picture, words, target = link.groups()
        if target.startswith(("http", "#", "mailto:")):
            return link.group()
        inside = target.removeprefix("docs/") if in_root else target
        if (in_root and inside == target) or target.startswith("../"):  # a file outside docs/
            name = target.removeprefix("../")
            return f"[{words}]({name.lower()})" if name in ROOT_PAGES else words
        return f"{picture}[{words}]({inside})"

    return _LINK.sub(rewrite, text)


def build(folder: Path) -> list[Path]:
    """Empty `folder`, build the site in it and return the site's pages.

    Raises:
        CalledProcessError: a link is broken.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder / "docs")
    for page in (folder / "docs").rglob("*.md"):
        page.write_text(for_site(page.read_text(encoding="utf-8"), in_root=False), encoding="utf-8")
    for name in ROOT_PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        (folder / "docs" / name.lower()).write_text(for_site(text, in_root=True), encoding="utf-8")
    shutil.copy(ROOT / "zensical.toml", folder)
    subprocess.run([Path(sys.executable).parent / "zensical", "build", "--clean", "--strict"], cwd=folder, check=True)
    return sorted((folder / "site").rglob("*.html"))


def main() -> None:
    """Update the generated pages, then build the site."""
    architecture.main()
    reference.main()
    build(ROOT / "build" / "docs")
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(ROOT / "build" / "docs" / "site", SITE)
    print(f"open {SITE.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    main()
