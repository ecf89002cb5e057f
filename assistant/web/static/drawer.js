// A panel beside the chat that shows a source or the search. The Escape key closes it and moves the focus back.
"use strict";
import { base, button, element, translate } from "./words.js";

let opener = null;

export function close() {
  const panel = document.getElementById("source");
  if (!panel) return;
  panel.remove();
  if (opener && opener.isConnected) opener.focus();
  else document.querySelector("#question textarea")?.focus();
}

function open(title, openedBy) {
  if (!document.getElementById("source")) opener = openedBy;
  document.getElementById("source")?.remove();
  const panel = element("div", undefined, { id: "source", role: "dialog", "aria-labelledby": "source-title" });
  const bar = element("div", undefined, { class: "bar" });
  const heading = element("h2", title, { id: "source-title", tabindex: "-1" });
  bar.append(heading, button(translate("close"), close, { class: "plain" }));
  panel.append(bar);
  document.body.append(panel);
  heading.focus({ preventScroll: true });
  return { panel, heading };
}

function highlighted(passage, start, end) {
  const text = element("p", undefined, { class: "text", lang: passage.language });
  // Offsets are counted in Unicode code points, as in Python, and not in UTF-16 code units.
  const before = Array.from(passage.before);
  const characters = [...before, ...Array.from(passage.text + passage.after)];
  const offset = passage.start - before.length;
  text.append(characters.slice(0, start - offset).join(""));
  text.append(element("mark", characters.slice(start - offset, end - offset).join("")));
  text.append(characters.slice(end - offset).join(""));
  return text;
}

export async function openSource(link) {
  const address = new URL(link.href);
  const { panel, heading } = open(translate("loading"), link);
  try {
    const request = new URL(`api/v1/passages/${encodeURIComponent(address.pathname.split("/").pop())}`, base);
    request.search = address.search;
    const response = await fetch(request);
    if (!response.ok) throw new Error(String(response.status));
    const passage = await response.json();
    const start = Number(address.searchParams.get("start") ?? passage.start);
    const end = Number(address.searchParams.get("end") ?? passage.end);
    heading.textContent = passage.title;
    if (passage.heading.length) panel.append(element("p", passage.heading.join(" › "), { class: "facts", lang: passage.language }));
    if (passage.retrieved) panel.append(element("p", translate("document_date", { day: passage.retrieved }), { class: "facts" }));
    if (passage.changed) panel.append(element("p", translate(`notice_${passage.changed}`), { class: "notice" }));
    panel.append(highlighted(passage, start, end));
    const links = element("p", undefined, { class: "actions" });
    links.append(element("a", translate("read_document"), { href: address.href }));
    if (passage.public_url) links.append(element("a", translate("public_page"), { href: passage.public_url, rel: "noreferrer", target: "_blank" }));
    panel.append(links);
    panel.querySelector("mark").scrollIntoView({ block: "center" });
  } catch {
    heading.textContent = translate("source");
    panel.append(element("p", translate("loading_failed"), { role: "alert" }));
  }
}

export function openSearch(link) {
  const { panel } = open(translate("search_heading"), link);
  const form = element("form", undefined, { role: "search" });
  const field = element("input", undefined, { id: "search-field", type: "search", maxlength: "2000", required: "" });
  form.append(element("label", translate("search_label"), { for: "search-field" }), field, element("button", translate("search_button"), { type: "submit" }));
  const results = element("div", undefined, { role: "status" });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const response = await fetch(new URL(`api/v1/search?q=${encodeURIComponent(field.value)}`, base));
      if (!response.ok) throw new Error(String(response.status));
      const passages = await response.json();
      results.replaceChildren();
      listResults(results, passages);
    } catch {
      results.replaceChildren(element("p", translate("loading_failed")));
    }
  });
  panel.append(form, results);
  field.focus();
}

function languageParameter() {
  const language = new URLSearchParams(location.search).get("lang");
  return language ? `&lang=${encodeURIComponent(language)}` : "";
}

function listResults(container, passages) {
  container.append(element("p", passages.length ? translate("search_found") : translate("search_none")));
  const items = element("ol");
  for (const passage of passages) {
    const item = element("li");
    const target = new URL(`sources/${encodeURIComponent(passage.passage_id)}?start=${passage.start}&end=${passage.end}${languageParameter()}#quote`, base);
    item.append(element("a", [passage.title, ...passage.heading].join(" › "), { href: target.href, class: "found" }));
    const text = element("p", undefined, { class: "text", lang: passage.language });
    text.append(passage.before, element("mark", passage.quote), passage.after);
    item.append(text);
    items.append(item);
  }
  container.append(items);
}
