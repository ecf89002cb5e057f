// Words of the page in its language, and small things every script needs.
"use strict";
const words = JSON.parse(document.querySelector("meta[name=assistant-words]")?.content || "{}");

export const base = new URL("..", import.meta.url);
export const feedbackIsOn = document.querySelector("meta[name=assistant-feedback]")?.content === "on";

export function say(key, values = {}) {
  return (words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Words from the server are only ever set as text.
export function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function button(text, run, attributes = {}) {
  const made = element("button", text, { type: "button", ...attributes });
  made.addEventListener("click", run);
  return made;
}
