// The desk: dialogs, the note that is never lost, and where focus goes. Without this file every action is a page.
"use strict";
(() => {
  const body = document.body;
  const dialog = document.getElementById("dialog");
  body.classList.add("scripted");

  // Dialogs: a part that lands in the dialog opens it; done work and Escape close it.
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "dialog-body") return;
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector("textarea, input:not([type=hidden]), select, button, a");
    first?.focus();
    if (first?.matches("textarea")) first.setSelectionRange(first.value.length, first.value.length); // after the greeting
  });
  dialog?.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  dialog?.addEventListener("close", () => dialog.open || document.getElementById("dialog-body").replaceChildren());
  body.addEventListener("kc:done", () => dialog?.open && dialog.close());

  // A refused form comes back as its dialog, with what was typed: 422 and 409 are shown, not thrown away.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    const part = (xhr.getResponseHeader("content-type") ?? "").startsWith("text/html");
    if (part && (xhr.status === 422 || xhr.status === 409)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });

  // The note: kept in this browser until the server has it, so that neither a crash nor a lost connection loses a word.
  const key = (area) => `kc-note-${area.dataset.draft}`;
  body.addEventListener("input", (event) => {
    const area = event.target.closest("textarea[data-draft]");
    if (!area) return;
    try { localStorage.setItem(key(area), area.value); } catch { /* full or forbidden: the server still saves */ }
    const saved = document.getElementById("saved");
    if (saved) saved.textContent = "…";
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const area = document.querySelector("textarea[data-draft]");
    const sent = event.detail.requestConfig?.parameters?.note ?? event.detail.requestConfig?.formData?.get?.("note");
    if (!event.detail.successful || !area || typeof sent !== "string") return;
    try { if (localStorage.getItem(key(area)) === sent) localStorage.removeItem(key(area)); } catch { /* nothing kept */ }
  });
  function bringBack() {
    const area = document.querySelector("textarea[data-draft]");
    if (!area) return;
    let kept = null;
    try { kept = localStorage.getItem(key(area)); } catch { return; }
    if (kept === null || kept === area.defaultValue) return;
    area.value = kept;
    window.htmx?.trigger(area, "change");
  }
  document.addEventListener("DOMContentLoaded", () => setTimeout(bringBack));
  body.addEventListener("htmx:sseOpen", bringBack);
  window.addEventListener("online", bringBack);

  // What is being typed survives a part that is swapped under it.
  let typed = null;
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "work") return;
    const area = document.getElementById("note");
    typed = area && document.activeElement === area ? [area.dataset.draft, area.value, area.selectionStart] : null;
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "work") return;
    const area = document.getElementById("note");
    if (!typed || area?.dataset.draft !== typed[0]) return;
    area.value = typed[1];
    area.focus();
    area.setSelectionRange(typed[2], typed[2]);
    typed = null;
  });

  // What is typed in a step (its note, the item of the delegation) is kept in this browser until the step is done.
  const keptAs = (field) => `kc-keep-${field.dataset.keep}`;
  function forgetSteps(prefix) {
    try { for (const name of Object.keys(localStorage)) if (name.startsWith(`kc-keep-${prefix}`)) localStorage.removeItem(name); } catch { /* nothing kept */ }
  }
  body.addEventListener("input", ({ target }) => {
    if (!target.dataset?.keep) return;
    try { localStorage.setItem(keptAs(target), target.value); } catch { /* full or forbidden */ }
  });
  function bringBackSteps() {
    if (document.querySelector("#work.idle")) { forgetSteps(""); return; }
    for (const field of document.querySelectorAll("[data-keep]")) {
      let kept = null;
      try { kept = localStorage.getItem(keptAs(field)); } catch { return; }
      if (!kept || field.value) continue;
      field.value = kept;
      field.closest("details")?.setAttribute("open", "");
    }
  }
  body.addEventListener("htmx:afterRequest", ({ detail }) => {
    const done = detail.successful && detail.requestConfig.path.match(/^\/desk\/cases\/([^/]+)\/(steps|back|restart|classify)\b/);
    if (done) forgetSteps(`${decodeURIComponent(done[1])}-`);
  });

  // The address says which case is on the desk: a reload, a new login or a browser that died leads back to it.
  function settle() {
    bringBackSteps();
    const number = document.getElementById("work-case")?.value;
    if (location.pathname === "/desk" && new URLSearchParams(location.search).get("case") !== (number || null)) {
      history.replaceState(history.state, "", number ? `/desk?case=${encodeURIComponent(number)}` : "/desk");
    }
  }
  settle();
  body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "work") settle(); });

  // An offer takes focus only from somebody who does nothing else.
  function turnToOffer() {
    const take = document.querySelector("[data-focus-offer]");
    const busy = document.activeElement?.closest("input, textarea, select, dialog");
    if (take && !busy && document.querySelector("#work.idle")) take.focus();
  }
  body.addEventListener("htmx:afterSettle", (event) => { if (event.target.closest?.("#offer, #work")) turnToOffer(); });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === body && body.dataset.shortcuts === "on" && !dialog?.open) {
      document.querySelector("[data-focus-offer]")?.click();
    }
    if (event.key !== "Escape" || dialog?.open) return;
    const field = document.activeElement?.closest("input, textarea, select");
    if (!field) return;
    field.blur();
    document.querySelector("#work [data-focus]")?.focus();
  });

  // After-work: what is left of it, counted down.
  function countDown() {
    for (const node of document.querySelectorAll("[data-until]")) {
      const s = Math.max(0, Math.ceil(Number(node.dataset.until) - Date.now() / 1000));
      node.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    }
  }
  countDown();
  setInterval(countDown, 500);
})();
