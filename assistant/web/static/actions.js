// What can be done with an answer: copy it with its sources, link to its question, say if it helped.
"use strict";
import { base, button, element, feedbackIsOn, say } from "./words.js";

const reasons = { "wrong source": "reason_wrong_source", incomplete: "reason_incomplete", "not what I asked": "reason_not_what_i_asked", other: "reason_other" };
const given = new Map(); // answer id -> rating; the chat may draw an answer anew

export function addActions(answer) {
  const place = answer.querySelector(".actions");
  if (!place || place.childElementCount) return;
  place.append(
    button(say("copy"), (event) => copy(event.target, asMarkdown([answer]))),
    button(say("link"), (event) => copy(event.target, linkTo(answer))),
  );
  const id = answer.id.replace(/^answer-/, "");
  if (!feedbackIsOn || !id) return;
  const status = element("span", undefined, { role: "status" });
  const good = button(say("good"), () => send(answer, { rating: "good" }), { "aria-pressed": "false", "data-rating": "good" });
  const bad = button(say("bad"), () => ask(answer), { "aria-pressed": "false", "data-rating": "bad" });
  place.append(good, bad, status);
  show(answer);
}

function show(answer) {
  const rating = given.get(answer.id);
  for (const one of answer.querySelectorAll("[data-rating]")) one.setAttribute("aria-pressed", String(one.dataset.rating === rating));
}

function questionOf(answer) {
  const all = [...document.querySelectorAll("#conversation .asked, #conversation .answer")];
  const before = all[all.indexOf(answer) - 1];
  return before?.classList.contains("asked") ? before.textContent.trim() : "";
}

function linkTo(answer) {
  const address = new URL("chat/", base);
  address.searchParams.set("q", answer.querySelector("a.edit")?.textContent || questionOf(answer));
  return address.href;
}

async function copy(from, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no permission, or no secure context: the old way
    const field = element("textarea", text, { class: "hidden", "aria-hidden": "true" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    from.focus();
  }
  if (from.textContent === say("copied")) return;
  const label = from.textContent;
  from.textContent = say("copied");
  setTimeout(() => { from.textContent = label; }, 2000);
}

function ask(answer) {
  const old = answer.querySelector(".feedback");
  if (old) return old.remove();
  const form = element("form", undefined, { class: "feedback" });
  const set = element("fieldset");
  set.append(element("legend", say("feedback_why")));
  for (const [value, key] of Object.entries(reasons)) {
    const label = element("label");
    label.append(element("input", undefined, { type: "checkbox", name: "reason", value }), ` ${say(key)}`);
    set.append(label);
  }
  const comment = element("textarea", undefined, { name: "comment", rows: "2", maxlength: "1000" });
  const label = element("label", say("feedback_comment"));
  label.append(comment);
  const buttons = element("div", undefined, { class: "buttons" });
  const back = () => { form.remove(); answer.querySelector("[data-rating=bad]").focus(); };
  buttons.append(element("button", say("feedback_send"), { type: "submit" }), button(say("feedback_cancel"), back));
  form.append(set, label, buttons);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [...form.querySelectorAll("[name=reason]:checked")].map((box) => box.value);
    if (await send(answer, { rating: "bad", reasons: chosen, comment: comment.value })) back();
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); back(); } });
  answer.querySelector(".actions").after(form);
  form.querySelector("input").focus();
}

async function send(answer, body) {
  const status = answer.querySelector(".actions [role=status]");
  try {
    const response = await fetch(new URL("api/v1/feedback", base), {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ answer_id: answer.id.replace(/^answer-/, ""), ...body }),
    });
    if (!response.ok) throw new Error(String(response.status));
    given.set(answer.id, body.rating);
    show(answer);
    status.textContent = say("feedback_thanks");
    return true;
  } catch { // what was written stays in the form
    status.textContent = say("feedback_failed");
    return false;
  }
}

// A conversation as Markdown, its sources numbered from one end to the other.
export function asMarkdown(answers) {
  const lines = [];
  const sources = new Map(); // address of a reading page -> number and line
  const number = (marker) => {
    const address = marker.href;
    if (!sources.has(address)) {
      const items = marker.closest(".answer").querySelectorAll(".sources li");
      const item = [...items].find((one) => one.querySelector("a.reading").href === address);
      const where = item ? item.querySelector("a.reading").textContent : marker.title;
      sources.set(address, { number: sources.size + 1, where, address: item?.querySelector("a.public")?.href || address });
    }
    return sources.get(address).number;
  };
  for (const answer of answers) {
    const asked = questionOf(answer);
    if (asked) lines.push(`**${plain(asked)}**`, "");
    for (const part of answer.querySelectorAll(".understood, .verdict, .own, .quote, .closest, .notice")) {
      const marker = part.querySelector("a.marker");
      if (!marker) lines.push(plain(part.textContent), "");
      else if (part.matches(".notice")) {
        const numbers = [...part.querySelectorAll("a.marker")].map((one) => `[${number(one)}]`);
        lines.push(`${plain(part.firstChild.textContent)} ${numbers.join(" ")}`, "");
      }
      else lines.push(`> ${plain(part.querySelector(".words").textContent)} [${number(marker)}]`, "");
    }
  }
  if (sources.size) lines.push(`${say("answer_sources")}:`, "");
  for (const source of sources.values()) lines.push(`${source.number}. ${plain(source.where)}: <${source.address}>`);
  return `${lines.join("\n").trim()}\n`;
}

// Words of a text as words in Markdown too: no heading, link or markup comes of them.
function plain(text) {
  return text.trim().replace(/\s+/g, " ").replace(/[\\`*_<>[\]#|~]/g, "\\$&");
}
