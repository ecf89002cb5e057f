// Remembers in the browser which of the introduction's documents the user has read.
"use strict";
import { translate } from "./words.js";

const storageKey = "assistant-tour"; // must not change, because browsers already store users' progress under this key

function loadProgress() {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey) || "{}");
    return { read: Array.isArray(stored.read) ? stored.read.map(String) : [] };
  } catch {
    return { read: [] };
  }
}

function saveProgress(progress) {
  try {
    localStorage.setItem(storageKey, JSON.stringify(progress));
  } catch { /* storage is blocked; the introduction works without it */ }
}

const panel = document.getElementById("progress");
if (panel) {
  const checkboxes = [...document.querySelectorAll("input[data-document]")];
  const show = () => {
    const { read } = loadProgress();
    for (const checkbox of checkboxes) checkbox.checked = read.includes(checkbox.dataset.document);
    panel.querySelector("[role=status]").textContent = translate("start_progress", { done: Math.min(read.length, Number(panel.dataset.all)), all: panel.dataset.all });
  };
  for (const checkbox of checkboxes) {
    checkbox.closest("label").hidden = false;
    checkbox.addEventListener("change", () => {
      const others = loadProgress().read.filter((id) => id !== checkbox.dataset.document);
      saveProgress({ read: checkbox.checked ? [...others, checkbox.dataset.document] : others });
      show();
    });
  }
  panel.querySelector("button").addEventListener("click", () => { localStorage.removeItem(storageKey); show(); });
  panel.hidden = false;
  show();
}
document.getElementById("score")?.focus();
