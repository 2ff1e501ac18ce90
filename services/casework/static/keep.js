// Keeps /fallback in this browser, renewed when half a day old: at once on the page itself, a minute later at the desk.
"use strict";
(() => {
  const CACHE = "kc-fallback", STAMP = "kc-fallback-kept", HALF_A_DAY = 12 * 3_600_000;
  const here = location.pathname === "/fallback";

  // At the idle desk: notes that wait in this browser are not forgotten.
  function remind() {
    const box = document.getElementById("kept-notes");
    try { if (box) box.hidden = !JSON.parse(localStorage.getItem("kc-fallback-notes") ?? "[]").length; } catch { /* none that can be read */ }
  }
  remind();
  document.body.addEventListener("htmx:afterSettle", remind);

  if (!("serviceWorker" in navigator) || !("caches" in window)) return; // only over https, or on this computer
  async function keep() {
    const kept = Number(localStorage.getItem(STAMP) ?? 0);
    if (!here && Date.now() - kept < HALF_A_DAY) return;
    await navigator.serviceWorker.register("/fallback-worker.js", { scope: "/fallback" });
    if (here) await navigator.serviceWorker.ready; // from here on a reload is answered by it
    const page = await fetch("/fallback", { headers: { "X-Background": "1" }, cache: "no-store" });
    if (!page.ok || page.redirected) return;
    const text = await page.clone().text();
    const parts = new DOMParser().parseFromString(text, "text/html").querySelectorAll('link[rel="stylesheet"], link[rel="icon"], script[src]');
    const addresses = [...parts].map((part) => new URL(part.getAttribute("href") ?? part.getAttribute("src"), location.origin).href);
    const cache = await caches.open(CACHE);
    await cache.addAll(addresses);
    await cache.put("/fallback", page);
    const wanted = new Set([...addresses, new URL("/fallback", location.origin).href]);
    for (const old of await cache.keys()) if (!wanted.has(old.url)) await cache.delete(old);
    localStorage.setItem(STAMP, String(Date.now()));
    document.body.dataset.kept = "yes";
  }
  const soon = () => { if (!here || navigator.onLine) keep().catch(() => { /* the copy of before stands */ }); };
  if (here) soon(); else setTimeout(soon, 60_000);
})();
