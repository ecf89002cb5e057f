// The buttons below an answer: copy the answer with its sources, copy a link that asks its question, or rate the answer.
"use strict";
import { base, button, element, feedbackIsOn, translate } from "./words.js";

const reasons = { "wrong source": "reason_wrong_source", incomplete: "reason_incomplete", "not what I asked": "reason_not_what_i_asked", other: "reason_other" };
const ratings = new Map(); // each answer's rating, by element id; kept here because Gradio may render an answer again

export function addActions(answer) {
  const container = answer.querySelector(".actions");
  if (!container || container.childElementCount) return;
  container.append(
    button(translate("copy"), (event) => copy(event.target, asMarkdown([answer]))),
    button(translate("copy_link"), (event) => copy(event.target, linkTo(answer))),
  );
  const id = answer.id.replace(/^answer-/, "");
  if (!feedbackIsOn || !id) return;
  const status = element("span", undefined, { role: "status" });
  const good = button(translate("rating_good"), () => sendFeedback(answer, { rating: "good" }), { "aria-pressed": "false", "data-rating": "good" });
  const bad = button(translate("rating_bad"), () => toggleForm(answer), { "aria-pressed": "false", "data-rating": "bad" });
  container.append(good, bad, status);
  showRating(answer);
}

function showRating(answer) {
  const rating = ratings.get(answer.id);
  for (const item of answer.querySelectorAll("[data-rating]")) item.setAttribute("aria-pressed", String(item.dataset.rating === rating));
}

function questionOf(answer) {
  const messages = [...document.querySelectorAll("#conversation .asked, #conversation .answer")];
  const previous = messages[messages.indexOf(answer) - 1];
  return previous?.classList.contains("asked") ? previous.textContent.trim() : "";
}

function linkTo(answer) {
  const address = new URL("chat/", base);
  address.searchParams.set("q", answer.querySelector("a.edit")?.textContent || questionOf(answer));
  return address.href;
}

async function copy(copyButton, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // the clipboard API needs permission and a secure context; without them, fall back to execCommand
    const field = element("textarea", text, { class: "hidden", "aria-hidden": "true" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    copyButton.focus();
  }
  if (copyButton.textContent === translate("copied")) return;
  const label = copyButton.textContent;
  copyButton.textContent = translate("copied");
  setTimeout(() => { copyButton.textContent = label; }, 2000);
}

function toggleForm(answer) {
  const openForm = answer.querySelector(".feedback");
  if (openForm) return openForm.remove();
  const form = element("form", undefined, { class: "feedback" });
  const fieldset = element("fieldset");
  fieldset.append(element("legend", translate("feedback_why")));
  for (const [value, key] of Object.entries(reasons)) {
    const label = element("label");
    label.append(element("input", undefined, { type: "checkbox", name: "reason", value }), ` ${translate(key)}`);
    fieldset.append(label);
  }
  const comment = element("textarea", undefined, { name: "comment", rows: "2", maxlength: "1000" });
  const label = element("label", translate("feedback_comment"));
  label.append(comment);
  const buttons = element("div", undefined, { class: "buttons" });
  const closeForm = () => { form.remove(); answer.querySelector("[data-rating=bad]").focus(); };
  buttons.append(element("button", translate("feedback_send"), { type: "submit" }), button(translate("feedback_cancel"), closeForm));
  form.append(fieldset, label, buttons);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const selected = [...form.querySelectorAll("[name=reason]:checked")].map((box) => box.value);
    if (await sendFeedback(answer, { rating: "bad", reasons: selected, comment: comment.value })) closeForm();
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); closeForm(); } });
  answer.querySelector(".actions").after(form);
  form.querySelector("input").focus();
}

async function sendFeedback(answer, body) {
  const status = answer.querySelector(".actions [role=status]");
  try {
    const response = await fetch(new URL("api/v1/feedback", base), {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ answer_id: answer.id.replace(/^answer-/, ""), ...body }),
    });
    if (!response.ok) throw new Error(String(response.status));
    ratings.set(answer.id, body.rating);
    showRating(answer);
    status.textContent = translate("feedback_thanks");
    return true;
  } catch { // an open form stays open and keeps its content
    status.textContent = translate("feedback_failed");
    return false;
  }
}

// Convert answers to Markdown. Sources are numbered consecutively across all the answers.
export function asMarkdown(answers) {
  const lines = [];
  const sources = new Map(); // each source's number, title and link, by the URL of its reading page
  const number = (marker) => {
    const address = marker.href;
    if (!sources.has(address)) {
      const items = marker.closest(".answer").querySelectorAll(".sources li");
      const item = [...items].find((source) => source.querySelector("a.reading").href === address);
      const where = item ? item.querySelector("a.reading").textContent : marker.title;
      sources.set(address, { number: sources.size + 1, where, address: item?.querySelector("a.public")?.href || address });
    }
    return sources.get(address).number;
  };
  for (const answer of answers) {
    const question = questionOf(answer);
    if (question) lines.push(`**${escapeMarkdown(question)}**`, "");
    for (const part of answer.querySelectorAll(".understood, .verdict, .own, .quote, .closest, .notice")) {
      const marker = part.querySelector("a.marker");
      if (!marker) lines.push(escapeMarkdown(part.textContent), "");
      else if (part.matches(".notice")) {
        const numbers = [...part.querySelectorAll("a.marker")].map((link) => `[${number(link)}]`);
        lines.push(`${escapeMarkdown(part.firstChild.textContent)} ${numbers.join(" ")}`, "");
      }
      else lines.push(`> ${quoteAsMarkdown(part.querySelector(".words"))} [${number(marker)}]`, "");
    }
  }
  if (sources.size) lines.push(`${translate("answer_sources")}:`, "");
  for (const source of sources.values()) lines.push(`${source.number}. ${escapeMarkdown(source.where)}: <${source.address}>`);
  return `${lines.join("\n").trim()}\n`;
}

// Convert a quote to Markdown. The words that answer the question are bold.
function quoteAsMarkdown(words) {
  const parts = [...words.childNodes].map((node) => {
    const [, before, text, after] = node.textContent.match(/^(\s*)(.*?)(\s*)$/s);
    const escaped = text && escapeMarkdown(text);
    return `${before && " "}${node.nodeName === "MARK" ? `**${escaped}**` : escaped}${after && " "}`;
  });
  return parts.join("").trim();
}

// Escape text for Markdown, so that it can't create headings, links or other markup.
function escapeMarkdown(text) {
  return text.trim().replace(/\s+/g, " ").replace(/[\\`*_<>[\]#|~]/g, "\\$&");
}
