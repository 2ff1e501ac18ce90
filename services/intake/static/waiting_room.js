// The screen of a waiting room: follows its stream, says when it hears nothing, chimes only when it is asked to.
"use strict";
(() => {
  const room = document.getElementById("room");
  const calls = document.getElementById("calls");
  const clock = document.getElementById("clock");
  const SILENCE = 25_000; // two beats and a half
  const AGAIN = [1_000, 2_000, 5_000, 10_000];
  let stream = null, heard = Date.now(), tries = 0, waiting = null;

  const listed = () => [...calls.querySelectorAll("[data-call]")].map((node) => node.dataset.call);
  let known = new Set(listed());

  function soft(start, hertz, sound) {
    const tone = sound.createOscillator(), level = sound.createGain();
    tone.frequency.value = hertz;
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.12, start + 0.05);
    level.gain.exponentialRampToValueAtTime(0.0001, start + 0.9);
    tone.connect(level).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 1);
  }
  function chime() {
    if (room.dataset.sound !== "on") return;
    try {
      const sound = new AudioContext();
      soft(sound.currentTime, 660, sound);
      soft(sound.currentTime + 0.35, 523, sound);
      setTimeout(() => sound.close(), 2_000);
    } catch { /* the screen works without sound */ }
  }

  function alive() {
    heard = Date.now();
    tries = 0;
    document.body.classList.remove("offline");
  }
  function open() {
    waiting = null;
    stream?.close();
    stream = new EventSource(room.dataset.live);
    stream.addEventListener("calls", (event) => {
      alive();
      calls.innerHTML = event.data; // our own server's part, escaped there
      const now = listed();
      if (now.some((call) => !known.has(call))) chime();
      known = new Set(now);
    });
    stream.addEventListener("beat", alive);
    stream.addEventListener("error", lost);
  }
  // A stream that ends by its age comes back within a moment; only one that does not is worth a word.
  function lost() {
    stream?.close();
    stream = null;
    if (tries > 0 || !navigator.onLine) document.body.classList.add("offline");
    waiting ??= setTimeout(open, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
  }
  window.addEventListener("offline", () => document.body.classList.add("offline"));
  window.addEventListener("online", () => { clearTimeout(waiting); open(); });

  function tick() {
    clock.textContent = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Stockholm" }).format();
    if (Date.now() - heard > SILENCE) { heard = Date.now(); document.body.classList.add("offline"); tries++; lost(); }
  }
  open();
  tick();
  setInterval(tick, 1_000);
})();
