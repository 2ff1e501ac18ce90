"""Asking for help in a real browser: Q at the desk, the leader sees it, writes, takes over; all of it at once."""

from playwright.async_api import expect

from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.pages.test_desk import ABORTED, ready_and_taken
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import DeskHouse
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = in_browser
SARA = Person("agent-sara-ek", "Sara Ek", frozenset({Role.AGENT, Role.LEAD}), frozenset({"*"}))


async def test_the_leader_sees_the_case_writes_a_line_and_takes_the_call_over(house: DeskHouse):
    contact = await house.arrive(Channel.PHONE, phone="+46701740605")
    async with served(house.app) as url:
        sessions = house.app.state.sessions
        desk_token, lead_token = await sessions.start(MARIA), await sessions.start(SARA)
        async with (
            page_at(url + "/desk", desk_token, width=1366, height=768, expected=ABORTED) as desk,
            page_at(url + "/desk", lead_token, width=1366, height=768, expected=ABORTED) as lead,
        ):
            await ready_and_taken(desk)
            await lead.wait_for_function("document.querySelector('#help-notice')")
            await desk.fill("#note", "Hon säger att jouren inte svarar.")
            await desk.press("#note", "Escape")
            await desk.keyboard.press("q")
            await expect(desk.get_by_text("Ingen har svarat än")).to_be_visible()
            await expect(lead.get_by_text("Maria Lind ber om hjälp")).to_be_visible()
            await lead.keyboard.press("y")
            await expect(lead.locator(".quote")).to_have_text("Hon säger att jouren inte svarar.")
            await lead.fill("#f-text", "Jag ringer fastighetsjouren åt dig.")
            await lead.press("#f-text", "Control+Enter")
            await expect(desk.get_by_text("Jag ringer fastighetsjouren åt dig.")).to_be_visible()
            await picture(desk, "help-desk")
            await picture(lead, "help-lead")
            await expect(lead.get_by_role("button", name="Jag tar över")).to_be_visible()
            await lead.locator("h1").click()
            await lead.keyboard.press("w")
            await expect(desk.get_by_role("button", name="Lämna till Sara Ek")).to_be_visible()
            await desk.keyboard.press("w")
            await expect(desk.locator("#work.idle")).to_be_visible()
            assert ("requeue", contact, 1, SARA.id) in house.router.doings
