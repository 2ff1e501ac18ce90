// The inbox and the page of one hand-over: rows by keyboard, a list that is shown anew without losing one's place,
// refused forms shown as they came back. Without this file every action is a page.
"use strict";
(() => {
  const body = document.body;
  body.classList.add("scripted");

  // Rows: J and K or the arrows; the link of a row has the focus, so Enter opens it. T takes the row in focus, or the first.
  const rows = () => [...document.querySelectorAll("#inbox [data-row]")];
  const rowOf = (node) => node?.closest?.("[data-row]");
  const typing = (node) => node?.closest?.("input:not([type=radio]), textarea, select, [contenteditable], dialog");
  let marked = "";
  function go(row) {
    const link = row?.querySelector(".row-link");
    if (!link) return;
    link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("focusin", (event) => { const row = rowOf(event.target); if (row) marked = row.querySelector(".row-link").id; });
  const chosen = () => rowOf(document.activeElement) ?? rowOf(document.getElementById(marked));
  function step(by) {
    const all = rows(), now = all.indexOf(chosen());
    go(all[now < 0 ? 0 : Math.min(all.length - 1, Math.max(0, now + by))]);
  }
  const STEPS = { J: 1, ArrowDown: 1, K: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (!document.getElementById("inbox") || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && event.target.id === "q") { go(chosen() ?? rows()[0]); return; }
    if (typing(event.target) || (event.target.type === "radio" && event.key.startsWith("Arrow"))) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (key.length === 1 && body.dataset.shortcuts === "off") return;
    if (key in STEPS) { event.preventDefault(); step(STEPS[key]); }
    else if (key === "T" && !event.repeat) (chosen() ?? rows()[0])?.querySelector(".take")?.click();
  });

  // The list is shown anew: focus stays with its row, or goes to the next when the row was taken; counts follow.
  let place = null;
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "inbox") return;
    const row = rowOf(document.activeElement), all = rows();
    const taken = event.detail.requestConfig?.verb === "post";
    const here = row ?? (taken ? chosen() : null);
    if (!here) { place = null; return; }
    const at = all.indexOf(here), next = (all[at + 1]?.querySelector(".take") ? all[at + 1] : all[at - 1]?.querySelector(".take") ? all[at - 1] : null);
    const link = (one) => one?.querySelector(".row-link").id;
    place = { ids: taken ? [link(next), link(here)] : [link(here)], at, inside: taken ? "" : document.activeElement.id };
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "inbox") return;
    body.classList.remove("offline");
    for (const [name, count] of Object.entries(JSON.parse(event.target.dataset.counts ?? document.getElementById("inbox").dataset.counts))) {
      const shown = document.getElementById(`count-${name}`);
      if (shown) shown.textContent = count;
    }
  });
  body.addEventListener("htmx:afterSettle", () => {
    if (!place || !document.getElementById("inbox")) return;
    const { ids, at, inside } = place;
    place = null;
    const same = inside && document.getElementById(inside);
    const link = ids.map((id) => id && document.getElementById(id)).find(Boolean) ?? rows()[Math.min(at, rows().length - 1)]?.querySelector(".row-link");
    (same || link)?.focus({ preventScroll: true });
  });
  body.addEventListener("htmx:sendError", () => body.classList.add("offline"));

  // A refused form comes back as the page with what was typed: 422 and 409 are shown, not thrown away.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    const page = (xhr.getResponseHeader("content-type") ?? "").startsWith("text/html");
    if (page && (xhr.status === 422 || xhr.status === 409)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });

  // A form that is opened, by its key or by hand, is ready to be filled in; the others close. (Not by a shared name: a
  // part that comes back open would be closed by the one it takes the place of.)
  document.addEventListener("click", (event) => {
    const deed = event.target.closest?.("details.deed > summary")?.parentElement;
    if (!deed) return;
    event.preventDefault(); // opened here and now: letters typed right after its key are its field's, not shortcuts
    deed.open = !deed.open;
    if (!deed.open) return;
    for (const other of document.querySelectorAll("details.deed[open]")) if (other !== deed) other.open = false;
    deed.querySelector("[data-first]")?.focus();
  });
})();
