"""In the middle of a checklist the network drops, the login ends, the service is put anew, the browser dies."""

import asyncio
import re
from contextlib import AsyncExitStack

from playwright.async_api import Page, expect

from shared.clock import utc_now
from shared.events import ContactEnded
from shared.vocabulary import Channel
from shared.web.session import COOKIE
from tests.pages.test_desk import ready_and_taken, settled
from tests.support.browser import in_browser, page_at
from tests.support.desk import MAIL, DeskHouse
from tests.support.wait import eventually
from tests.support.web import MARIA, free_port, served

pytestmark = in_browser

WORDS = "Norra torget 20, lgh 1203"
EXPECTED = "ERR_|401|htmx:|Failed to (fetch|load)|^Event$"
"""What the console says while there is no network, no login and no service."""


async def test_back_where_one_was_and_nothing_lost(house: DeskHouse) -> None:
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", first="förtur")
    with free_port() as port:
        pass
    async with AsyncExitStack() as running:
        url, _ = await running.enter_async_context(served(house.app, house.app.state.settings, port))
        token = await house.app.state.sessions.start(MARIA)
        async with page_at(f"{url}/desk", token, width=1366, height=768, expected=EXPECTED) as page:
            page.set_default_timeout(30_000)
            await _in_the_middle(house, page)
            await _the_network_drops(house, page)
            await _the_login_ends(house, page, token)
            await running.aclose()
            await _typed(page, ", andra våningen")
            house.app.state.closing.clear()
            await running.enter_async_context(served(house.app, house.app.state.settings, port))
            await _kept(house, page, f"{WORDS}, dörren är låst, ring först, andra våningen")
            await _the_browser_dies(house, page)


async def _in_the_middle(house: DeskHouse, page: Page) -> None:
    """Two cases; the one at hand, a call that has ended, is not the one that a desk shows by itself."""
    await ready_and_taken(page)
    first = await page.locator("#work-case").input_value()
    call = await house.arrive(Channel.PHONE, phone="+46701740605")
    await expect(page.locator("[data-focus-offer]")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.locator("#work-case")).not_to_have_value(first)
    await settled(page, 1)
    gone = ContactEnded(contact_id=call, channel=Channel.PHONE, ended_at=utc_now(), reason="hung_up")
    await house.casework.follow_contacts.run([gone])
    await expect(page.locator("#contact-state")).to_contain_text("Samtalet är avslutat")
    await page.keyboard.press("2")
    await settled(page, 2)
    await page.get_by_text("Anteckna i steget").click()
    await page.locator("#step-note").fill("Två element")
    await page.keyboard.press("Escape")
    await _typed(page, WORDS)
    await expect(page.locator("#saved")).to_have_text(re.compile("sparat"))


async def _the_network_drops(house: DeskHouse, page: Page) -> None:
    await page.context.set_offline(True)
    await _typed(page, ", dörren är låst")
    await expect(page.locator("#notices")).to_contain_text("Ingen kontakt med servern")
    await page.locator(".step.now .options button").first.click()
    await expect(page.locator(".step.now .mark")).to_have_text("2")
    await page.context.set_offline(False)
    await _kept(house, page, f"{WORDS}, dörren är låst")


async def _the_login_ends(house: DeskHouse, page: Page, token: str) -> None:
    await house.app.state.sessions.end(token)
    async with page.expect_navigation(url=re.compile("/login")):
        await _typed(page, ", ring först")
    await page.get_by_role("button", name="Maria Lind").click()
    await _kept(house, page, f"{WORDS}, dörren är låst, ring först")


async def _the_browser_dies(house: DeskHouse, page: Page) -> None:
    """The tab dies in the middle of a word; then the whole browser, of which only the login is left."""
    await _typed(page, "!!")
    address = page.url
    devtools = await page.context.new_cdp_session(page)
    async with page.expect_event("crash"):
        dying = asyncio.create_task(devtools.send("Page.crash"))  # nothing is left to answer it
    dying.cancel()
    again = await page.context.new_page()
    await again.goto(address)
    await _kept(house, again, f"{WORDS}, dörren är låst, ring först, andra våningen!!")
    await expect(again.locator("#step-note")).to_have_value("Två element")
    await again.keyboard.press("Escape")
    browser = again.context.browser
    assert browser
    elsewhere = await browser.new_context()
    token = next(one["value"] for one in await again.context.cookies() if one["name"] == COOKIE)
    await elsewhere.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    other = await elsewhere.new_page()
    await other.goto(address)
    await expect(other.locator("#note")).to_have_value(f"{WORDS}, dörren är låst, ring först, andra våningen!!")
    await expect(other.locator(".step.now .mark")).to_have_text("2")


async def _typed(page: Page, words: str) -> None:
    await page.locator("#note").focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(words)


async def _kept(house: DeskHouse, page: Page, words: str) -> None:
    """The same case and step, every word on the page and at the server."""
    await expect(page.locator("#note")).to_have_value(words)
    await expect(page.locator(".step.now .mark")).to_have_text("2")
    number = await page.locator("#work-case").input_value()

    async def saved() -> bool:
        return bool((await house.casework.read_case.run(number, MARIA)).draft == words)

    await eventually(saved, 20)
