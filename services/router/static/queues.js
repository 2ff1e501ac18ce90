// The supervisor's page: rows by keyboard, acts in a dialog, and a live part that keeps what one is at.
"use strict";
(() => {
  const body = document.body;
  const floor = document.getElementById("floor");
  const dialog = document.getElementById("dialog");
  body.classList.add("scripted");

  // Rows: J and K or the arrows within a part, 1 to 3 between parts; what is chosen stays so when the floor is shown anew.
  let marked = "";
  const rows = (part) => [...(part?.querySelectorAll("[data-row]") ?? [])];
  const rowOf = (node) => node?.closest?.("[data-row]");
  function go(row) {
    if (!row) return;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }
  function mark(row) {
    for (const other of floor.querySelectorAll(".marked")) other.classList.remove("marked");
    row.classList.add("marked");
    marked = row.id;
  }
  floor.addEventListener("focusin", (event) => { const row = rowOf(event.target); if (row) mark(row); });
  floor.addEventListener("click", (event) => {
    const row = rowOf(event.target);
    if (row && !event.target.closest("a, button")) go(row);
  });
  const chosen = () => rowOf(document.activeElement) ?? (marked ? document.getElementById(marked) : null);
  function step(by) {
    const now = chosen();
    if (!now) return go(floor.querySelector("#part-contacts [data-row]") ?? floor.querySelector("[data-row]"));
    const all = rows(now.closest(".part"));
    go(all[Math.min(all.length - 1, Math.max(0, all.indexOf(now) + by))]);
  }
  const PARTS = { 1: "part-queues", 2: "part-contacts", 3: "part-agents" };
  const STEPS = { J: 1, ArrowDown: 1, K: -1, ArrowUp: -1 };
  const typing = (node) => node?.closest?.("input, textarea, select, [contenteditable], details[open]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog.open || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (key.length === 1 && body.dataset.shortcuts === "off") return;
    if (key in STEPS) { event.preventDefault(); step(STEPS[key]); }
    else if (key in PARTS) { const part = document.getElementById(PARTS[key]); go(part?.querySelector(".chosen, .marked") ?? rows(part)[0]); }
    else if (key === "Enter" && event.target.matches?.("[data-row]")) event.target.querySelector("[data-enter]")?.click();
  });

  // A key of the legend does its act on the row that is chosen.
  document.querySelector(".keys").addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-do]")?.dataset.do;
    if (!wanted) return;
    const act = chosen()?.querySelector(`[data-act="${wanted}"]`);
    if (act) act.click();
    else window.kontaktcenter.notify(document.querySelector(".keys").dataset.none, "info");
  });

  // The dialog: what lands in it opens it; done work and Escape close it, and focus goes back to the row.
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "dialog-body") return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("select, input:not([type=hidden])")?.focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("close", () => {
    if (dialog.open) return; // told late: the next one is open already
    document.getElementById("dialog-body").replaceChildren();
    dialog.querySelector(".dialog-notices").replaceChildren();
    document.getElementById(marked)?.focus();
  });
  body.addEventListener("kc:done", () => dialog.open && dialog.close());

  // The live part: the queue that is shown stays the one, rows keep focus and parts their place.
  body.addEventListener("htmx:configRequest", (event) => {
    const current = floor.querySelector("a[aria-current]");
    if (event.detail.elt !== floor || !current) return;
    event.detail.path = event.detail.path.split("?")[0] + new URL(current.href).search;
  });
  let kept = null;
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== floor) return;
    kept = { focused: floor.contains(document.activeElement), act: document.activeElement?.dataset?.act, at: {} };
    for (const part of floor.querySelectorAll(".part[id]")) kept.at[part.id] = part.querySelector(".scroll-y")?.scrollTop ?? 0;
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== floor) return;
    for (const [id, top] of Object.entries(kept?.at ?? {})) {
      const place = document.querySelector(`#${id} .scroll-y`);
      if (place) place.scrollTop = top;
    }
    const row = marked && document.getElementById(marked);
    if (row) row.classList.add("marked");
    if (row && kept?.focused) ((kept.act && row.querySelector(`[data-act="${kept.act}"]`)) || row).focus({ preventScroll: true });
    tick();
  });

  // Leases and rings: seconds that are left.
  const pad = (n) => String(n).padStart(2, "0");
  function tick() {
    for (const node of document.querySelectorAll("[data-until]")) {
      const s = Math.max(0, Math.ceil(Number(node.dataset.until) - Date.now() / 1000));
      const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
      node.textContent = h ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
    }
  }
  tick();
  setInterval(tick, 1000);
})();
