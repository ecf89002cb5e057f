"""Measures the time from pressing Ask until the answer is on the page, and compares it with answering in-process.

    python -m benchmarks.page

The benchmark uses a real server and a real Chromium. Each question is asked in-process and then on the page.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from assistant.factory import attach_introduction, make_assistant
from assistant.settings import load_settings
from benchmarks.serving import serving

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
ROUNDS = 5
# Runs in the page: asks the question and returns how many milliseconds pass until the verdict is drawn.
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
    """Print the median and the spread of both times, and of the difference between them."""
    settings = load_settings(os.environ)
    assistant, introduction = attach_introduction(settings, make_assistant(settings))
    questions = [item.question for item in introduction.suggested_questions][:12]
    with serving() as (url, _), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page_times, in_process_times = [], []
        for round_number in range(ROUNDS + 1):
            page = open_chat(browser.new_page(), url)
            for question in questions:
                start = time.perf_counter()
                assistant.ask(question)
                in_process = 1000 * (time.perf_counter() - start)
                on_page = page.evaluate(ASK, question)
                page.locator("#question .submit-button").wait_for()
                if round_number:  # the first round is a warm-up
                    in_process_times.append(in_process)
                    page_times.append(on_page)
            page.close()
        browser.close()
    differences = [on_page - in_process for on_page, in_process in zip(page_times, in_process_times, strict=True)]
    series = {"in-process": in_process_times, "on the page": page_times, "more on the page": differences}
    for name, values in series.items():
        low, median, high = (statistics.quantiles(values, n=20)[cut] for cut in (0, 9, 18))
        print(f"{name:17} median {median:6.1f} ms, 5 % {low:6.1f} ms, 95 % {high:6.1f} ms ({len(values)} questions)")


def open_chat(page: Page, url: str) -> Page:
    """Open the chat page and wait until it accepts questions."""
    page.goto(url + "/chat/")
    page.locator("#question textarea").wait_for()
    page.wait_for_timeout(1000)
    return page


if __name__ == "__main__":
    main()
