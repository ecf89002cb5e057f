// The element <gms-assistant>, which embeds the assistant in any page. Its code is this one file, which has no
// dependencies. The element sets no cookies, and inserts strings from the server and from users as text, never as HTML.
"use strict";
(() => {
  const script = document.currentScript;
  const TRANSLATIONS = {
    en: {
      title: "Collaboration assistant", launch: "Ask the assistant", close: "Close", ask: "Ask", stop: "Stop", question: "Your question",
      notice: "This assistant is a computer program (AI) that quotes from the documents. Don't enter personal or patient data.", privacy: "What is stored",
      busy: "Looking for an answer", done: "The answer is ready.", failed: "The assistant can't be reached. Try again.", limited: "The assistant is busy right now. Try again in a moment.",
      answered: "Answer", unclear: "No clear answer found", not_covered: "No answer found", about_me: "About the assistant", closest: "The closest passages, which may not answer your question:", suggestions: "You can also ask", understood_as: "Understood as:",
      source: "Source {n}: {title}", document: "Read the full document", public_page: "View on the web", close_source: "Close the source", good: "Helpful", bad: "Not helpful", rated: "Thanks! Your feedback has been saved.", not_rated: "Your feedback couldn't be saved. Try again.", clear: "New conversation", stopped: "Stopped.",
      full_page: "Open in a new tab", sign_in: "Sign in to ask", disagree: "These passages disagree.", changed: "This document has changed since it was indexed.", gone: "This document has been removed.",
    },
    sv: {
      title: "Samverkansassistenten", launch: "Fråga assistenten", close: "Stäng", ask: "Fråga", stop: "Stoppa", question: "Din fråga",
      notice: "Assistenten är ett datorprogram (AI) som citerar ur dokumenten. Skriv inte in person- eller patientuppgifter.", privacy: "Läs om vad som sparas",
      busy: "Assistenten söker efter ett svar.", done: "Svaret är klart.", failed: "Det går inte att nå assistenten. Försök igen.", limited: "Assistenten är upptagen just nu. Försök igen om en stund.",
      answered: "Svar", unclear: "Inget tydligt svar hittades", not_covered: "Inget svar hittades", about_me: "Om assistenten", closest: "De här styckena ligger närmast frågan, men de kanske inte besvarar den:", suggestions: "Du kan också fråga", understood_as: "Frågan tolkades som:",
      source: "Källa {n}: {title}", document: "Läs hela dokumentet", public_page: "Visa på webben", close_source: "Stäng källan", good: "Bra svar", bad: "Dåligt svar", rated: "Tack! Din återkoppling har sparats.", not_rated: "Din återkoppling kunde inte sparas. Försök igen.", clear: "Ny konversation", stopped: "Svaret stoppades.",
      full_page: "Öppna i en ny flik", sign_in: "Logga in för att ställa en fråga", disagree: "De här styckena motsäger varandra.", changed: "Dokumentet har ändrats sedan det indexerades.", gone: "Dokumentet har tagits bort.",
    },
  };
  // `all: initial` prevents the widget from inheriting styles from the host page, for instance letter spacing.
  const CSS = `
.box{all:initial;display:block;font:16px/1.5 var(--gms-font,system-ui,sans-serif);color:var(--ink);--accent:var(--gms-accent,#0b4f6c);--on:#fff;--ink:#1b2430;--soft:#4b5563;--card:#fff;--bg:#f5f7f8;--line:#cfd6dd;--control:#6b7686;--mark:#ffe9a8;--warn:#8a4b00;--good:#1a6b3c}
.box.dark{--accent:var(--gms-accent-dark,#7cc4e0);--on:#0b0f17;--ink:#eef1f6;--soft:#c3cad5;--card:#1a202c;--bg:#12161f;--line:#364152;--control:#8a94a6;--mark:#5c4a00;--warn:#ffc887;--good:#7fd6a3}.box *{box-sizing:border-box}button,input{font:inherit;color:inherit}
button{cursor:pointer;background:none;border:1px solid var(--control);border-radius:8px;padding:.3rem .7rem;min-height:2rem;color:var(--accent)}button.main{background:var(--accent);border-color:var(--accent);color:var(--on)}a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.launch{position:fixed;bottom:1.2rem;right:1.2rem;z-index:var(--gms-z,1000);border-radius:999px;padding:.7rem 1.2rem;box-shadow:0 3px 14px #0004}.left .launch{right:auto;left:1.2rem}
.panel{display:flex;flex-direction:column;background:var(--bg);border:1px solid var(--line);border-radius:12px;overflow:hidden;height:100%;min-height:24rem}
.float .panel{position:fixed;bottom:1.2rem;right:1.2rem;width:min(26rem,calc(100vw - 2.4rem));height:min(40rem,calc(100vh - 2.4rem));z-index:var(--gms-z,1000);box-shadow:0 6px 30px #0005}
.float.left .panel{right:auto;left:1.2rem}@media(max-width:480px){.float .panel,.float.left .panel{inset:0;width:100%;height:100%;border-radius:0;border:0}}.top{display:flex;gap:.5rem;align-items:center;justify-content:space-between;background:var(--card);border-bottom:1px solid var(--line);padding:.5rem .8rem}
.top .row{flex-wrap:nowrap;margin:0}.top button{font-size:.85rem;white-space:nowrap}h2{font-size:1rem;font-weight:650;margin:0}.log{flex:1;overflow:auto;padding:.8rem;overflow-wrap:anywhere}p{margin:.35rem 0}.note{font-size:.85rem;color:var(--soft)}
.asked{margin:.8rem 0 .5rem auto;width:fit-content;max-width:90%;background:var(--accent);color:var(--on);padding:.4rem .8rem;border-radius:10px}.answer{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem;margin:.5rem 0}.answer.no{border:1px dashed var(--control)}
.verdict{font-weight:650;font-size:.9rem;color:var(--good)}.no .verdict{color:var(--warn)}blockquote{margin:.5rem 0;padding-left:.7rem;border-left:3px solid var(--accent)}blockquote,.text{font-family:Charter,Georgia,serif}
.cite{font:600 .9rem var(--gms-font,system-ui,sans-serif);border:0;padding:0 .3rem;min-width:24px;min-height:24px;text-decoration:underline}.source{border:1px solid var(--control);border-radius:8px;padding:.6rem;margin:.4rem 0;background:var(--bg);max-height:20rem;overflow:auto}
.text{white-space:pre-wrap}mark{background:var(--mark);color:inherit}.row{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.5rem;align-items:center}form{display:flex;gap:.5rem;padding:.6rem .8rem;background:var(--card);border-top:1px solid var(--line)}
input{flex:1;min-width:0;background:var(--bg);border:1px solid var(--control);border-radius:8px;padding:.45rem .6rem}.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
[hidden]{display:none!important}`;

  const element = (name, attributes = {}, ...children) => {
    const created = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) created.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== false) created.setAttribute(key, value === true ? "" : value);
    }
    created.append(...children.filter((child) => child !== undefined && child !== ""));
    return created;
  };

  class Assistant extends HTMLElement {
    static observedAttributes = ["lang", "theme"];

    connectedCallback() {
      if (this.shadowRoot) return;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.base = new URL(`${(this.getAttribute("base") || new URL(".", script.src).href.replace(/widget\/\d+\/$/, "")).replace(/\/$/, "")}/`, document.baseURI);
      this.turns = [];
      this.inline = this.getAttribute("mode") === "inline";
      this.media = matchMedia("(prefers-color-scheme: dark)");
      this.media.addEventListener("change", () => this.applyStyle());
      this.build();
      if (!this.inline && this.getAttribute("open-on-load") === "true") this.open();
    }

    attributeChangedCallback(name) {
      if (!this.box) return;
      const unused = !this.running && !this.log.querySelector(".asked") && !this.field.value && (this.inline || this.panel.hidden);
      if (name === "lang" && unused) this.build(); // a widget in use is not rebuilt, because the user would lose what is typed or shown
      else this.applyStyle();
    }

    get language() {
      const language = (this.getAttribute("lang") || document.documentElement.lang || navigator.language).slice(0, 2);
      return TRANSLATIONS[language] ? language : "en";
    }

    text(key, values = {}) { return (TRANSLATIONS[this.language][key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""); }

    applyStyle() {
      const theme = this.getAttribute("theme") || "auto";
      const dark = theme === "dark" || (theme === "auto" && this.media.matches);
      this.box.className = `box ${dark ? "dark" : ""} ${this.inline ? "" : "float"} ${this.getAttribute("position") === "left" ? "left" : ""}`;
      this.box.lang = this.language;
    }

    build() {
      const title = this.getAttribute("title-text") || this.text("title");
      this.log = element("div", { class: "log", role: "log", "aria-live": "off", "aria-label": title, tabindex: "0" });
      this.status = element("p", { class: "hidden", role: "status" });
      this.field = element("input", { type: "text", maxlength: "2000", "aria-label": this.text("question"), placeholder: this.text("question"), autocomplete: "off" });
      this.send = element("button", { class: "main", type: "submit" }, this.text("ask"));
      const form = element("form", { onsubmit: (event) => { event.preventDefault(); if (this.running) this.running.abort(); else this.ask(this.field.value); } }, this.field, this.send);
      const close = this.inline ? undefined : element("button", { type: "button", onclick: () => this.close(), "aria-label": this.text("close") }, "✕");
      const clear = element("button", { type: "button", onclick: () => this.clear() }, this.text("clear"));
      this.panel = element("section", { class: "panel", "aria-label": title, role: this.inline ? "region" : "dialog", hidden: !this.inline },
        element("div", { class: "top" }, element("h2", {}, title), element("span", { class: "row" }, clear, close)), this.log, form, this.status);
      this.launcher = element("button", { class: "launch main", type: "button", hidden: this.inline, "aria-expanded": "false", onclick: () => this.open() }, this.text("launch"));
      this.box = element("div", {}, this.panel, this.launcher);
      this.box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.onEscape(event); });
      this.shadowRoot.replaceChildren(this.box);
      this.applyStyle();
      this.showIntro();
    }

    showIntro() {
      const privacy = element("a", { href: this.getAttribute("privacy-url") || new URL(`about/?lang=${this.language}#stored`, this.base), target: "_blank", rel: "noopener" }, this.text("privacy"));
      this.log.append(element("p", { class: "note" }, this.text("notice"), " ", privacy, " · ", this.chatLink("full_page")));
      let suggestions = [];
      try { suggestions = JSON.parse(this.getAttribute("suggestions") || "[]"); } catch { /* malformed attribute: no suggestions */ }
      if (Array.isArray(suggestions) && suggestions.length) this.log.append(this.questionButtons(suggestions));
    }

    chatLink(key) { return element("a", { href: new URL(`chat/?lang=${this.language}`, this.base), target: "_blank", rel: "noopener" }, this.text(key)); }

    questionButtons(questions, lang) {
      return element("div", { class: "row", lang }, ...questions.map((text) => element("button", { type: "button", onclick: () => this.ask(String(text)) }, String(text))));
    }

    emit(name, detail = {}) { this.dispatchEvent(new CustomEvent(`gms-${name}`, { bubbles: true, composed: true, detail })); }

    open() { this.setOpen(true); }

    close() { this.setOpen(false); }

    setOpen(open) {
      if (this.inline || this.panel.hidden !== open) return;
      this.panel.hidden = !open;
      this.launcher.hidden = open;
      this.launcher.setAttribute("aria-expanded", String(open));
      (open ? this.field : this.launcher).focus();
      this.emit(open ? "open" : "close");
    }

    clear() {
      this.running?.abort();
      this.turns = [];
      this.log.replaceChildren();
      this.showIntro();
      this.field.focus();
    }

    onEscape(event) {
      const source = event.composedPath().find((node) => node.classList?.contains("source")) || this.shadowRoot.querySelector(".source");
      if (!source && (this.inline || this.panel.hidden)) return; // leave the key to the host page
      if (source) { source.opener.focus(); source.opener.setAttribute("aria-expanded", "false"); source.remove(); } else this.close();
      event.stopPropagation();
    }

    async ask(question) {
      question = String(question).trim().slice(0, 2000);
      if (!question || this.running) return;
      this.open();
      this.field.value = "";
      const asked = element("p", { class: "asked" }, question);
      const container = element("div", { class: "answer" });
      this.log.append(asked, container);
      asked.scrollIntoView({ block: "start" });
      this.log.setAttribute("aria-busy", "true");
      this.status.textContent = this.text("busy");
      this.send.textContent = this.text("stop");
      this.running = new AbortController();
      try {
        const answer = await this.stream(question, container, this.running.signal);
        if (answer.verdict !== "about_me") this.turns = [...this.turns, { question, resolved_question: answer.resolved_question }].slice(-12);
        this.showAnswer(answer, container);
        this.status.textContent = this.text("done");
        this.emit("answer", answer);
        return answer;
      } catch (error) { // the error is shown in the widget, and the promise resolves to undefined
        const key = error.name === "AbortError" ? "stopped" : error.limited ? "limited" : "failed";
        container.className = "answer no";
        container.replaceChildren(error.signedOut ? element("p", {}, this.chatLink("sign_in")) : element("p", {}, error.detail || this.text(key)));
        this.status.textContent = container.textContent;
      } finally {
        this.running = undefined;
        this.send.textContent = this.text("ask");
        this.log.removeAttribute("aria-busy");
      }
    }

    // A server with a different origin receives the user's session cookie only if the attribute `sign-in` is set.
    fetch(path, options = {}) {
      return fetch(new URL(path, this.base), { ...options, credentials: this.hasAttribute("sign-in") ? "include" : "same-origin" });
    }

    async stream(question, container, signal) {
      const response = await this.fetch("api/v1/ask", {
        method: "POST", signal, headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
        body: JSON.stringify({ question, history: this.turns }),
      });
      if (!response.ok) {
        const problem = await response.json().catch(() => ({}));
        throw Object.assign(new Error(String(response.status)), { signedOut: response.status === 401, limited: response.headers.has("Retry-After") || response.status === 429, detail: response.status === 422 ? problem.detail : "" });
      }
      const paragraph = element("p", {});
      container.append(paragraph);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended early");
        const blocks = (buffer + value).split("\n\n");
        buffer = blocks.pop();
        for (const block of blocks) {
          const name = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (name === "delta") paragraph.append(JSON.parse(data).text);
          if (name === "done") return JSON.parse(data);
          if (name === "meta") paragraph.lang = JSON.parse(data).language;
          if (name === "error") throw new Error("error");
        }
      }
    }

    // Show a complete answer. Its text is split at each quote that is followed by its citation marker.
    showAnswer(answer, container) {
      container.className = `answer ${answer.abstained ? "no" : ""}`;
      const parts = [element("p", { class: "verdict" }, this.text(answer.verdict))];
      if (answer.resolved_question !== answer.question) parts.push(element("p", { class: "note" }, `${this.text("understood_as")} ${answer.resolved_question}`));
      let rest = answer.answer;
      for (;;) {
        const matches = answer.citations.map((citation) => ({ citation, quoted: `${citation.quote} [${citation.number}]` }))
          .map((match) => ({ ...match, offset: rest.indexOf(match.quoted) })).filter((match) => match.offset >= 0);
        const first = matches.sort((a, b) => a.offset - b.offset)[0];
        const text = (first ? rest.slice(0, first.offset) : rest).trim();
        if (text) parts.push(element("p", { lang: answer.language }, text));
        if (!first) break;
        parts.push(this.quote(first.citation));
        rest = rest.slice(first.offset + first.quoted.length);
      }
      for (const notice of answer.notices) parts.push(element("p", { class: "note" }, `${this.text(notice.kind)} ${notice.citations.map((number) => `[${number}]`).join(" ")}`));
      if (answer.closest.length) parts.push(element("p", {}, this.text("closest")), ...answer.closest.map((citation) => this.quote(citation)));
      if (answer.suggestions.length) parts.push(element("p", { class: "note" }, this.text("suggestions")), this.questionButtons(answer.suggestions, answer.language));
      if (answer.answer_id && answer.verdict !== "about_me") parts.push(this.ratingButtons(answer));
      container.replaceChildren(...parts);
    }

    quote(citation) {
      const cite = element("button", { class: "cite", type: "button", "aria-expanded": "false", "aria-label": this.text("source", { n: citation.number, title: citation.title }), onclick: () => this.toggleSource(citation, cite) }, `[${citation.number}]`);
      const characters = Array.from(citation.quote); // offsets count code points, as in Python
      const [start, end] = citation.answer ? [citation.answer.start - citation.start, citation.answer.end - citation.start] : [characters.length, characters.length];
      const part = (...range) => characters.slice(...range).join("");
      const marked = start < end ? element("mark", {}, part(start, end)) : "";
      return element("blockquote", {}, element("span", { lang: citation.language }, part(0, start), marked, part(end)), " ", cite);
    }

    async toggleSource(citation, cite) {
      const quote = cite.closest("blockquote");
      const closeSource = () => { quote.querySelector(".source")?.remove(); cite.setAttribute("aria-expanded", "false"); };
      if (quote.querySelector(".source")) return closeSource();
      const query = `start=${citation.start}&end=${citation.end}`;
      const id = encodeURIComponent(citation.passage_id);
      const panel = element("div", { class: "source", role: "group", tabindex: "-1", "aria-label": this.text("source", { n: citation.number, title: citation.title }) });
      panel.opener = cite;
      const closeButton = element("button", { type: "button", onclick: () => { closeSource(); cite.focus(); } }, this.text("close_source"));
      quote.append(panel);
      cite.setAttribute("aria-expanded", "true");
      try {
        const response = await this.fetch(`api/v1/passages/${id}?${query}`);
        if (!response.ok) throw Object.assign(new Error(String(response.status)), { status: response.status });
        const passage = await response.json();
        const before = Array.from(passage.before); // offsets count code points, as in Python
        const characters = [...before, ...Array.from(passage.text + passage.after)];
        const start = citation.start - passage.start + before.length;
        const end = citation.end - passage.start + before.length;
        const links = [element("a", { href: new URL(`sources/${id}?${query}&lang=${this.language}#quote`, this.base), target: "_blank", rel: "noopener" }, this.text("document"))];
        if (passage.public_url) links.push(element("a", { href: passage.public_url, target: "_blank", rel: "noopener noreferrer" }, this.text("public_page")));
        panel.append(
          element("strong", {}, [passage.title, ...passage.heading].join(" › ")),
          element("p", { class: "text", lang: passage.language }, characters.slice(0, start).join(""), element("mark", {}, characters.slice(start, end).join("")), characters.slice(end).join("")),
          element("p", { class: "row" }, ...links, closeButton),
        );
        panel.querySelector("mark").scrollIntoView({ block: "nearest" });
      } catch (error) {
        panel.append(element("p", {}, this.text(error.status === 404 ? "gone" : "failed")), closeButton);
      }
      panel.focus();
    }

    ratingButtons(answer) {
      const status = element("span", { class: "note", role: "status" });
      const buttons = ["good", "bad"].map((rating) => element("button", { type: "button", "aria-pressed": "false", onclick: () => rate(rating) }, this.text(rating)));
      const rate = async (rating) => {
        try {
          const response = await this.fetch("api/v1/feedback", {
            method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ answer_id: answer.answer_id, rating }),
          });
          if (!response.ok) throw new Error(String(response.status));
          buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(["good", "bad"][index] === rating)));
          status.textContent = this.text("rated");
          this.emit("feedback", { answer_id: answer.answer_id, rating });
        } catch {
          status.textContent = this.text("not_rated");
        }
      };
      return element("div", { class: "row" }, ...buttons, status);
    }
  }

  if (!customElements.get("gms-assistant")) customElements.define("gms-assistant", Assistant);
})();
