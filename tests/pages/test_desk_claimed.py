"""A call that was answered at the exchange stands at its agent's desk by itself, in a real browser."""

from playwright.async_api import expect

from shared.clock import utc_now
from shared.events import ContactEnded, OfferAccepted
from shared.vocabulary import Channel
from tests.pages.test_desk import desk, note_saved, ready_and_taken
from tests.support.browser import in_browser, picture
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA

pytestmark = in_browser


async def claimed(house: DeskHouse, agent: str = MARIA.id, **facts: str) -> str:
    """Let a call come that the exchange gives to an agent: she has not pulled it, nor been asked."""
    contact_id = await house.arrive(Channel.PHONE, phone="070-174 06 01", **facts)
    house.router.waiting.clear()
    event = OfferAccepted(
        contact_id=contact_id,
        epoch=7,
        at=utc_now(),
        offer_id=f"{contact_id}.6",
        agent_id=agent,
        channel=Channel.PHONE,
        queue="bostadsbolag",
        waited_seconds=12.0,
    )
    await house.casework.follow_routing.run([event])
    return contact_id


async def test_an_idle_desk_shows_the_claimed_call_at_once_though_she_is_not_ready(house: DeskHouse) -> None:
    async with desk(house) as page:
        await expect(page.locator("#work.idle")).to_be_visible()
        await claimed(house)
        await expect(page.locator("#work.work")).to_be_visible()
        await expect(page.locator(".greet")).to_contain_text("du pratar med Maria")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("kallt inne")
        await expect(page.locator("#contact-state")).to_contain_text("0:")
        await expect(page.locator(".talking")).to_have_count(0)
        await picture(page, "desk-claimed")


async def test_who_writes_a_mail_loses_no_word_and_is_one_key_from_her_call(house: DeskHouse) -> None:
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    async with desk(house) as page:
        await ready_and_taken(page)
        await page.keyboard.press("t")
        await page.keyboard.type("Ringt vaktmästaren")
        contact_id = await claimed(house, first="förtur")
        strip = page.locator(".talking")
        await expect(strip).to_contain_text("Samtal hos dig")
        await expect(strip).to_contain_text("du pratar med Maria")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type(", väntar svar")
        await expect(page.locator("#note")).to_have_value("Ringt vaktmästaren, väntar svar")
        await note_saved(page)
        await picture(page, "desk-claimed-beside-a-mail")
        await page.keyboard.press("Escape")
        await page.keyboard.press("n")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("förtur")
        await expect(page.locator(".talking")).to_have_count(0)
        await house.casework.follow_contacts.run(
            [ContactEnded(contact_id=contact_id, ended_at=utc_now(), reason="hung_up", talk_seconds=30.0)]
        )
        await expect(page.locator("#contact-state")).to_contain_text("avslutat")
        await page.get_by_role("navigation", name="Dina öppna ärenden").get_by_role("link").nth(1).click()
        await expect(page.locator("#note")).to_have_value("Ringt vaktmästaren, väntar svar")
        await expect(page.locator(".talking")).to_contain_text("Samtal hos dig")


async def test_a_second_call_does_not_take_the_first_from_her(house: DeskHouse) -> None:
    async with desk(house) as page:
        await claimed(house)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("kallt inne")
        await claimed(house, first="förtur")
        await expect(page.locator(".talking")).to_contain_text("Samtal hos dig")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("kallt inne")


async def test_what_was_offered_to_her_and_answered_by_another_is_offered_no_more(house: DeskHouse) -> None:
    contact_id = await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with desk(house) as page:
        await page.get_by_role("button", name="Redo").click()
        await expect(page.locator("[data-focus-offer]")).to_be_visible()
        event = OfferAccepted(
            contact_id=contact_id,
            epoch=7,
            at=utc_now(),
            offer_id=f"{contact_id}.6",
            agent_id="agent-jonas-berg",
            channel=Channel.PHONE,
            queue="bostadsbolag",
            waited_seconds=12.0,
        )
        await house.casework.follow_routing.run([event])
        await expect(page.locator("[data-focus-offer]")).to_have_count(0)
        await expect(page.locator("#work.idle")).to_be_visible()
