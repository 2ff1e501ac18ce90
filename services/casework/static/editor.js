// What makes writing a checklist quicker: moving by Alt+arrow or by drag, putting in local facts, sending what is typed.
// The page works without: every deed is a button of the form.
"use strict";
(() => {
  // The first step stands in the middle of the drawing: that is where one begins to look.
  const centre = () => { for (const box of document.querySelectorAll(".graph-scroll")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2; };
  centre();
  document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => { if (detail.target.id === "graph") centre(); });

  const form = document.getElementById("sheet");
  if (!form) return;
  let written = null;
  let dirty = false;
  let leaving = null;

  // A deed waits for what is being saved: it would else be refused as written on an older version.
  form.addEventListener("submit", (event) => {
    if (form.classList.contains("htmx-request")) {
      event.preventDefault();
      leaving = event.submitter;
      return;
    }
    dirty = false;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) dirty = false;
    if (leaving === null) return;
    const button = leaving;
    leaving = null;
    queueMicrotask(() => form.requestSubmit(button));
  });
  form.addEventListener("input", () => { dirty = true; });

  // Steps and ends are chosen by name: a name that has changed is changed in every choice.
  document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    if (detail.target.id !== "goals") return;
    for (const { value, text } of document.querySelectorAll("#goals option")) {
      for (const option of form.querySelectorAll(`.goal option[value="${CSS.escape(value)}"]`)) option.textContent = text;
    }
  });

  // Whoever leaves in the middle of a word keeps it.
  addEventListener("pagehide", () => {
    if (dirty) navigator.sendBeacon(form.getAttribute("hx-post"), new URLSearchParams(new FormData(form)));
  });

  form.addEventListener("focusin", ({ target }) => {
    if (target.matches("textarea, input:not([type=hidden]):not([type=checkbox])")) written = target;
  });
  document.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-insert]")?.dataset.insert;
    if (!name || !written) return;
    written.setRangeText(name, written.selectionStart, written.selectionEnd, "end");
    written.dispatchEvent(new Event("input", { bubbles: true }));
    written.focus();
  });

  form.addEventListener("keydown", (event) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!event.altKey || !way || event.target.matches("select")) return;
    const button = event.target.closest(".part")?.querySelector(`[data-move=${way}]`);
    if (!button) return;
    event.preventDefault();
    if (!button.disabled) form.requestSubmit(button);
  });

  // By drag: the same deed as by key, to the place where it is let go.
  let dragged = null;
  const part = (node) => node.closest?.('.part[data-part="step"]');
  form.addEventListener("dragstart", (event) => {
    dragged = event.target.matches?.(".part-name") ? part(event.target) : null;
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  form.addEventListener("dragover", (event) => {
    const over = dragged && part(event.target);
    for (const one of form.querySelectorAll(".part.over")) if (one !== over) one.classList.remove("over");
    if (!over || over === dragged) return;
    event.preventDefault();
    over.classList.add("over");
  });
  form.addEventListener("drop", (event) => {
    const over = dragged && part(event.target);
    if (!over || over === dragged) return;
    event.preventDefault();
    const deed = document.createElement("button");
    deed.name = "do";
    deed.value = `step-to:${dragged.dataset.number}:${over.dataset.number}`;
    deed.hidden = true;
    form.append(deed);
    form.requestSubmit(deed);
  });
  form.addEventListener("dragend", () => {
    dragged = null;
    for (const one of form.querySelectorAll(".part.over")) one.classList.remove("over");
  });
})();
