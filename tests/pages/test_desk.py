"""The desk in a real browser: a contact from its offer to its end by keyboard alone, and whatever goes wrong."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from shared.clock import utc_now
from shared.errors import ConflictError
from shared.events import ContactEnded, ContactRequeued
from shared.vocabulary import Channel
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import MAIL, DeskHouse
from tests.support.served import served
from tests.support.wait import eventually
from tests.support.web import MARIA

pytestmark = in_browser

KALLT = "Det är kallt inne, räknas det som ett fel?"


ABORTED = "htmx:sendAbort|htmx:afterRequest"
"""What htmx says when an accept takes the place of a refresh under way; a failure has names of its own."""


@asynccontextmanager
async def desk(house: DeskHouse, path: str = "/desk", **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(MARIA)
        size = {"width": 1366, "height": 768} | browser
        size["expected"] = "|".join(filter(None, (ABORTED, browser.get("expected"))))  # type: ignore[arg-type] # an expression, if given
        async with page_at(url + path, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            yield page


async def ready_and_taken(page: Page) -> None:
    """Become ready and take what is offered, by keyboard."""
    await page.get_by_role("button", name="Redo").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-focus-offer]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#work.work")).to_be_visible()


async def settled(page: Page, step: int) -> None:
    """Wait until the given step is the one to do and has the focus."""
    await expect(page.locator(".step.now .mark")).to_have_text(str(step))
    await expect(page.locator(".step.now [data-focus]")).to_be_focused()


async def note_saved(page: Page) -> None:
    await expect(page.locator("#saved")).to_have_text(re.compile("sparat"))


async def test_a_call_is_answered_and_closed_by_keyboard_alone(house):
    contact = await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with desk(house) as page:
        await expect(page.locator("#work.idle")).to_contain_text("Ingen kontakt just nu")
        await picture(page, "desk-idle")
        await ready_and_taken(page)
        await expect(page.locator(".greet")).to_contain_text("du pratar med Maria")
        await expect(page.get_by_role("heading", level=1)).to_have_text(KALLT)
        await settled(page, 1)
        await page.keyboard.press("2")
        await settled(page, 2)
        await page.keyboard.press("t")
        await page.keyboard.type("Norra torget 20, lgh 1203.")
        await note_saved(page)
        await page.keyboard.press("Escape")
        await picture(page, "desk-call")
        await no_scrolling(page)
        await page.keyboard.press("a")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Löst av kontaktcentret")).to_be_focused()
        await page.keyboard.press("2")
        await expect(dialog.get_by_label("Hänvisad till självservice")).to_be_checked()
        await expect(dialog.get_by_label("Hoppa över")).to_be_focused()  # why she called is the next key, or none
        await page.keyboard.press("4")
        await expect(dialog.get_by_label("Hittade inte på webben")).to_be_checked()
        await expect(dialog.get_by_label("Hänvisad till självservice")).to_be_checked()
        await picture(page, "desk-close")
        await page.keyboard.press("Enter")
        await expect(page.locator("#work.idle")).to_be_visible()
        await expect(page.locator(".stats")).to_contain_text("1")
    case = await house.casework.read_case.run("KC-2026-000001", MARIA)
    assert (case.state, case.resolution, case.cause) == ("closed", "hanvisad_sjalvservice", "hittade_inte_pa_webben")
    assert [note.text for note in case.notes] == ["Norra torget 20, lgh 1203."]
    assert house.router.completed == [contact]


async def test_a_mail_is_handed_over_and_lands_in_the_inbox(house):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    async with desk(house) as page:
        await ready_and_taken(page)
        await expect(page.locator(".said")).to_contain_text("iskallt i lägenheten")
        await expect(page.locator(".why")).to_contain_text("iskallt, element")
        for step, key in ((1, "2"), (2, "2"), (3, "1")):
            await settled(page, step)
            await page.keyboard.press(key)
        await expect(page.locator(".step.end [data-focus]")).to_be_focused()
        await page.keyboard.press("1")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Lämna över nu")).to_be_focused()
        await expect(dialog).to_contain_text("bostadsbolag@kommun.example")
        await picture(page, "desk-handover")
        await page.keyboard.press("Enter")
        await expect(page.locator("#work.idle")).to_be_visible()
    inbox = await house.casework.read_inbox.run(MARIA)
    assert [row.handover.state for row in inbox.waiting] == ["sent"]


async def test_the_case_type_is_changed_by_search_and_by_key(house):
    await house.arrive()
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.keyboard.press("/")
        await page.keyboard.type("förtur")
        await expect(page.locator("#candidates")).to_contain_text("Träffar på")
        await picture(page, "desk-search")
        await page.keyboard.press("Alt+1")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("förtur")


async def test_without_a_checklist_the_words_and_the_note_have_the_middle(house):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Störande granne", email="anna.ek@example.se", first="förtur")
    async with desk(house) as page:
        await ready_and_taken(page)
        await expect(page.locator("#question")).to_be_focused()
        await expect(page.locator(".list .said")).to_contain_text("iskallt i lägenheten")
        words, note = [await page.locator(name).bounding_box() for name in (".list .said", "#note")]
        assert words
        assert note
        assert min(words["height"], note["height"]) > 100
        await no_scrolling(page)
        await page.keyboard.press("t")
        await page.keyboard.type("Har svarat.")
        await note_saved(page)
        await page.keyboard.press("Escape")
        await expect(page.locator("#question")).to_be_focused()
        await page.keyboard.press("s")
        await expect(page.get_by_role("textbox", name="Svar")).to_be_focused()
        await page.keyboard.type("Vi hör av oss i dag.")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await picture(page, "desk-without-checklist")
    case = await house.casework.read_case.run("KC-2026-000001", MARIA)
    assert any(one.kind == "reply" and one.text.endswith("Vi hör av oss i dag.") for one in case.messages)


async def test_the_desk_says_that_the_caller_hung_up_and_nothing_jumps(house):
    contact = await house.arrive(Channel.PHONE, phone="+46701740605")
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await expect(page.locator(".facts").first).to_contain_text("070-174 06 05")
        await page.keyboard.press("/")
        await page.keyboard.type("förtur")
        before = await page.locator(".step.now").bounding_box()
        gone = ContactEnded(contact_id=contact, channel=Channel.PHONE, ended_at=utc_now(), reason="hung_up")
        await house.casework.follow_contacts.run([gone])
        await expect(page.get_by_role("status").filter(has_text="Samtalet är avslutat")).to_be_visible()
        assert await page.locator(".step.now").bounding_box() == before
        await expect(page.locator("#search")).to_be_focused()
        await expect(page.locator("#search")).to_have_value("förtur")
        await picture(page, "desk-hung-up")


async def test_the_desk_says_that_the_contact_waits_again(house):
    contact = await house.arrive(Channel.PHONE, phone="+46701740605")
    async with desk(house) as page:
        await ready_and_taken(page)
        back = ContactRequeued(contact_id=contact, epoch=1, at=utc_now(), queue="bostadsbolag", reason="heartbeat")
        await house.casework.follow_routing.run([back])
        await expect(page.locator("#contact-state")).to_contain_text("I kön, inte hos dig")
        await page.get_by_role("link", name="Gå vidare").click()
        await expect(page.locator("#work.idle")).to_be_visible()


async def test_somebody_else_was_first_is_said_though_the_offer_has_gone_from_the_page(house):
    await house.arrive()
    async with desk(house, expected="409") as page:
        await page.get_by_role("button", name="Redo").click()
        await expect(page.locator("[data-focus-offer]")).to_be_focused()

        async def gone(offer_id: str, epoch: int) -> dict[str, object]:
            house.app.state.seats.drop(MARIA.id)
            await expect(page.locator(".offer")).to_have_count(0)
            raise ConflictError

        house.router.accept = gone
        await page.keyboard.press("n")
        await expect(page.locator("#notices")).to_contain_text("Någon annan hann före")
        await expect(page.locator(".offer")).to_have_count(0)


async def test_focus_stays_on_her_status_when_the_stream_shows_it_anew(house):
    async with desk(house) as page:
        await page.locator("#presence-ready").focus()
        await page.evaluate("document.querySelector('#presence').dataset.old = '1'")
        house.app.state.hub.publish(f"agent:{MARIA.id}", "presence")
        await expect(page.locator("#presence[data-old]")).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(page.locator("#presence-ready")).to_have_attribute("aria-pressed", "true")


async def test_shortcuts_are_shown_and_can_be_switched_off(house):
    await house.arrive()
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Kortkommandon")
        await picture(page, "desk-shortcuts")
        await page.get_by_role("button", name="Stäng av kortkommandon").click()
        await expect(page.locator("body")).to_have_attribute("data-shortcuts", "off")
        await page.keyboard.press("2")
        await page.keyboard.press("a")
        await expect(page.locator(".step.now .mark")).to_have_text("1")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_day_can_be_worked_without_scripts(house):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se")
    async with desk(house, scripts=False) as page:
        await page.get_by_role("button", name="Nästa kontakt").click()
        await page.get_by_role("button", name="Ta kontakten").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(KALLT)
        await page.locator("#note").fill("Skrivet utan skript")
        await page.locator(".step.now button").nth(1).click()
        await expect(page.locator(".step.now .mark")).to_have_text("2")
        await expect(page.locator("#note")).to_have_value("Skrivet utan skript")
        await page.get_by_role("link", name="Avsluta").click()
        await page.get_by_label("Svar till").fill("Hej Anna! Vi kommer i dag.")
        await picture(page, "close-without-scripts")
        await page.get_by_role("button", name="Avsluta ärendet").click()
        await expect(page.locator("#work.idle")).to_be_visible()
    case = await house.casework.read_case.run("KC-2026-000001", MARIA)
    assert case.state == "closed"
    assert "Vi kommer i dag" in next(one.text for one in case.messages if one.kind == "reply")


@pytest.mark.parametrize(
    ("name", "browser"),
    [("desk-english", {"language": "en-GB"}), ("desk-zoom-200", {"width": 683, "height": 384})],
)
async def test_it_reads_in_english_and_at_200_per_cent(house, name, browser):
    await house.arrive()
    async with desk(house, **browser) as page:
        await page.get_by_role("button", name="Ready" if "language" in browser else "Redo").click()
        await page.locator("[data-focus-offer]").click()
        await expect(page.locator("#work.work")).to_be_visible()
        await picture(page, name)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        language = "en" if "language" in browser else "sv"
        await expect(page.locator("html")).to_have_attribute("lang", language)


async def test_the_heartbeat_goes_on_while_the_desk_is_open(house):
    async with desk(house) as page:
        await expect(page.locator("#waiting")).to_be_visible()
        await page.keyboard.press("e")
        await expect(page.get_by_role("button", name="Efterarbete")).to_have_attribute("aria-pressed", "true")
        await eventually(lambda: (MARIA.id, "away", "wrap_up") in house.router.presences)
        await page.reload()
        await expect(page.get_by_role("button", name="Efterarbete")).to_have_attribute("aria-pressed", "true")


async def no_scrolling(page: Page) -> None:
    assert await page.evaluate(
        "document.documentElement.scrollHeight <= window.innerHeight"
        " && document.documentElement.scrollWidth <= window.innerWidth"
    )
