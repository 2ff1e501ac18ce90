// Notes while nothing answers: kept in this browser, each with its time and key, until the server has said that it has it.
"use strict";
(() => {
  const NOTES = "kc-fallback-notes", DRAFT = "kc-fallback-draft";
  const root = document.getElementById("away-notes");
  const form = root.querySelector("form"), list = root.querySelector("ol"), said = root.querySelector("[role=status]");
  const bring = document.getElementById("bring-in"), words = form.elements.words, texts = root.dataset;
  root.hidden = false;
  const read = () => { try { return JSON.parse(localStorage.getItem(NOTES) ?? "[]"); } catch { return []; } };
  const write = (notes) => { try { localStorage.setItem(NOTES, JSON.stringify(notes)); return true; } catch { return false; } };
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const faults = new Map();

  function show() {
    const notes = read();
    list.replaceChildren(...notes.map((note) => {
      const line = document.createElement("li");
      const time = make("b", new Date(note.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" }));
      const away = make("button", texts.remove);
      away.type = "button";
      away.addEventListener("click", () => { if (confirm(texts.sure)) { write(read().filter((one) => one.key !== note.key)); show(); } });
      line.append(time, " ", [note.by, note.name, note.phone].filter(Boolean).join(", "), make("pre", note.words), make("p", faults.get(note.key) ?? ""), away);
      return line;
    }));
    bring.hidden = !notes.length;
    bring.textContent = `${texts.bring} (${notes.length})`;
  }

  try { words.value = localStorage.getItem(DRAFT) ?? ""; } catch { /* nothing kept */ }
  words.addEventListener("input", () => { try { localStorage.setItem(DRAFT, words.value); } catch { /* it stands in the field */ } });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const note = { ...Object.fromEntries(new FormData(form)), key, at: new Date().toISOString(), by: texts.person };
    if (!note.words.trim()) return;
    if (!write([...read(), note])) { said.textContent = texts.full; return; }
    form.reset();
    localStorage.removeItem(DRAFT);
    said.textContent = texts.kept;
    show();
    words.focus();
  });

  // The page may be the kept one: its token is that of another day, so a fresh one is fetched first.
  async function token() {
    const page = await fetch("/logout", { cache: "no-store", headers: { Accept: "text/html" } });
    if (page.redirected || !page.ok) return null;
    return new DOMParser().parseFromString(await page.text(), "text/html").querySelector('meta[name="csrf"]')?.content ?? null;
  }
  async function bringIn() {
    const csrf = await token();
    if (!csrf) { said.textContent = texts.login; return; }
    const made = [];
    for (const note of read()) {
      const answer = await fetch("/fallback/notes", { method: "POST", headers: { "X-CSRF-Token": csrf, Accept: "application/json" }, body: new URLSearchParams(note) });
      if (answer.redirected || answer.status === 401) { said.textContent = texts.login; return; }
      const told = await answer.json().catch(() => ({}));
      if (answer.ok && told.number) { write(read().filter((one) => one.key !== note.key)); made.push(told.number); }
      else faults.set(note.key, [told.title, ...(told.errors ?? []).map((one) => one.detail)].filter(Boolean).join(" ") || texts.failed);
    }
    said.replaceChildren(texts.brought, " ", ...made.flatMap((number) => [Object.assign(make("a", number), { href: `/cases/${number}` }), " "]));
  }
  bring.addEventListener("click", async () => {
    bring.disabled = true;
    try { await bringIn(); } catch { said.textContent = texts.failed; }
    bring.disabled = false;
    show();
  });
  show();

  // Searching without a server: what does not hold every word is hidden.
  document.getElementById("q").addEventListener("input", ({ target }) => {
    const asked = target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const part of document.querySelectorAll("[data-find]")) {
      const text = part.dataset.find.toLowerCase();
      part.hidden = !asked.every((word) => text.includes(word));
    }
  });
})();
