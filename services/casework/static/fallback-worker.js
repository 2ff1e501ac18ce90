// Shows the kept copy of /fallback, with what it needs to look right, when the server does not answer or has failed.
"use strict";
const CACHE = "kc-fallback", PATIENCE = 8_000;
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const page = request.mode === "navigate" && url.pathname === "/fallback";
  if (!page && !["style", "script", "font", "image"].includes(request.destination)) return;
  event.respondWith((async () => {
    const kept = await (await caches.open(CACHE)).match(page ? "/fallback" : request);
    const late = new Promise((_, fail) => { if (kept) setTimeout(() => fail(new Error("late")), PATIENCE); });
    try {
      const answer = await Promise.race([fetch(request), late]);
      if (answer.status < 500 || !kept) return answer;
    } catch (error) {
      if (!kept) throw error;
    }
    return kept;
  })());
});
