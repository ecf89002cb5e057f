// The chat page's script. It handles links and keyboard shortcuts, and adds accessible names and a download button.
"use strict";
import { addActions, asMarkdown } from "./actions.js";
import { close, openSearch, openSource } from "./drawer.js";
import { button, element, translate } from "./words.js";

const questionField = () => document.querySelector("#question textarea");

function fillIn(text) {
  const field = questionField();
  const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set;
  set.call(field, text); // Gradio would not notice a change made with `field.value = text`
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function ask(text) {
  fillIn(text);
  requestAnimationFrame(() => document.querySelector("#question .submit-button")?.click());
}

function download() {
  const answers = [...document.querySelectorAll("#conversation .answer.whole")];
  const file = new Blob([`# ${translate("title")}\n\n${asMarkdown(answers)}`], { type: "text/markdown" });
  const link = element("a", "", { download: `${translate("conversation").toLowerCase()}.md` });
  link.href = URL.createObjectURL(file);
  link.click();
  URL.revokeObjectURL(link.href);
}

const linkHandlers = [
  ["a.edit", (link) => fillIn(link.textContent)],
  ["a.ask", (link) => ask(link.textContent)],
  ["#search-link", (link) => openSearch(link)],
  ["a.marker, a.reading, a.found", (link) => openSource(link)],
];

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  for (const [selector, handle] of linkHandlers) {
    const link = event.target.closest(selector);
    if (!link) continue;
    event.preventDefault();
    event.stopPropagation();
    handle(link);
    return;
  }
}, true);

// Shortcuts that are single keys would conflict with speech input, so every shortcut includes Alt (WCAG 2.1.4).
const shortcuts = {
  KeyQ: () => questionField()?.focus(),
  KeyS: () => openSearch(document.activeElement),
  KeyN: () => { document.querySelector("#new")?.click(); questionField()?.focus(); },
  KeyI: () => document.querySelector("header.site nav a[href*='about/']")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  const shortcut = event.altKey && !event.ctrlKey && !event.metaKey && shortcuts[event.code];
  if (!shortcut) return;
  event.preventDefault();
  shortcut();
});

// Each answer is announced to screen readers only once, however often it is rendered again while it grows.
const status = element("p", "", { role: "status", class: "hidden" });
let announced = 0;

function announce() {
  const questions = document.querySelectorAll("#conversation .asked").length;
  const answers = document.querySelectorAll("#conversation .answer.whole, #conversation .answer.problem").length;
  if (answers === questions && answers > announced) status.textContent = translate("announce_done");
  else if (questions > answers) status.textContent = translate("announce_busy");
  announced = answers === questions ? answers : announced;
  document.querySelector("#conversation [role=log]")?.setAttribute("aria-busy", String(questions > answers));
}

function addAccessibleNames() {
  const set = (selector, attributes) => document.querySelectorAll(`#question ${selector}`).forEach((item) => {
    for (const [key, value] of Object.entries(attributes)) if (item.getAttribute(key) !== value) item.setAttribute(key, value);
  });
  set("textarea", { "aria-label": translate("question") });
  set(".submit-button", { "aria-label": translate("ask"), title: translate("ask") });
  set(".stop-button", { "aria-label": translate("stop"), title: translate("stop") });
  document.querySelectorAll("#conversation [data-testid=bot], #conversation [data-testid=user]").forEach((item) => item.removeAttribute("aria-label"));
  document.querySelectorAll("#conversation [role=log]").forEach((item) => { if (item.getAttribute("aria-live") !== "off") item.setAttribute("aria-live", "off"); });
  for (const marker of document.querySelectorAll("#conversation a.marker")) {
    const label = translate("source_label", { number: marker.textContent.replace(/\D/g, ""), title: marker.title });
    if (marker.getAttribute("aria-label") !== label) marker.setAttribute("aria-label", label);
  }
  const language = new URLSearchParams(location.search).get("lang");
  for (const link of language ? document.querySelectorAll("#conversation a[href*='/sources/'], #conversation a.ask") : []) {
    const address = new URL(link.href); // the selected language is added to the link, so that the linked page uses it too
    if (address.searchParams.has("lang")) continue;
    address.searchParams.set("lang", language);
    link.href = address.href;
  }
  const field = questionField();
  if (field && !field.placeholder) field.placeholder = translate("placeholder");
  const main = document.querySelector("gradio-app main");
  if (main && main.id !== "main") { main.id = "main"; main.tabIndex = -1; }
}

function addDownloadButton() {
  const row = document.getElementById("tools");
  if (!row) return;
  let save = document.getElementById("save");
  if (!save) {
    save = button(translate("download"), download, { id: "save", class: "plain" });
    row.firstElementChild?.after(save);
  }
  save.hidden = !document.querySelector("#conversation .answer.whole");
}

let scrolledTo = 0; // the number of questions in the chat when this function last ran

function scrollToNewQuestion() { // scrolls only once per question, so that the user can read undisturbed
  const questions = document.querySelectorAll("#conversation .asked");
  if (questions.length > scrolledTo) questions[questions.length - 1].scrollIntoView({ block: "start", behavior: "smooth" });
  scrolledTo = questions.length;
}

function refresh() {
  addAccessibleNames();
  addDownloadButton();
  document.querySelectorAll("#conversation .answer.whole").forEach(addActions);
  announce();
  scrollToNewQuestion();
  askLinkedQuestion();
}

let linkedQuestion = new URLSearchParams(location.search).get("q") || "";

function askLinkedQuestion() { // asks the question in `?q=`
  if (!linkedQuestion.trim() || !document.querySelector("#question .submit-button")) return;
  const question = linkedQuestion;
  linkedQuestion = "";
  ask(question);
}

let refreshScheduled = false;
new MutationObserver(() => {
  if (refreshScheduled) return;
  refreshScheduled = true;
  requestAnimationFrame(() => { refreshScheduled = false; refresh(); });
}).observe(document.body, { childList: true, subtree: true });
document.body.append(status);
refresh();
