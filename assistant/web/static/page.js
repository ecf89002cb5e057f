// Opens the source of a marker beside the chat. Without this script the marker is a link to the
// reading page. Words from the server are only ever set as text.
"use strict";
(() => {
  const words = {
    en: { close: "Close", whole: "Read the whole text", open: "Public page", source: "Source", failed: "The source could not be loaded." },
    sv: { close: "Stäng", whole: "Läs hela texten", open: "Publik sida", source: "Källa", failed: "Källan kunde inte laddas." },
  };
  const say = (key) => (words[document.documentElement.lang] || words.en)[key];
  const base = new URL("..", document.currentScript.src);
  let opener = null;

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function close() {
    const panel = document.getElementById("source");
    if (!panel) return;
    panel.remove();
    if (opener && opener.isConnected) opener.focus();
  }

  function marked(passage, start, end) {
    const text = element("p", undefined, { class: "text", lang: passage.language });
    const whole = passage.before + passage.text + passage.after;
    // Offsets count characters as Python does, not UTF-16 units.
    const characters = Array.from(whole);
    const beginning = start - (passage.start - Array.from(passage.before).length);
    const finish = end - (passage.start - Array.from(passage.before).length);
    text.append(characters.slice(0, beginning).join(""));
    text.append(element("mark", characters.slice(beginning, finish).join("")));
    text.append(characters.slice(finish).join(""));
    return text;
  }

  async function open(link) {
    const address = new URL(link.href);
    const id = address.pathname.split("/").pop();
    close();
    opener = link;
    const panel = element("aside", undefined, { id: "source", role: "dialog", "aria-labelledby": "source-title" });
    const button = element("button", say("close"), { type: "button" });
    button.addEventListener("click", close);
    panel.append(button);
    const title = element("h2", say("source"), { id: "source-title", tabindex: "-1" });
    panel.append(title);
    document.body.append(panel);
    try {
      const response = await fetch(new URL(`api/v1/passages/${encodeURIComponent(id)}`, base));
      if (!response.ok) throw new Error(String(response.status));
      const passage = await response.json();
      title.textContent = [passage.title, ...passage.heading].join(" › ");
      panel.append(marked(passage, Number(address.searchParams.get("start")), Number(address.searchParams.get("end"))));
      const links = element("p");
      links.append(element("a", say("whole"), { href: address.href }));
      if (passage.url) links.append(" · ", element("a", say("open"), { href: passage.url, rel: "noreferrer" }));
      panel.append(links);
      panel.querySelector("mark").scrollIntoView({ block: "center" });
    } catch {
      panel.append(element("p", say("failed")));
    }
    title.focus({ preventScroll: true });
  }

  function edit(text) {
    const field = document.querySelector("#question textarea, #question input");
    const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set;
    set.call(field, text); // past the framework's own setter, which would hide the change from it
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  document.addEventListener("click", (event) => {
    const language = event.target instanceof Element && event.target.closest("#intro a[href*='?lang=']");
    if (language) { // Gradio gives every link a new tab
      event.preventDefault();
      event.stopPropagation();
      location.assign(language.href);
      return;
    }
    const understood = event.target instanceof Element && event.target.closest("a.edit");
    if (understood) { // the asker can correct what was understood and ask again
      event.preventDefault();
      event.stopPropagation();
      edit(understood.textContent);
      return;
    }
    const link = event.target instanceof Element && event.target.closest("a.marker, [data-testid=bot] a[href*='/sources/']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    open(link);
  }, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
})();
