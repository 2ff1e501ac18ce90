"""The officers' inbox and the page of a hand-over in a real browser: by keyboard, refused, and without scripts."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from shared.clock import utc_now
from shared.vocabulary import Channel
from tests.support.browser import needs_browser, page_at
from tests.support.desk import MAIL, DeskHouse, desk_house
from tests.support.served import served
from tests.support.web import MARIA, PER

pytestmark = [pytest.mark.integration, pytest.mark.browser, needs_browser, pytest.mark.timeout(180)]

PICTURES = os.environ.get("KC_PICTURES")
REFUSED = "422|409|htmx:"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A machine that is busy with other tests is slow, not wrong."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", caret="initial")


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


@asynccontextmanager
async def inbox(house: DeskHouse, path: str = "/inbox", **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(PER)
        size = {"width": 1366, "height": 768, "expected": REFUSED} | browser
        async with page_at(url + path, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            yield page


async def handed_over(house: DeskHouse, subject: str = "Kallt", **facts: object) -> tuple[str, str]:
    """Hand a mail over to the housing company; return the case number and the hand-over's id."""
    given = {"text": MAIL, "subject": subject, "email": "anna.ek@example.se", "name": "Anna Ek"} | facts
    contact = await house.arrive(Channel.EMAIL, **given)
    [row] = (await house.casework.list_cases.run(MARIA, contact_id=contact)).items
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
        await expect(page.locator(".working [data-row]")).to_have_count(1)
        await expect(page.locator(f"#row-{cases[2][1]}")).to_be_focused()
        await expect(page.locator("#count-mine")).to_have_text("1")
        await page.keyboard.press("m")
        await expect(page.locator("[data-row]")).to_have_count(1)
        await page.keyboard.press("/")
        await expect(page.locator("#q")).to_be_focused()
        await page.keyboard.type("finns inte")
        await expect(page.locator("#inbox")).to_contain_text("Inget här med de orden")
        await picture(page, "inbox-nothing")


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
