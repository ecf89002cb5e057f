"""From pressing Ask to the first words of the answer on the page, beside the same question in-process.

    python -m benchmarks.page

A real server, a real Chromium, both in one run, taking turns.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from assistant.factory import make_assistant, with_introduction
from assistant.settings import load_settings
from benchmarks.serving import serving

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
ROUNDS = 5
# Runs in the page: asks, and resolves with the milliseconds until the verdict of the new answer is drawn.
ASK = """(question) => new Promise((resolve) => {
  const before = document.querySelectorAll("#conversation .answer .verdict").length;
  const field = document.querySelector("#question textarea");
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, question);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => {
    const start = performance.now();
    new MutationObserver((_, observer) => {
      if (document.querySelectorAll("#conversation .answer .verdict").length <= before) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - start));
    }).observe(document.getElementById("conversation"), { childList: true, subtree: true });
    document.querySelector("#question .submit-button").click();
  });
})"""


def main() -> None:
    """Print medians, their difference and the spread."""
    settings = load_settings(os.environ)
    assistant, guide = with_introduction(settings, make_assistant(settings))
    questions = [item.question for item in guide.questions][:12]
    with serving() as (url, _), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        shown, inside = [], []
        for number in range(ROUNDS + 1):
            page = open_chat(browser.new_page(), url)
            for question in questions:
                start = time.perf_counter()
                assistant.ask(question)
                spent = 1000 * (time.perf_counter() - start)
                on_page = page.evaluate(ASK, question)
                page.locator("#question .submit-button").wait_for()
                if number:  # the first round warms both up
                    inside.append(spent)
                    shown.append(on_page)
            page.close()
        browser.close()
    more = [page - alone for page, alone in zip(shown, inside, strict=True)]
    for name, values in (("in-process", inside), ("on the page", shown), ("more on the page", more)):
        low, middle, high = (statistics.quantiles(values, n=20)[at] for at in (0, 9, 18))
        print(f"{name:17} median {middle:6.1f} ms, 5 % {low:6.1f} ms, 95 % {high:6.1f} ms ({len(values)} questions)")


def open_chat(page: Page, url: str) -> Page:
    """The chat, ready to be asked."""
    page.goto(url + "/chat/")
    page.locator("#question textarea").wait_for()
    page.wait_for_timeout(1000)
    return page


if __name__ == "__main__":
    main()
