"""The desk in Chromium: what it weighs, how soon a call is on the screen, how soon a key is answered."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, Request, expect

from shared.events import ContactEnded, ContactReceived, OfferMade, Sender
from shared.ids import new_id
from shared.vocabulary import Channel
from tests.bench.case_house import CaseHouse
from tests.bench.common import quantile
from tests.bench.desk_floor import cookie_of
from tests.bench.log import Log
from tests.support.browser import CHROMIUM, page_at

_PATIENCE = 20_000
_LISTED = "Det är kallt inne"
"""Words of a question that has a checklist."""
_OBSERVED = """() => {
  window.benchOffers = []; window.benchKeys = []; window.benchSteps = [];
  let pressed = 0, last = "";
  const shown = () => document.querySelector(".step.now")?.innerText;
  const painted = (name, took) => requestAnimationFrame(() => setTimeout(() => {
    window[name].push(took());
    document.documentElement.setAttribute(name, window[name].length);
  }));
  addEventListener("keydown", () => { pressed = performance.now(); last = shown(); }, true);
  new MutationObserver(() => {
    const offer = document.querySelector("#offer-take");
    if (offer && !offer.dataset.bench) {
      offer.dataset.bench = "1";
      painted("benchOffers", () => Date.now());
    }
    if (pressed && shown() !== last) {
      const at = pressed;
      pressed = 0;
      painted("benchSteps", () => performance.now() - at);
    }
  }).observe(document.body, { childList: true, subtree: true });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.interactionId) benchKeys.push(one.duration);
  }).observe({ type: "event", durationThreshold: 16 });
}"""
_WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, one) => sum + one.transferSize, 0)"""


async def measure(own: CaseHouse, calls: int) -> dict[str, Any]:
    """Sit down, and take one call after the other by keyboard."""
    if not CHROMIUM:
        return {"skipped": "no Chromium on this machine"}
    url, outside = own.plan.url("casework"), 0
    async with page_at(f"{url}/desk", await cookie_of(own, "agent-100"), width=1366, height=768, expected=".") as page:

        def note(request: Request) -> None:
            nonlocal outside
            outside += urlsplit(request.url).netloc != urlsplit(url).netloc

        page.context.on("request", note)
        page.set_default_timeout(_PATIENCE)
        first = await page.evaluate(_WEIGHT)
        await page.reload()
        later = await page.evaluate(_WEIGHT)
        await page.evaluate(_OBSERVED)
        await page.get_by_role("button", name="Redo").press("Enter")
        log = Log(own.settings.kafka, OfferMade.topic.name)
        await log.open()
        offers = [await _call(own, page, log) for _ in range(calls)]
        await log.close()
        await _work(own, page, calls)
        keys, steps = await page.evaluate("[benchKeys, benchSteps]")
    return {
        "first_load_bytes": first,
        "later_load_bytes": later,
        "outside": outside,
        "offer_to_screen_ms": _said([one for one in offers if one is not None]),
        "missing": offers.count(None),
        "key_to_paint_ms": {**_said(keys), "below_16": max(0, len(steps) - len(keys))},
        "key_to_next_step_ms": _said(steps),
    }


async def _call(own: CaseHouse, page: Page, log: Log) -> float | None:
    """Let somebody call and hang up; return the milliseconds from the router's offer to the button that takes it."""
    contact, made = new_id(), list[int]()
    before = await page.evaluate("benchOffers.length")
    await own.publish([_rings(contact)])
    until = time.monotonic() + _PATIENCE / 1e3
    while not made and time.monotonic() < until:
        await log.each(OfferMade.event_type, lambda record, _: made.append(record.timestamp))
    if not made:
        return None
    await _more(page, "benchOffers", before)
    shown = await page.evaluate("benchOffers.at(-1)")
    await own.publish([ContactEnded(contact_id=contact, ended_at=datetime.now(UTC), reason="hung_up")])
    await expect(page.locator("#offer-take")).to_have_count(0, timeout=_PATIENCE)
    return float(shown - made[0])


async def _work(own: CaseHouse, page: Page, steps: int) -> None:
    """Take a call, and answer the first steps of its checklist by key, to and fro."""
    await own.publish([_rings(new_id())])
    await expect(page.locator("#offer-take")).to_be_visible(timeout=_PATIENCE)
    await page.keyboard.press("n")
    await expect(page.locator("#work.work")).to_be_visible(timeout=_PATIENCE)
    await page.locator("button", has_text=_LISTED).first.click()
    await expect(page.locator(".step.now [data-focus]")).to_be_focused(timeout=_PATIENCE)
    for at in range(steps):
        key = "1" if at % 2 == 0 else "Backspace"
        before = await page.evaluate("benchSteps.length")
        await page.keyboard.press(key)
        await _more(page, "benchSteps", before)


async def _more(page: Page, name: str, before: int) -> None:
    """Wait until the page has noted one more."""
    await page.locator(f"html[{name}='{before + 1}']").wait_for(state="attached")


def _rings(contact: str) -> ContactReceived:
    return ContactReceived(
        contact_id=contact,
        channel=Channel.PHONE,
        entrance="bostad-nummer",
        unit="bostadsbolag",
        received_at=datetime.now(UTC),
        sender=Sender(phone="+46701740600"),
    )


def _said(times: list[float]) -> dict[str, float]:
    return {"p50": quantile(times, 0.5, 0), "p95": quantile(times, 0.95, 0), "max": round(max(times, default=0))}
