// What every page does: token on htmx requests, errors said politely, running times, shortcuts. No page needs it to work.
"use strict";
(() => {
  const body = document.body;
  const notices = document.getElementById("notices");
  const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

  let notedAt = 0;
  function notify(text, kind = "warn") {
    notedAt = performance.now();
    const inside = document.querySelector("dialog[open] .dialog-notices");
    notices.replaceChildren();
    inside?.replaceChildren();
    if (!text) return;
    const box = document.createElement("div");
    box.className = `alert ${kind}`;
    box.textContent = text;
    (inside ?? notices).append(box);
  }

  // htmx: the token goes along; what the server starts itself does not keep a login alive.
  body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrf();
    const cause = event.detail.triggeringEvent?.type ?? "";
    if (!cause || cause.startsWith("sse:")) event.detail.headers["X-Background"] = "1";
  });
  function complain(xhr) {
    let text = body.dataset.textFailed;
    try {
      const problem = JSON.parse(xhr.responseText);
      const faults = (problem.errors ?? []).map((fault) => fault.detail).join(" ");
      text = [problem.title, problem.detail, faults].filter(Boolean).join(" ");
    } catch { /* not a problem document: the general text stands */ }
    notify(text, "bad");
  }
  // What she did well takes an older notice away; what the server pushes, or what came while it was under way, does not.
  // Answers are heard at the request itself: htmx says what came of it at the part that asked, and a part that the
  // stream has swapped out meanwhile is heard by nobody.
  body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const began = performance.now();
    const asked = detail.requestConfig.headers["X-Background"] !== "1";
    detail.xhr.addEventListener("error", () => notify(body.dataset.textOffline, "bad"));
    detail.xhr.addEventListener("loadend", () => {
      if (detail.failed && detail.xhr.status >= 400) complain(detail.xhr);
      else if (detail.successful && asked && began > notedAt) notify("");
    });
  });
  // A live part may be shown anew while what she pressed in it is under way: what comes of it lands in the part that
  // stands there now, and is told to the page. What the server pushed itself is let go: a newer one stands there.
  body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.requestConfig.headers["X-Background"] === "1") return;
    const { elt } = detail.requestConfig;
    detail.xhr.addEventListener("readystatechange", () => {
      if (detail.xhr.readyState !== XMLHttpRequest.DONE || detail.xhr.status === 0) return;
      if (!detail.target.isConnected) detail.target = document.getElementById(detail.target.id) ?? detail.target;
      const told = elt.isConnected ? "" : detail.xhr.getResponseHeader("HX-Trigger");
      if (told) body.dispatchEvent(new CustomEvent(told, { bubbles: true }));
    });
  });

  // A press is not lost because its button is shown anew between down and up: what is live waits for the finger.
  let pressed = false;
  let held = [];
  function press() { pressed = true; }
  function release() {
    pressed = false;
    const all = held;
    held = [];
    if (all.length) setTimeout(() => { for (const go of all) go(); }); // after the click that this press becomes
  }
  document.addEventListener("pointerdown", press, true);
  document.addEventListener("keydown", (event) => { if (event.key === " " && event.target.matches?.("button, summary")) press(); }, true);
  for (const sign of ["pointerup", "pointercancel", "keyup", "dragend"]) document.addEventListener(sign, () => { if (pressed) release(); }, true);
  window.addEventListener("blur", () => { if (pressed) release(); });
  body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, headers, triggeringEvent } = detail.requestConfig;
    if (!pressed || headers["X-Background"] !== "1") return;
    detail.shouldSwap = false;
    if (triggeringEvent) held.push(() => { if (elt.isConnected) window.htmx.trigger(elt, triggeringEvent.type); }); // else the clock asks again
  });
  body.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (!pressed || !event.target.hasAttribute("sse-swap")) return;
    event.preventDefault();
    const { target, type, data } = event.detail;
    held.push(() => target.dispatchEvent(new MessageEvent(type, { data })));
  });

  // What she has opened stays open when the part around it is shown anew.
  body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const open = [...detail.target.querySelectorAll("details[id][open]")].map((one) => one.id);
    if (!open.length || detail.requestConfig.headers["X-Background"] !== "1") return;
    detail.target.addEventListener("htmx:afterSwap", () => { for (const id of open) document.getElementById(id)?.setAttribute("open", ""); }, { once: true });
  });

  // One dialog at a time: the last one that was asked for, and none over one that has opened meanwhile.
  let opening = null;
  body.addEventListener("htmx:beforeRequest", (event) => {
    const { target, requestConfig, xhr } = event.detail;
    if (target.id !== "dialog-body" || requestConfig.verb !== "get") return;
    const dialog = target.closest("dialog");
    if (dialog?.open && !dialog.contains(requestConfig.elt)) { event.preventDefault(); return; }
    opening?.abort();
    opening = xhr;
    xhr.addEventListener("loadend", () => { if (opening === xhr) opening = null; });
  });
  body.addEventListener("htmx:sseError", () => body.classList.add("offline"));
  body.addEventListener("htmx:sseOpen", () => body.classList.remove("offline"));

  // Focus lands where the work goes on: a swapped part names its place with data-focus.
  // What the server pushes or a background fetch brings takes focus only when nothing has it.
  // Where she was led stays hers when a push takes it away and the next one brings it back.
  let led = "";
  body.addEventListener("focusin", ({ target }) => { if (target.id !== led) led = ""; });
  body.addEventListener("htmx:afterSettle", (event) => {
    const part = event.target;
    const request = event.detail.requestConfig;
    const asked = request && request.headers["X-Background"] !== "1";
    const idle = document.activeElement === body || document.activeElement === null;
    const named = part.matches?.("[data-focus]") ? part : part.querySelector?.("[data-focus]");
    const place = named ?? (idle && led ? document.getElementById(led) : null);
    if (!place?.isConnected || !(asked || idle)) return;
    place.focus();
    led = place.id;
  });

  // The same after a whole page: a form without scripts, or a reload.
  if (document.activeElement === body) document.querySelector("[data-focus]")?.focus({ preventScroll: true });

  // A part that scrolls and holds nothing to press is reached by Tab, and read on by the arrows, in every browser.
  function reachable() {
    for (const node of document.querySelectorAll("main *, dialog *")) {
      const scrolls = node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY);
      if (scrolls && !node.matches("textarea, select") && !node.hasAttribute("tabindex") && !node.querySelector("a, button, input, textarea, select, summary")) {
        node.tabIndex = 0;
      }
    }
  }
  reachable();
  body.addEventListener("htmx:afterSettle", () => requestAnimationFrame(reachable));
  window.addEventListener("resize", reachable);

  // Running times: text only, once a second, never read aloud.
  const pad = (n) => String(n).padStart(2, "0");
  function tick() {
    for (const node of document.querySelectorAll("[data-since]")) {
      const s = Math.max(0, Math.floor(Date.now() / 1000 - Number(node.dataset.since)));
      const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
      node.textContent = h ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
    }
  }
  tick();
  setInterval(tick, 1000);

  // Escape, or a press elsewhere, closes the menu under one's name; focus goes back to where it was opened.
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu-box[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu-box[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // Ctrl+Enter sends what is being written; the note of a case is saved as it is typed and has nothing to send.
  document.addEventListener("keydown", (event) => {
    const area = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? event.target.closest("textarea:not([data-draft])") : null;
    if (!area?.form || event.repeat) return;
    event.preventDefault();
    // By its own button: a form with several would else go where the last one pressed leads.
    const send = area.form.querySelector("button.primary:not([formaction])");
    if (send) send.click(); else area.form.requestSubmit();
  });

  // Shortcuts: letters and digits when no field has focus, Alt+digit always, off when the person says so.
  const typing = (node) => node?.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  function wanted(event) {
    const digit = /^Digit[0-9]$/.test(event.code) ? event.code.slice(5) : "";
    if (event.altKey) return digit ? `Alt+${digit}` : `Alt+${event.key.toUpperCase()}`;
    return event.key.length === 1 ? event.key.toUpperCase() : event.key;
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.defaultPrevented || event.repeat) return;
    if (body.dataset.shortcuts === "off" || (typing(event.target) && !event.altKey)) return;
    const key = wanted(event);
    if (key === "Enter" && event.target.closest("a, button, summary, dialog")) return;
    const scope = document.querySelector("dialog[open]") ?? document;
    const named = `[data-key="${CSS.escape(key)}"]`;
    const near = event.target.closest?.("[data-keys]"); // where one stands, a group has keys of its own
    for (const node of [...(near?.querySelectorAll(named) ?? []), ...scope.querySelectorAll(named)]) {
      if (node.disabled || !node.checkVisibility()) continue;
      event.preventDefault();
      if (typing(node)) { node.focus(); node.select?.(); } else {
        node.click();
        const then = node.matches("input") && node.closest("[data-then]")?.dataset.then; // what is asked next
        if (node.matches("input")) (document.getElementById(then) ?? node).focus();
      }
      return;
    }
  });

  window.kontaktcenter = { notify, csrf };
})();
