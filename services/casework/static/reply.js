// A reply that is being written: no word of it is lost, whatever closes the dialog. Without this file it is a page.
"use strict";
(() => {
  const body = document.body;
  const dialog = document.getElementById("dialog");
  const key = (area) => `kc-reply-${area.dataset.reply}`;
  const area = () => document.querySelector("textarea[data-reply]");
  const forget = (name) => { try { localStorage.removeItem(name); } catch { /* nothing kept */ } };

  // Kept in this browser until the server has it.
  body.addEventListener("input", (event) => {
    const text = event.target.closest("textarea[data-reply]");
    if (!text) return;
    try { localStorage.setItem(key(text), text.value); } catch { /* full or forbidden: the server still saves */ }
    const saved = document.getElementById("reply-saved");
    if (saved) saved.textContent = "…";
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const { successful, requestConfig } = event.detail;
    const found = requestConfig?.path?.match(/^\/desk\/cases\/([^/]+)\/reply(\/draft|\/template)?$/);
    const sent = requestConfig?.formData?.get?.("text") ?? requestConfig?.parameters?.text;
    if (!successful || !found || requestConfig.verb !== "post" || typeof sent !== "string") return;
    const name = `kc-reply-${decodeURIComponent(found[1])}`;
    try { if (localStorage.getItem(name) === sent) forget(name); } catch { /* nothing kept */ }
  });

  // A dialog that opens shows what this browser kept and the server never got.
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "dialog-body") return;
    const text = area();
    if (!text) return;
    let kept = null;
    try { kept = localStorage.getItem(key(text)); } catch { return; }
    if (kept === null || kept === text.value) return;
    text.value = kept;
    window.htmx?.trigger(text, "kc:save");
  });

  // Closed before the last words were saved: they go now, whatever becomes of the dialog.
  function flush() {
    const text = area();
    if (!text) return;
    let kept = null;
    try { kept = localStorage.getItem(key(text)); } catch { return; }
    if (kept === null) return;
    const name = key(text), form = new URLSearchParams({ text: kept });
    const headers = { "X-CSRF-Token": window.kontaktcenter.csrf(), "HX-Request": "true" };
    fetch(`/desk/cases/${encodeURIComponent(text.dataset.reply)}/reply/draft`, { method: "POST", headers, body: form, keepalive: true })
      .then((answer) => { if (answer.ok && localStorage.getItem(name) === kept) forget(name); })
      .catch(() => { /* it stays in this browser */ });
  }
  dialog?.addEventListener("close", flush, { capture: true });
  window.addEventListener("pagehide", flush);

  // A refused reply comes back as the dialog with what was typed: it is shown, not thrown away.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    const page = (xhr.getResponseHeader("content-type") ?? "").startsWith("text/html");
    if (page && target?.id === "dialog-body" && (xhr.status === 422 || xhr.status === 409)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  // Taken back: the dialog is there again, with the words.
  body.addEventListener("kc:write", () => document.querySelector('.foot a[data-key="S"]')?.click());

  // How many SMS it is changes with the way it goes.
  body.addEventListener("change", (event) => {
    if (event.target.matches?.('#reply-form input[name="channel"]') && area()) window.htmx?.trigger(area(), "kc:save");
  });
})();
