"""A return call in a real browser: nobody answers, one key, and the desk is free for the next."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from shared.clock import utc_now
from shared.events import ContactEnded, OfferAccepted, ReturnCallPromised
from shared.vocabulary import Channel
from tests.support.browser import needs_browser, page_at
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = [pytest.mark.integration, pytest.mark.browser, needs_browser, pytest.mark.timeout(180)]
ABORTED = "htmx:sendAbort|htmx:afterRequest"


async def test_nobody_answers_and_one_key_promises_the_next_try(house):
    async with served(house.app) as url:
        contact = await house.arrive(Channel.PHONE, phone="+46701740605")
        facts = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag"}
        gone = ContactEnded(contact_id=contact, ended_at=utc_now() - timedelta(seconds=5), reason="hangup")
        taken = {"epoch": 3, "offer_id": "o", "agent_id": MARIA.id, "channel": Channel.PHONE, "waited_seconds": 3}
        await house.casework.follow_routing.run([ReturnCallPromised(**facts, epoch=2)])
        await house.casework.follow_contacts.run([gone])
        await house.casework.follow_routing.run([OfferAccepted(**facts, **taken)])
        token = await house.app.state.sessions.start(MARIA)
        async with page_at(f"{url}/desk", token, width=1366, height=768, expected=ABORTED) as page:
            page.set_default_timeout(30_000)
            await expect(page.locator("#contact-state")).to_contain_text("Försök 1 av 3", timeout=30_000)
            await expect(page.get_by_role("button", name="Fick inget svar")).to_be_visible()
            await page.locator("body").press("b")
            await expect(page.locator("#work.idle")).to_be_visible(timeout=30_000)
        [(what, which, epoch, at)] = house.router.doings
        assert (what, which, epoch) == ("return_call", contact, 3)
        assert at > utc_now()
