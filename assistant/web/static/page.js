// The chat page: links that act, keys, names that Gradio's parts lack, and the conversation as a file.
"use strict";
import { addActions, asMarkdown } from "./actions.js";
import { close, openSearch, openSource } from "./drawer.js";
import { button, element, say } from "./words.js";

const field = () => document.querySelector("#question textarea");

function write(text) {
  const place = field();
  const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(place), "value").set;
  set.call(place, text); // past the framework's own setter, which would hide the change from it
  place.dispatchEvent(new Event("input", { bubbles: true }));
  place.focus();
}

function ask(text) {
  write(text);
  requestAnimationFrame(() => document.querySelector("#question .submit-button")?.click());
}

function save() {
  const answers = [...document.querySelectorAll("#conversation .answer.whole")];
  const file = new Blob([`# ${say("title")}\n\n${asMarkdown(answers)}`], { type: "text/markdown" });
  const link = element("a", "", { download: `${say("conversation").toLowerCase()}.md` });
  link.href = URL.createObjectURL(file);
  link.click();
  URL.revokeObjectURL(link.href);
}

const acts = [
  ["a.edit", (link) => write(link.textContent)],
  ["a.ask", (link) => ask(link.textContent)],
  ["#search-link", (link) => openSearch(link)],
  ["a.marker, a.reading, a.found", (link) => openSource(link)],
];

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  for (const [selector, run] of acts) {
    const link = event.target.closest(selector);
    if (!link) continue;
    event.preventDefault();
    event.stopPropagation();
    run(link);
    return;
  }
}, true);

// With Alt: a key alone would act on what somebody dictates (WCAG 2.1.4).
const keys = {
  KeyQ: () => field()?.focus(),
  KeyS: () => openSearch(document.activeElement),
  KeyN: () => { document.querySelector("#new")?.click(); field()?.focus(); },
  KeyI: () => document.querySelector("header.site nav a[href*='about/']")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  const run = event.altKey && !event.ctrlKey && !event.metaKey && keys[event.code];
  if (!run) return;
  event.preventDefault();
  run();
});

// One announcement for each answer, however often the chat is drawn while it grows.
const status = element("p", "", { role: "status", class: "hidden" });
let announced = 0;

function announce() {
  const asked = document.querySelectorAll("#conversation .asked").length;
  const done = document.querySelectorAll("#conversation .answer.whole, #conversation .answer.problem").length;
  if (done === asked && done > announced) status.textContent = say("announce_done");
  else if (asked > done) status.textContent = say("announce_busy");
  announced = done === asked ? done : announced;
  document.querySelector("#conversation [role=log]")?.setAttribute("aria-busy", String(asked > done));
}

function name() {
  const set = (selector, attributes) => document.querySelectorAll(`#question ${selector}`).forEach((one) => {
    for (const [key, value] of Object.entries(attributes)) if (one.getAttribute(key) !== value) one.setAttribute(key, value);
  });
  set("textarea", { "aria-label": say("question") });
  set(".submit-button", { "aria-label": say("ask"), title: say("ask") });
  set(".stop-button", { "aria-label": say("stop"), title: say("stop") });
  document.querySelectorAll("#conversation [data-testid=bot], #conversation [data-testid=user]").forEach((one) => one.removeAttribute("aria-label"));
  document.querySelectorAll("#conversation [role=log]").forEach((one) => { if (one.getAttribute("aria-live") !== "off") one.setAttribute("aria-live", "off"); });
  for (const marker of document.querySelectorAll("#conversation a.marker")) {
    const label = say("source_of", { number: marker.textContent.replace(/\D/g, ""), title: marker.title });
    if (marker.getAttribute("aria-label") !== label) marker.setAttribute("aria-label", label);
  }
  const language = new URLSearchParams(location.search).get("lang");
  for (const link of language ? document.querySelectorAll("#conversation a[href*='/sources/'], #conversation a.ask") : []) {
    const address = new URL(link.href); // a chosen language stays on the way to a source
    if (address.searchParams.has("lang")) continue;
    address.searchParams.set("lang", language);
    link.href = address.href;
  }
  const place = field();
  if (place && !place.placeholder) place.placeholder = say("placeholder");
  const main = document.querySelector("gradio-app main");
  if (main && main.id !== "main") { main.id = "main"; main.tabIndex = -1; }
}

function tools() {
  const row = document.getElementById("tools");
  if (!row) return;
  let one = document.getElementById("save");
  if (!one) {
    one = button(say("export"), save, { id: "save", class: "plain" });
    row.firstElementChild?.after(one);
  }
  one.hidden = !document.querySelector("#conversation .answer.whole");
}

let scrolled = 0;

function follow() { // the newest question comes into sight once; what is being read stays where it is
  const asked = document.querySelectorAll("#conversation .asked");
  if (asked.length > scrolled) asked[asked.length - 1].scrollIntoView({ block: "start", behavior: "smooth" });
  scrolled = asked.length;
}

function refresh() {
  name();
  tools();
  document.querySelectorAll("#conversation .answer.whole").forEach(addActions);
  announce();
  follow();
  askLinked();
}

let linked = new URLSearchParams(location.search).get("q") || "";

function askLinked() { // a link that asks a question: `?q=`
  if (!linked.trim() || !document.querySelector("#question .submit-button")) return;
  const question = linked;
  linked = "";
  ask(question);
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; refresh(); });
}).observe(document.body, { childList: true, subtree: true });
document.body.append(status);
refresh();
