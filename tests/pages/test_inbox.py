"""The officers' inbox and the page of a hand-over in a real browser: by keyboard, refused, and without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.clock import utc_now
from shared.vocabulary import Channel, ReturnReason
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import MAIL, DeskHouse
from tests.support.served import served
from tests.support.web import MARIA, PER

pytestmark = in_browser

REFUSED = "422|409|htmx:"


@asynccontextmanager
async def inbox(house: DeskHouse, path: str = "/inbox", **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(PER)
        size = {"width": 1366, "height": 768, "expected": REFUSED} | browser
        async with page_at(url + path, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            yield page


@asynccontextmanager
async def desk(house: DeskHouse) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(MARIA)
        async with page_at(f"{url}/desk", token, width=1366, height=768, expected=REFUSED) as page:
            page.set_default_timeout(30_000)
            yield page


async def handed_over(house: DeskHouse, subject: str = "Kallt", **facts: object) -> tuple[str, str]:
    """Hand a mail over to the housing company; return the case number and the hand-over's id."""
    given: dict[str, Any] = {"text": MAIL, "subject": subject, "email": "anna.ek@example.se", "name": "Anna Ek"} | facts
    contact = await house.arrive(Channel.EMAIL, **given)
    [row] = (await house.casework.list_cases.run(MARIA, contact_id=contact)).items
    house.router.waiting.clear()
    made = await house.casework.hand_over.run(row.number, MARIA, request_id=f"hand-{row.number}", to="bostadsbolag")
    return row.number, made.id


async def test_the_inbox_is_worked_by_keyboard_alone(house):
    cases = [await handed_over(house, subject) for subject in ("Kallt", "Läcker", "Nyckel")]
    async with inbox(house) as page:
        rows = page.locator("#group-waiting ~ .scroll [data-row]")
        await expect(rows).to_have_count(3)
        await page.keyboard.press("j")
        await expect(page.locator(f"#row-{cases[0][1]}")).to_be_focused()
        await page.keyboard.press("j")
        await expect(page.locator(f"#row-{cases[1][1]}")).to_be_focused()
        await picture(page, "inbox")
        await page.keyboard.press("t")
        await expect(page.locator(".working-rows [data-row]")).to_have_count(1)
        await expect(page.locator(f"#row-{cases[2][1]}")).to_be_focused()
        await expect(page.locator("#count-mine")).to_have_text("1")
        await page.keyboard.press("m")
        await expect(page.locator("[data-row]")).to_have_count(1)
        await page.keyboard.press("/")
        await expect(page.locator("#q")).to_be_focused()
        await page.keyboard.type("finns inte")
        await expect(page.locator("#inbox")).to_contain_text("Inget här med de orden")
        await picture(page, "inbox-nothing")


async def test_the_day_is_seen_at_a_glance_what_is_due_first_in_words(house):
    now = utc_now()
    late, soon, planned, asked, given, over = [
        (await handed_over(house, subject, first=first))[1] for subject, first in _FIRST.items()
    ]
    await told(house, planned)
    await house.casework.assign.run(given, PER, PER.name, PER.id)
    await house.casework.ask_citizen.run(asked, PER, PER.name, "Vilket lägenhetsnummer?")
    await house.casework.answer.run(over, PER, PER.name, "Hämta dem i receptionen.")
    async with house.casework.read_inbox.uow.begin() as work:
        await work.handovers.change(late, acknowledge_by=now - timedelta(minutes=5))
        await work.handovers.change(soon, at=now - timedelta(days=10), acknowledge_by=now + timedelta(minutes=9))
    async with inbox(house) as page:
        rows = page.locator("[data-row]")
        await expect(rows).to_have_count(6)
        await expect(rows.nth(0)).to_contain_text("försenat")
        await expect(rows.nth(1)).to_contain_text("snart")
        await expect(page.locator(f"tr:has(#row-{planned})")).to_contain_text("Rörfirman. De ringer innan.")
        await expect(page.locator(".paused-rows")).to_contain_text("Klockan står still")
        await picture(page, "inkorg")


_FIRST = {
    "Elementen är kalla": "kallt inne",
    "Vatten på golvet": "gått sönder",
    "Kodlås": "flera dagar",
    "Hyresavi": "säger jag upp",
    "Trapphus": "Grannen",
    "Nycklar": "när kommer ni",
}


async def told(house: DeskHouse, handover: str) -> None:
    """Let the unit say how it goes."""
    said: dict[str, Any] = {"performer": "Rörfirman", "text": "De ringer innan.", "external_ref": "FA-2290"}
    day = (utc_now() + timedelta(days=2)).replace(hour=9, minute=0)
    await house.casework.progress.run(handover, PER, "Per Dahl", planned_for=day, **said)


async def test_a_hand_over_is_worked_by_keyboard_from_receipt_to_answer(house):
    number, _ = await handed_over(house)
    async with inbox(house) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("kallt inne")
        await expect(page.locator(".clocks")).to_contain_text("i tid")
        await picture(page, "handover-new")
        await page.keyboard.press("t")
        await expect(page.get_by_role("status").filter(has_text="Mottaget. Nu syns det")).to_be_focused()
        await page.keyboard.press("Escape")
        await page.locator("h1").click()
        await page.keyboard.press("k")
        await expect(page.locator("#ask-text")).to_be_focused()
        await page.locator("#ask-text").press("Escape")
        await page.locator("h1").click()
        await page.keyboard.press("l")
        day = (utc_now() + timedelta(days=3)).date().isoformat()
        await expect(page.locator("#progress-day")).to_be_focused()
        await page.locator("#progress-day").fill(day)
        await page.locator("#progress-performer").fill("Rörfirman i Åmåla")
        await page.locator("#progress-text").fill("Montören ringer innan hen kommer.")
        await page.locator("#progress-external_ref").fill("FA-2290")
        await page.locator("#progress-external_ref").press("Enter")
        await expect(page.get_by_role("status").filter(has_text="Läget är sparat")).to_be_focused()
        await picture(page, "handover-working")
        await page.keyboard.press("s")
        await expect(page.locator("#answer-text")).to_be_focused()
        await page.keyboard.type("Värmen är lagad.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".handover .tag").first).to_have_text("Besvarat")
        await picture(page, "handover-answered")
    case = await house.casework.read_case.run(number, MARIA)
    assert case.state == "closed"
    assert case.handover is not None
    assert (case.handover.performer, case.handover.external_ref) == ("Rörfirman i Åmåla", "FA-2290")


async def test_the_half_minutes_refresh_loses_neither_focus_nor_what_is_typed(house):
    _, first = await handed_over(house)
    async with inbox(house) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("/")
        await page.keyboard.type("kallt")
        await expect(page.locator("[data-row]")).to_have_count(1)
        await handed_over(house, "Kallt igen")
        await page.evaluate("document.body.dispatchEvent(new Event('kc:inbox'))")
        await expect(page.locator("[data-row]")).to_have_count(2)
        await expect(page.locator("#q")).to_be_focused()
        await expect(page.locator("#q")).to_have_value("kallt")
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#row-{first}")).to_be_focused()
        await handed_over(house, "Kallt än")
        await page.evaluate("document.body.dispatchEvent(new Event('kc:inbox'))")
        await expect(page.locator("[data-row]")).to_have_count(3)
        await expect(page.locator(f"#row-{first}")).to_be_focused()
        await expect(page.locator("#count-unit")).to_have_text("3")


async def test_a_lost_connection_is_said_and_what_was_typed_is_sent_later(house):
    _, handover = await handed_over(house)
    async with inbox(house, f"/inbox/{handover}", expected="ERR_FAILED|htmx:|sendError") as page:
        await page.keyboard.press("s")
        await page.keyboard.type("Vi kommer i dag.")
        await page.route("**/answer", lambda route: route.abort())
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#notices")).to_contain_text("Ingen kontakt med servern")
        await expect(page.locator("#answer-text")).to_have_value("Vi kommer i dag.")
        await page.unroute("**/answer")
        await page.locator("#answer-text").press("Control+Enter")
        await expect(page.locator(".handover .tag").first).to_have_text("Besvarat")


async def test_a_refused_form_comes_back_in_its_place_with_its_error_in_focus(house):
    _, handover = await handed_over(house)
    async with inbox(house, f"/inbox/{handover}") as page:
        await page.keyboard.press("f")
        await page.locator("#move-day").fill((utc_now() - timedelta(days=2)).date().isoformat())
        await page.locator("#move-why").fill("Reservdelen är slut.")
        await page.locator("#deed-move form").evaluate("form => form.noValidate = true")
        async with page.expect_response("**/move") as answer:
            await page.locator("#deed-move button").click()
        assert (await answer.value).status == 422
        await expect(page.locator("#e-move-day")).to_contain_text("Skriv en tid som kommer")
        await expect(page.locator("#move-day")).to_be_focused()
        await expect(page.locator("#move-why")).to_have_value("Reservdelen är slut.")
        await picture(page, "handover-refused")


async def test_the_desk_says_at_once_where_an_earlier_case_stands_and_what_was_sent_back(house):
    number, handover = await handed_over(house, person_key="2026:anna")
    await told(house, handover)
    await house.arrive(Channel.PHONE, phone="070-174 06 05", person_key="2026:anna")
    async with desk(house) as page:
        await page.get_by_role("button", name="Redo").click()
        await page.locator("[data-focus-offer]").click()
        card = page.locator(".now-card")
        await expect(card).to_contain_text(number)
        for words in ("Rörfirman", "De ringer innan.", "FA-2290", "Per Dahl", "i tid"):
            await expect(card).to_contain_text(words)
        await no_scrolling(page)
        await picture(page, "desk-earlier")
        back = {"code": ReturnReason.WRONG_PLACE, "to": "gata-och-park"}
        await house.casework.send_back.run(handover, PER, "Per Dahl", "Det är stadens ledning.", **back)
        await page.goto(page.url.split("?")[0] + f"?case={number}")
        await expect(page.locator(".now-card")).to_contain_text("Det är stadens ledning.")
        await picture(page, "desk-returned")
        await expect(page.get_by_role("button", name="Lämna över till Gata och park")).to_be_visible()
        await page.get_by_role("link", name="Se först vad som går").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Lämna över nu")).to_be_focused()
        await expect(dialog).to_contain_text("gata-och-park@kommun.example")
        await dialog.get_by_label("Meddelande till mottagaren").fill("Ledningen under gatan.")
        await dialog.get_by_label("Verksamhet som tar emot").select_option("bygg-och-plan")
        await expect(dialog).to_contain_text("bygg-och-plan@kommun.example")
        await expect(dialog.get_by_label("Meddelande till mottagaren")).to_have_value("Ledningen under gatan.")
        await expect(dialog.get_by_role("button", name="Lämna över nu")).to_be_focused()
        await picture(page, "desk-handover")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    case = await house.casework.read_case.run(number, MARIA)
    assert case.handover is not None
    assert (case.handover.unit, case.handover.message) == ("bygg-och-plan", "Ledningen under gatan.")


async def test_an_officers_day_goes_without_scripts(house):
    _, handover = await handed_over(house)
    async with inbox(house, scripts=False) as page:
        await page.get_by_role("button", name="Ta emot").click()
        await page.locator(f"#row-{handover}").click()
        await page.locator("#deed-assign summary").click()
        await page.locator("#assign-officer").select_option(PER.id)
        await page.locator("#deed-assign button").click()
        await expect(page.locator("#handover .alert.ok")).to_contain_text("given till en kollega")
        await page.locator("#deed-return summary").click()
        await page.get_by_label("Hör inte hemma hos oss").check()
        await page.locator("#return-words").fill("Det är stadens lampa.")
        await page.locator("#return-to").select_option("gata-och-park")
        await page.locator("#deed-return button").click()
        await expect(page.locator(".handover .tag").first).to_have_text("Skickat tillbaka")
        await page.get_by_role("link", name="Till inkorgen").first.click()
        await expect(page.locator(".ended-rows [data-row]")).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "browser"),
    [("english", {"language": "en-GB"}), ("zoom-200", {"width": 683, "height": 384}), ("phone", {"width": 360})],
)
async def test_it_reads_in_english_at_200_per_cent_and_on_a_phone(house, name, browser):
    _, handover = await handed_over(house)
    await handed_over(house, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
    for path in ("/inbox", f"/inbox/{handover}", "/inbox/away"):
        async with inbox(house, path, **browser) as page:
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await picture(page, f"{path.strip('/').replace('/', '-')[:12]}-{name}")
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            assert await page.evaluate(NAMELESS) == []


NAMELESS = """[...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")]
    .filter(node => !(node.labels?.length || node.textContent.trim() || node.ariaLabel || node.title))
    .map(node => node.outerHTML)
    .concat([...document.querySelectorAll("[id]")].map(node => node.id)
        .filter((id, at, all) => all.indexOf(id) !== at))"""
"""Whatever can be used and has no name, and ids that stand twice."""


async def no_scrolling(page: Page) -> None:
    assert await page.evaluate(
        "document.documentElement.scrollHeight <= window.innerHeight"
        " && document.documentElement.scrollWidth <= window.innerWidth"
    )
