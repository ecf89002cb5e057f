// Translated texts and small helper functions for all page scripts.
"use strict";
const words = JSON.parse(document.querySelector("meta[name=assistant-words]")?.content || "{}");

export const base = new URL("..", import.meta.url);
export const feedbackIsOn = document.querySelector("meta[name=assistant-feedback]")?.content === "on";

// Return the translated text for `key`, with its placeholders filled in from `values`.
export function translate(key, values = {}) {
  return (words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Create an element. Its content is set as text, never as HTML, because it may come from the server.
export function element(name, text, attributes = {}) {
  const created = document.createElement(name);
  if (text !== undefined) created.textContent = text;
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  return created;
}

export function button(text, onClick, attributes = {}) {
  const created = element("button", text, { type: "button", ...attributes });
  created.addEventListener("click", onClick);
  return created;
}
