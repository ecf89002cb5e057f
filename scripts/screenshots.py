"""`make screenshots`: the pictures in docs/, from a real server and a real Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
DOCS = Path(__file__).parent.parent / "docs"
VIEWS: list[dict[str, Any]] = [
    {"name": "answered-en", "locale": "en-GB", "scheme": "light", "size": (1200, 760),
     "ask": "What is NBIS?", "open": True},
    {"name": "answered-sv-dark-narrow", "locale": "sv-SE", "scheme": "dark", "size": (390, 800),
     "ask": "Vem finansierar de nationella forskningsprojekten?", "open": False},
    {"name": "refused-sv", "locale": "sv-SE", "scheme": "light", "size": (1200, 760),
     "ask": "Hur lagar man köttbullar?", "open": False},
]  # fmt: skip


def main() -> None:
    """Start a server on a free port and take every view."""
    subprocess.run([sys.executable, "-m", "assistant", "index"], check=True)
    command = [sys.executable, "-m", "assistant", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for view in VIEWS:
            take(browser, url, view)
            print(DOCS / f"{view['name']}.png")
        browser.close()
        server.terminate()


def take(browser: Browser, url: str, view: dict[str, Any]) -> None:
    """Ask the question of `view` and save what is seen."""
    width, height = view["size"]
    context = browser.new_context(
        locale=view["locale"], color_scheme=view["scheme"], viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_role("textbox").fill(view["ask"])
    page.keyboard.press("Enter")
    page.locator(".answer").first.wait_for()
    if view["open"]:
        page.locator("a.marker").first.click()
        page.locator("#source mark").wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=DOCS / f"{view['name']}.png")
    context.close()


if __name__ == "__main__":
    main()
