// <gms-assistant>: the assistant on any page. One file, no dependency, no cookie.
// Words from the server and from readers are only ever set as text.
"use strict";
(() => {
  const script = document.currentScript;
  const WORDS = {
    en: {
      title: "Collaboration assistant", open: "Ask the assistant", close: "Close", ask: "Ask", stop: "Stop", field: "Your question",
      notice: "Answers are sentences from our texts, found by a computer program (AI). Don't write personal or patient data.",
      privacy: "What is stored", busy: "Looking for an answer", done: "The answer is there.", failed: "No answer: the assistant can't be reached. Try again.",
      slow: "Many are asking at the moment. Try again in a moment.", answered: "Answer", unclear: "No clear answer in the texts",
      not_covered: "Not in the texts", about_me: "About the assistant", closest: "Closest passages, not an answer:", more: "You can also ask",
      understood: "Understood as:", source: "Source {n}: {title}", whole: "Read the whole text", public: "Public page", back: "Close the source",
      good: "Helpful", bad: "Not helpful", thanks: "Thank you. Your feedback is stored.", lost: "Your feedback could not be stored.", new: "New conversation",
      stopped: "Stopped.", full: "Open on a page of its own", sign_in: "Sign in to ask", disagree: "These passages disagree.", changed: "The text changed since it was indexed.", gone: "This text is no longer in the collection.",
    },
    sv: {
      title: "Samverkansassistenten", open: "Fråga assistenten", close: "Stäng", ask: "Fråga", stop: "Stoppa", field: "Din fråga",
      notice: "Svaren är meningar ur våra texter, hittade av ett datorprogram (AI). Skriv inga person- eller patientuppgifter.",
      privacy: "Vad som sparas", busy: "Letar efter ett svar", done: "Svaret är klart.", failed: "Inget svar: assistenten kan inte nås. Försök igen.",
      slow: "Många frågar just nu. Försök igen om en stund.", answered: "Svar", unclear: "Inget tydligt svar i texterna",
      not_covered: "Finns inte i texterna", about_me: "Om assistenten", closest: "Närmaste stycken, inget svar:", more: "Du kan också fråga",
      understood: "Uppfattat som:", source: "Källa {n}: {title}", whole: "Läs hela texten", public: "Publik sida", back: "Stäng källan",
      good: "Till hjälp", bad: "Inte till hjälp", thanks: "Tack. Din återkoppling är sparad.", lost: "Din återkoppling kunde inte sparas.", new: "Nytt samtal",
      stopped: "Stoppat.", full: "Öppna på en egen sida", sign_in: "Logga in för att fråga", disagree: "De här styckena säger emot varandra.", changed: "Texten har ändrats sedan den indexerades.", gone: "Texten finns inte längre i samlingen.",
    },
  };
  // The inner box begins from nothing: rules of the host page such as `* { letter-spacing }` reach the host element only.
  const CSS = `
.box{all:initial;display:block;font:16px/1.5 var(--gms-font,system-ui,sans-serif);color:var(--ink);--accent:var(--gms-accent,#0b4f6c);--on:#fff;--ink:#1b2430;--soft:#4b5563;--card:#fff;--bg:#f5f7f8;--line:#cfd6dd;--control:#6b7686;--mark:#ffe9a8;--warn:#8a4b00;--good:#1a6b3c}
.box.dark{--accent:var(--gms-accent-dark,#7cc4e0);--on:#0b0f17;--ink:#eef1f6;--soft:#c3cad5;--card:#1a202c;--bg:#12161f;--line:#364152;--control:#8a94a6;--mark:#5c4a00;--warn:#ffc887;--good:#7fd6a3}
.box *{box-sizing:border-box}
button,input{font:inherit;color:inherit}
button{cursor:pointer;background:none;border:1px solid var(--control);border-radius:8px;padding:.3rem .7rem;min-height:2rem;color:var(--accent)}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on)}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.launch{position:fixed;bottom:1.2rem;right:1.2rem;z-index:var(--gms-z,1000);border-radius:999px;padding:.7rem 1.2rem;box-shadow:0 3px 14px #0004}
.left .launch{right:auto;left:1.2rem}
.panel{display:flex;flex-direction:column;background:var(--bg);border:1px solid var(--line);border-radius:12px;overflow:hidden;height:100%;min-height:24rem}
.float .panel{position:fixed;bottom:1.2rem;right:1.2rem;width:min(26rem,calc(100vw - 2.4rem));height:min(40rem,calc(100vh - 2.4rem));z-index:var(--gms-z,1000);box-shadow:0 6px 30px #0005}
.float.left .panel{right:auto;left:1.2rem}
@media(max-width:480px){.float .panel,.float.left .panel{inset:0;width:100%;height:100%;border-radius:0;border:0}}
.top{display:flex;gap:.5rem;align-items:center;justify-content:space-between;background:var(--card);border-bottom:1px solid var(--line);padding:.5rem .8rem}
.top .row{flex-wrap:nowrap;margin:0}.top button{font-size:.85rem;white-space:nowrap}
h2{font-size:1rem;font-weight:650;margin:0}
.log{flex:1;overflow:auto;padding:.8rem;overflow-wrap:anywhere}
p{margin:.35rem 0}
.note{font-size:.85rem;color:var(--soft)}
.asked{margin:.8rem 0 .5rem auto;width:fit-content;max-width:90%;background:var(--accent);color:var(--on);padding:.4rem .8rem;border-radius:10px}
.answer{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem;margin:.5rem 0}
.answer.no{border:1px dashed var(--control)}
.verdict{font-weight:650;font-size:.9rem;color:var(--good)}.no .verdict{color:var(--warn)}
blockquote{margin:.5rem 0;padding-left:.7rem;border-left:3px solid var(--accent)}
blockquote,.text{font-family:Charter,Georgia,serif}
.cite{font:600 .9rem var(--gms-font,system-ui,sans-serif);border:0;padding:0 .3rem;min-width:24px;min-height:24px;text-decoration:underline}
.source{border:1px solid var(--control);border-radius:8px;padding:.6rem;margin:.4rem 0;background:var(--bg);max-height:20rem;overflow:auto}
.text{white-space:pre-wrap}mark{background:var(--mark);color:inherit}
.row{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.5rem;align-items:center}
form{display:flex;gap:.5rem;padding:.6rem .8rem;background:var(--card);border-top:1px solid var(--line)}
input{flex:1;min-width:0;background:var(--bg);border:1px solid var(--control);border-radius:8px;padding:.45rem .6rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
[hidden]{display:none!important}`;

  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== undefined && child !== ""));
    return made;
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
      this.media.addEventListener("change", () => this.paint());
      this.build();
      if (!this.inline && this.getAttribute("open-on-load") === "true") this.open();
    }

    attributeChangedCallback(name) {
      if (!this.box) return;
      const fresh = !this.running && !this.log.querySelector(".asked") && !this.field.value && (this.inline || this.panel.hidden);
      if (name === "lang" && fresh) this.build(); // what somebody wrote or reads is not taken away
      else this.paint();
    }

    get words() {
      const language = (this.getAttribute("lang") || document.documentElement.lang || navigator.language).slice(0, 2);
      return WORDS[language] ? { code: language, ...WORDS[language] } : { code: "en", ...WORDS.en };
    }

    say(key, values = {}) { return (this.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""); }

    paint() {
      const theme = this.getAttribute("theme") || "auto";
      const dark = theme === "dark" || (theme === "auto" && this.media.matches);
      this.box.className = `box ${dark ? "dark" : ""} ${this.inline ? "" : "float"} ${this.getAttribute("position") === "left" ? "left" : ""}`;
      this.box.lang = this.words.code;
    }

    build() {
      const title = this.getAttribute("title-text") || this.say("title");
      this.log = make("div", { class: "log", role: "log", "aria-live": "off", "aria-label": title, tabindex: "0" });
      this.status = make("p", { class: "hidden", role: "status" });
      this.field = make("input", { type: "text", maxlength: "2000", "aria-label": this.say("field"), placeholder: this.say("field"), autocomplete: "off" });
      this.send = make("button", { class: "main", type: "submit" }, this.say("ask"));
      const form = make("form", { onsubmit: (event) => { event.preventDefault(); if (this.running) this.running.abort(); else this.ask(this.field.value); } }, this.field, this.send);
      const close = this.inline ? undefined : make("button", { type: "button", onclick: () => this.close(), "aria-label": this.say("close") }, "✕");
      const fresh = make("button", { type: "button", onclick: () => this.clear() }, this.say("new"));
      this.panel = make("section", { class: "panel", "aria-label": title, role: this.inline ? "region" : "dialog", hidden: !this.inline },
        make("div", { class: "top" }, make("h2", {}, title), make("span", { class: "row" }, fresh, close)), this.log, form, this.status);
      this.launcher = make("button", { class: "launch main", type: "button", hidden: this.inline, "aria-expanded": "false", onclick: () => this.open() }, this.say("open"));
      this.box = make("div", {}, this.panel, this.launcher);
      this.box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.escape(event); });
      this.shadowRoot.replaceChildren(this.box);
      this.paint();
      this.greet();
    }

    greet() {
      const privacy = make("a", { href: this.getAttribute("privacy-url") || new URL(`about/?lang=${this.words.code}#stored`, this.base), target: "_blank", rel: "noopener" }, this.say("privacy"));
      this.log.append(make("p", { class: "note" }, this.say("notice"), " ", privacy, " · ", this.chat("full")));
      let suggestions = [];
      try { suggestions = JSON.parse(this.getAttribute("suggestions") || "[]"); } catch { /* the host page's own mistake: no suggestions */ }
      if (Array.isArray(suggestions) && suggestions.length) this.log.append(this.questions(suggestions));
    }

    chat(key) { return make("a", { href: new URL(`chat/?lang=${this.words.code}`, this.base), target: "_blank", rel: "noopener" }, this.say(key)); }

    questions(list, lang) {
      return make("div", { class: "row", lang }, ...list.map((text) => make("button", { type: "button", onclick: () => this.ask(String(text)) }, String(text))));
    }

    tell(name, detail = {}) { this.dispatchEvent(new CustomEvent(`gms-${name}`, { bubbles: true, composed: true, detail })); }

    open() {
      if (this.inline || !this.panel.hidden) return;
      this.panel.hidden = false;
      this.launcher.hidden = true;
      this.launcher.setAttribute("aria-expanded", "true");
      this.field.focus();
      this.tell("open");
    }

    close() {
      if (this.inline || this.panel.hidden) return;
      this.panel.hidden = true;
      this.launcher.hidden = false;
      this.launcher.setAttribute("aria-expanded", "false");
      this.launcher.focus();
      this.tell("close");
    }

    clear() {
      this.running?.abort();
      this.turns = [];
      this.log.replaceChildren();
      this.greet();
      this.field.focus();
    }

    escape(event) {
      const source = event.composedPath().find((one) => one.classList?.contains("source")) || this.shadowRoot.querySelector(".source");
      if (!source && (this.inline || this.panel.hidden)) return; // the host page's own
      if (source) { source.opener.focus(); source.opener.setAttribute("aria-expanded", "false"); source.remove(); } else this.close();
      event.stopPropagation();
    }

    async ask(question) {
      question = String(question).trim().slice(0, 2000);
      if (!question || this.running) return undefined;
      this.open();
      this.field.value = "";
      const asked = make("p", { class: "asked" }, question);
      const place = make("div", { class: "answer" });
      this.log.append(asked, place);
      asked.scrollIntoView({ block: "start" });
      this.log.setAttribute("aria-busy", "true");
      this.status.textContent = this.say("busy");
      this.send.textContent = this.say("stop");
      this.running = new AbortController();
      try {
        const answer = await this.stream(question, place, this.running.signal);
        if (answer.verdict !== "about_me") this.turns = [...this.turns, { question, resolved_question: answer.resolved_question }].slice(-12);
        this.show(answer, place);
        this.status.textContent = this.say("done");
        this.tell("answer", answer);
        return answer;
      } catch (error) {
        const key = error.name === "AbortError" ? "stopped" : error.later ? "slow" : "failed";
        place.className = "answer no";
        place.replaceChildren(error.outside ? make("p", {}, this.chat("sign_in")) : make("p", {}, error.detail || this.say(key)));
        this.status.textContent = place.textContent;
        return undefined;
      } finally {
        this.running = undefined;
        this.send.textContent = this.say("ask");
        this.log.removeAttribute("aria-busy");
      }
    }

    // The reader's session goes along only where the page says so: `sign-in`.
    fetch(path, options = {}) {
      return fetch(new URL(path, this.base), { ...options, credentials: this.hasAttribute("sign-in") ? "include" : "same-origin" });
    }

    async stream(question, place, signal) {
      const response = await this.fetch("api/v1/ask", {
        method: "POST", signal, headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
        body: JSON.stringify({ question, history: this.turns }),
      });
      if (!response.ok) {
        const problem = await response.json().catch(() => ({}));
        throw Object.assign(new Error(String(response.status)), { outside: response.status === 401, later: response.headers.has("Retry-After") || response.status === 429, detail: response.status === 422 ? problem.detail : "" });
      }
      const words = make("p", {});
      place.append(words);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended early");
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const name = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (name === "delta") words.append(JSON.parse(data).text);
          if (name === "done") return JSON.parse(data);
          if (name === "meta") words.lang = JSON.parse(data).language;
          if (name === "error") throw new Error("error");
        }
      }
    }

    // The whole answer, its quotes as quotes: the text is cut where each quote stands with its marker.
    show(answer, place) {
      place.className = `answer ${answer.abstained ? "no" : ""}`;
      const parts = [make("p", { class: "verdict" }, this.say(answer.verdict))];
      if (answer.resolved_question !== answer.question) parts.push(make("p", { class: "note" }, `${this.say("understood")} ${answer.resolved_question}`));
      let rest = answer.answer;
      for (;;) {
        const found = answer.citations.map((one) => [rest.indexOf(`${one.quote} [${one.number}]`), one]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0])[0];
        const own = (found ? rest.slice(0, found[0]) : rest).trim();
        if (own) parts.push(make("p", { lang: answer.language }, own));
        if (!found) break;
        parts.push(this.quote(found[1]));
        rest = rest.slice(found[0] + found[1].quote.length + ` [${found[1].number}]`.length);
      }
      for (const notice of answer.notices) parts.push(make("p", { class: "note" }, `${this.say(notice.kind)} ${notice.citations.map((one) => `[${one}]`).join(" ")}`));
      if (answer.closest.length) parts.push(make("p", {}, this.say("closest")), ...answer.closest.map((one) => this.quote(one)));
      if (answer.suggestions.length) parts.push(make("p", { class: "note" }, this.say("more")), this.questions(answer.suggestions, answer.language));
      if (answer.answer_id && answer.verdict !== "about_me") parts.push(this.rating(answer));
      place.replaceChildren(...parts);
    }

    quote(citation) {
      const cite = make("button", { class: "cite", type: "button", "aria-expanded": "false", "aria-label": this.say("source", { n: citation.number, title: citation.title }), onclick: () => this.source(citation, cite) }, `[${citation.number}]`);
      return make("blockquote", {}, make("span", { lang: citation.language }, citation.quote), " ", cite);
    }

    async source(citation, cite) {
      const quote = cite.closest("blockquote");
      const shut = () => { quote.querySelector(".source")?.remove(); cite.setAttribute("aria-expanded", "false"); };
      if (quote.querySelector(".source")) return shut();
      const query = `start=${citation.start}&end=${citation.end}`;
      const id = encodeURIComponent(citation.passage_id);
      const place = make("div", { class: "source", role: "group", tabindex: "-1", "aria-label": this.say("source", { n: citation.number, title: citation.title }) });
      place.opener = cite;
      const back = make("button", { type: "button", onclick: () => { shut(); cite.focus(); } }, this.say("back"));
      quote.append(place);
      cite.setAttribute("aria-expanded", "true");
      try {
        const response = await this.fetch(`api/v1/passages/${id}?${query}`);
        if (!response.ok) throw Object.assign(new Error(String(response.status)), { status: response.status });
        const passage = await response.json();
        const before = Array.from(passage.before); // offsets count characters as Python does
        const all = [...before, ...Array.from(passage.text + passage.after)];
        const from = citation.start - passage.start + before.length;
        const to = citation.end - passage.start + before.length;
        const links = [make("a", { href: new URL(`sources/${id}?${query}&lang=${this.words.code}#quote`, this.base), target: "_blank", rel: "noopener" }, this.say("whole"))];
        if (passage.public_url) links.push(make("a", { href: passage.public_url, target: "_blank", rel: "noopener noreferrer" }, this.say("public")));
        place.append(
          make("strong", {}, [passage.title, ...passage.heading].join(" › ")),
          make("p", { class: "text", lang: passage.language }, all.slice(0, from).join(""), make("mark", {}, all.slice(from, to).join("")), all.slice(to).join("")),
          make("p", { class: "row" }, ...links, back),
        );
        place.querySelector("mark").scrollIntoView({ block: "nearest" });
      } catch (error) {
        place.append(make("p", {}, this.say(error.status === 404 ? "gone" : "failed")), back);
      }
      place.focus();
    }

    rating(answer) {
      const told = make("span", { class: "note", role: "status" });
      const buttons = ["good", "bad"].map((rating) => make("button", { type: "button", "aria-pressed": "false", onclick: () => rate(rating) }, this.say(rating)));
      const rate = async (rating) => {
        try {
          const response = await this.fetch("api/v1/feedback", {
            method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ answer_id: answer.answer_id, rating }),
          });
          if (!response.ok) throw new Error(String(response.status));
          buttons.forEach((one, at) => one.setAttribute("aria-pressed", String(["good", "bad"][at] === rating)));
          told.textContent = this.say("thanks");
          this.tell("feedback", { answer_id: answer.answer_id, rating });
        } catch {
          told.textContent = this.say("lost");
        }
      };
      return make("div", { class: "row" }, ...buttons, told);
    }
  }

  if (!customElements.get("gms-assistant")) customElements.define("gms-assistant", Assistant);
})();
