// How far somebody came in the tour: kept in this browser, and only if the page is used.
"use strict";
import { say } from "./words.js";

const key = "assistant-tour";

function load() {
  try {
    const found = JSON.parse(localStorage.getItem(key) || "{}");
    return { read: Array.isArray(found.read) ? found.read.map(String) : [] };
  } catch {
    return { read: [] };
  }
}

function keep(progress) {
  try {
    localStorage.setItem(key, JSON.stringify(progress));
  } catch { /* a browser that keeps nothing: the tour works without */ }
}

const place = document.getElementById("progress");
if (place) {
  const boxes = [...document.querySelectorAll("input[data-text]")];
  const show = () => {
    const { read } = load();
    for (const box of boxes) box.checked = read.includes(box.dataset.text);
    place.querySelector("[role=status]").textContent = say("start_progress", { done: Math.min(read.length, Number(place.dataset.all)), all: place.dataset.all });
  };
  for (const box of boxes) {
    box.closest("label").hidden = false;
    box.addEventListener("change", () => {
      const others = load().read.filter((name) => name !== box.dataset.text);
      keep({ read: box.checked ? [...others, box.dataset.text] : others });
      show();
    });
  }
  place.querySelector("button").addEventListener("click", () => { localStorage.removeItem(key); show(); });
  place.hidden = false;
  show();
}
document.getElementById("score")?.focus();
