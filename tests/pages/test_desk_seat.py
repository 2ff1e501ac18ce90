"""Beside an agent's status: after-work, a supervisor's word, ways of working, a peak; and passing a contact on."""

from dataclasses import replace
from datetime import timedelta

from playwright.async_api import expect

from shared.clock import utc_now
from shared.events import ContactAbandoned, ContactEnded
from shared.vocabulary import Channel
from tests.pages.test_desk import desk, ready_and_taken
from tests.support.browser import in_browser, picture
from tests.support.desk import DeskHouse
from tests.support.wait import eventually
from tests.support.web import MARIA

JONAS = replace(MARIA, id="agent-jonas-berg", name="Jonas Berg")
pytestmark = in_browser


async def test_after_work_counts_down_and_ends_by_its_key(house: DeskHouse):
    until = (utc_now() + timedelta(minutes=5)).isoformat()
    house.router.wrap_up = {"contact_id": "c1", "mode": "timed", "until": until}
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.locator(".seat-note")).to_contain_text("4:")
        await page.keyboard.press("f")
        await expect(page.locator(".seat-note")).to_have_count(0)


async def test_mandatory_after_work_has_no_key(house: DeskHouse):
    until = (utc_now() + timedelta(minutes=5)).isoformat()
    house.router.wrap_up = {"contact_id": "c1", "mode": "mandatory", "until": until}
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.locator(".seat-note")).to_contain_text("Efterarbete")
        await expect(page.locator(".wrap-end")).to_have_count(0)


async def test_sent_away_is_said_until_she_is_ready_again(house: DeskHouse):
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-pressed", "true")
        house.router.sent_away = True
        await expect(page.locator(".seat-note")).to_contain_text("Arbetsledaren har satt dig som borta")
        await expect(page.get_by_role("button", name="Paus")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("r")
        await expect(page.locator(".seat-note")).to_have_count(0)


async def test_a_way_of_working_is_chosen(house: DeskHouse):
    house.router.own_modes = ["reception"]
    async with desk(house) as page:
        await page.keyboard.press("r")
        await page.get_by_label("Arbetssätt").select_option("reception")
        await eventually(lambda: house.router.modes_chosen[-1] == "reception", 20)


async def test_a_peak_is_shown_while_it_lasts(house: DeskHouse):
    until = (utc_now() + timedelta(hours=1)).isoformat()
    async with desk(house) as page:
        house.router.peak_now = {"active": True, "until": until, "mail_waits": True}
        await expect(page.locator(".seat-note")).to_contain_text("mejl väntar")
        house.router.peak_now = {"active": False}
        await expect(page.locator(".seat-note")).to_have_count(0)


async def test_a_call_is_given_to_a_colleague_by_keyboard(house: DeskHouse):
    contact = await house.arrive()
    async with desk(house, expected="422") as page:
        await ready_and_taken(page)
        await page.keyboard.press("o")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Till vem?")).to_be_focused()
        await dialog.get_by_role("button", name="Koppla").click()
        await expect(dialog).to_contain_text("Välj en kö, en kollega eller en handläggare.")
        await dialog.get_by_label("Till vem?").select_option(label="Jonas Berg")
        await dialog.get_by_role("button", name="Koppla").click()
        await expect(dialog).to_have_count(0)
        await eventually(lambda: any(one[:2] == ("requeue", contact) for one in house.router.doings), 20)
        await expect(page.locator("#work.idle")).to_be_visible()


async def test_a_colleagues_question_is_ended_by_its_key(house: DeskHouse):
    contact = await house.arrive()
    offer = house.router.waiting.pop()
    await house.casework.accept_offer.run(JONAS.id, await house.router.offered(offer))
    await house.casework.ask_colleague.run("KC-2026-000001", JONAS, MARIA.id)
    question = f"{contact}~1~{MARIA.id}"
    house.router.add({**offer, "contact_id": question, "kind": "consult", "about": contact})
    async with desk(house) as page:
        await ready_and_taken(page)
        await expect(page.locator("#contact-state")).to_contain_text("Jonas Berg frågar dig")
        await page.keyboard.press("u")
        await expect(page.locator("#work.idle")).to_be_visible()
    assert house.router.completed == [question]


async def test_calls_are_asked_for_while_she_writes(house: DeskHouse):
    await house.arrive(Channel.EMAIL, text="Hej!", subject="Hej", email="anna.ek@example.se")
    async with desk(house) as page:
        await ready_and_taken(page)
        await eventually(lambda: house.router.channels_pulled[-1] == ["phone", "visit"], 20)


async def test_a_return_call_is_promised(house: DeskHouse):
    contact = await house.arrive()
    async with desk(house) as page:
        await ready_and_taken(page)
        await page.keyboard.press("o")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Ring upp senare").fill("2031-03-04T10:15")
        await dialog.get_by_role("button", name="Lova återuppringning").click()
        await eventually(lambda: any(one[:2] == ("return_call", contact) for one in house.router.doings), 20)


async def left(house: DeskHouse, contact: str, channel: Channel = Channel.PHONE) -> None:
    """The citizen is gone before anybody had accepted, as intake and router tell it."""
    gone = ContactEnded(contact_id=contact, ended_at=utc_now(), reason="hung_up", talk_seconds=0.0, abandoned=True)
    await house.casework.follow_contacts.run([gone])
    facts = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag", "channel": channel}
    await house.casework.follow_routing.run([ContactAbandoned(**facts, epoch=2, waited_seconds=40)])


async def test_who_hangs_up_while_she_is_offered_is_said_at_once_and_can_be_called(house: DeskHouse):
    contact = await house.arrive(phone="+46701740605")
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.locator("#offer-take")).to_be_visible()
        await left(house, contact)
        notice = page.get_by_role("alert", name="Inte kvar")
        await expect(notice).to_contain_text("Den som ringde har lagt på")
        await expect(page.locator("#offer-take")).to_have_count(0)
        await expect(notice.get_by_role("button", name="Ring upp")).to_be_visible()
        await picture(page, "desk-hung-up-before-answer")
        await page.keyboard.press("g")
        await expect(page.locator("#work.work")).to_be_visible()
        await expect(notice).to_have_count(0)
        await expect(page.locator(".facts").first).to_contain_text("070-174 06 05")
        await expect(page.locator("#contact-state")).to_contain_text("Samtalet är avslutat")
    case = await house.casework.read_case.run("KC-2026-000001", MARIA)
    assert case.agent_id == MARIA.id


async def test_who_hid_her_number_and_hung_up_cannot_be_called_and_the_next_offer_takes_the_place(house: DeskHouse):
    contact = await house.arrive()
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.locator("#offer-take")).to_be_visible()
        await left(house, contact)
        notice = page.get_by_role("alert", name="Inte kvar")
        await expect(notice).to_contain_text("Numret är inte känt")
        await expect(page.locator("#gone-call")).to_have_count(0)
        await house.arrive(Channel.VISIT)
        await expect(page.locator("#offer-take")).to_be_visible()
        await expect(notice).to_have_count(0)


async def test_what_was_said_of_a_hang_up_is_closed_by_its_key(house: DeskHouse):
    contact = await house.arrive(phone="+46701740605")
    async with desk(house) as page:
        await page.keyboard.press("r")
        await expect(page.locator("#offer-take")).to_be_visible()
        await left(house, contact)
        await expect(page.locator("#gone-seen")).to_be_visible()
        await page.keyboard.press("d")
        await expect(page.locator(".offer")).to_have_count(0)
        await expect(page.locator("#work.idle")).to_be_visible()
    assert house.router.declined == []
