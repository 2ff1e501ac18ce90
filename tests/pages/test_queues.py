"""The supervisor's page in a real browser, on a real router: live, by keyboard, with a reason, and without a script."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from shared.errors import TransientError
from shared.vocabulary import Channel, Presence, Role
from tests.support.browser import cookie_of, held, in_browser, page_at, picture
from tests.support.floor_day import FloorHouse, floor_house

pytestmark = in_browser

ABORTED = "htmx:sendAbort|htmx:afterRequest"
"""What htmx says when a newer look takes the place of one under way."""


@pytest.fixture
async def house(settings) -> AsyncIterator[FloorHouse]:
    async with floor_house(settings) as found:
        yield found


@asynccontextmanager
async def queues(house: FloorHouse, path: str = "/queues", **browser: object) -> AsyncIterator[Page]:
    token = await cookie_of(house.settings, Role.LEAD)
    size = {"width": 1366, "height": 768, "expected": ABORTED} | browser
    async with page_at(house.url + path, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
        page.set_default_timeout(30_000)
        yield page


async def a_busy_floor(house: FloorHouse) -> None:
    """Let some wait, one be offered, and agents be in all the states that there are."""
    await house.be("agent-sara")
    await house.arrive("0190-plan-1", "bygg-och-plan")
    assert await house.taken("agent-sara") == "0190-plan-1"
    await house.be("agent-jonas")
    await house.arrive("0190-bostad-1", "bostadsbolag", Channel.VISIT)
    await house.offered("agent-jonas")
    await house.be("agent-amir", Presence.AWAY)
    for number in range(1, 9):
        unit = "bostadsbolag" if number % 3 else "bygg-och-plan"
        await house.arrive(f"0190-kontakt-{number}", unit, list(Channel)[number % 4])


async def test_the_floor_is_seen_at_a_glance(house):
    await a_busy_floor(house)
    async with queues(house, "/queues?queue=bostadsbolag") as page:
        contacts = page.locator("#part-contacts tbody tr")
        await expect(contacts).to_have_count(7)
        await expect(page.locator("#c-0190-bostad-1")).to_contain_text("Erbjuds Jonas Berg just nu.")
        await expect(page.locator("#part-contacts")).to_contain_text("Alla som kan är upptagna.")
        await expect(page.locator("#a-agent-sara")).to_contain_text("har 1 kontakt")
        await expect(page.locator("#a-agent-amir")).to_contain_text("Paus")
        await expect(page.locator(".offers li")).to_have_count(1)
        await expect(page.locator("#q-bygg-och-plan")).to_contain_text("Bygg och plan")
        await page.keyboard.press("2")
        await expect(contacts.first).to_be_focused()
        await picture(page, "queues")
        assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    async with queues(house, "/queues?queue=bostadsbolag", language="en-GB") as page:
        await expect(page.locator("#part-contacts")).to_contain_text("Everybody who can is busy.")
    async with queues(house, "/queues?queue=bostadsbolag", width=420, height=800) as page:
        await expect(page.locator("#part-contacts tbody tr")).to_have_count(7)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await picture(page, "queues-narrow")


async def test_what_comes_and_goes_is_shown_by_itself(house):
    async with queues(house) as page:
        await expect(page.locator("#floor")).to_contain_text("Inga köer ännu")
        await expect(page.locator("#part-agents")).to_contain_text("Ingen är inloggad")
        await picture(page, "queues-empty")
        await house.arrive("c1", "bostadsbolag")
        await expect(page.locator("#c-c1")).to_contain_text("Ingen kommunvägledare är redo.")
        await page.keyboard.press("2")
        await expect(page.locator("#c-c1")).to_be_focused()
        await house.arrive("c2", "bostadsbolag")
        await expect(page.locator("#part-contacts tbody tr")).to_have_count(2)
        await expect(page.locator("#c-c1")).to_be_focused()
        await house.be("agent-maria")
        await expect(page.locator("#a-agent-maria")).to_contain_text("ledig")
        await expect(page.locator("#part-contacts")).to_contain_text("innan dess kan ingen som är redo ta det")


async def test_a_contact_is_moved_by_keyboard(house):
    await house.arrive("c1", "bostadsbolag")
    await house.arrive("c2", "bostadsbolag")
    async with queues(house, "/queues?queue=bostadsbolag") as page:
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator("#c-c2")).to_be_focused()
        await page.keyboard.press("m")
        await expect(page.locator("#dialog")).to_be_visible()
        await picture(page, "queues-move")
        await page.get_by_label("Till kö").select_option("kontaktcenter")
        await page.get_by_label("Skäl").select_option("wrong_queue")
        await page.locator("#dialog button.primary").press("Enter")
        await expect(page.locator("#dialog")).to_be_hidden()
        await expect(page.locator("#part-contacts tbody tr")).to_have_count(1)
        await expect(page.locator("#q-kontaktcenter .big-n")).to_have_text("1")
        assert (await house.http.get("/api/v1/contacts/c2")).json()["queue"] == "kontaktcenter"


async def test_an_act_without_a_reason_is_not_sent_and_one_that_came_too_late_says_so(house):
    await house.arrive("c1", "bostadsbolag")
    async with queues(house, "/queues?queue=bostadsbolag", expected=f"{ABORTED}|409|htmx:responseError") as page:
        await page.keyboard.press("2")
        await page.keyboard.press("h")
        await page.locator("#dialog button.primary").click()
        await expect(page.locator("#dialog select:invalid")).to_have_count(1)
        await page.get_by_label("Skäl").select_option("urgent_matter")
        await house.be("agent-jonas")
        assert await house.taken("agent-jonas") == "c1"
        await page.locator("#dialog button.primary").click()
        await expect(page.locator(".dialog-notices")).to_contain_text("Kontakten väntar inte längre")
        await page.keyboard.press("Escape")
        await expect(page.locator("#dialog")).to_be_hidden()


@asynccontextmanager
async def at_work(house: FloorHouse, agent_id: str) -> AsyncIterator[None]:
    """Keep an agent's heartbeat going, as her desk does: without it the router frees her mail after 30 s."""

    async def beat() -> None:
        while True:
            await house.be(agent_id)
            await asyncio.sleep(5)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def test_an_agent_is_set_away_and_her_contact_released(house):
    await house.be("agent-jonas")
    await house.arrive("c1", "bostadsbolag")
    assert await house.taken("agent-jonas") == "c1"
    async with at_work(house, "agent-jonas"), queues(house) as page:
        await page.keyboard.press("3")
        await expect(page.locator("#a-agent-jonas")).to_be_focused()
        await page.keyboard.press("p")
        await page.get_by_label("Skäl").select_option("not_answering")
        await page.locator("#dialog button.primary").click()
        await expect(page.locator("#a-agent-jonas")).to_contain_text("Paus")
        await expect(page.locator("#a-agent-jonas")).to_contain_text("Kommunvägledaren svarar inte")
        await expect(page.locator("#dialog")).to_be_hidden()
    async with at_work(house, "agent-jonas"), queues(house) as page:
        await page.keyboard.press("3")
        await expect(page.locator("#a-agent-jonas")).to_be_focused()
        await page.keyboard.press("s")
        await page.get_by_label("Skäl").select_option("not_answering")
        await page.locator("#dialog button.primary").click()
        await expect(page.locator("#c-c1")).to_be_visible()
        assert await house.state("c1") == "waiting"


async def test_a_newer_look_at_the_floor_does_not_stop_what_she_asked_for(house):
    await house.be("agent-jonas")
    await house.arrive("c1", "bostadsbolag")
    assert await house.taken("agent-jonas") == "c1"
    async with at_work(house, "agent-jonas"), queues(house) as page:
        let_go = await held(page, "**/queues/acts/release*")
        await page.keyboard.press("3")
        async with page.expect_request("**/queues/acts/release*"):
            await page.keyboard.press("s")
        await house.arrive("c2", "bygg-och-plan")
        await expect(page.locator("#q-bygg-och-plan")).to_be_visible()
        let_go.set()
        await expect(page.get_by_label("Skäl")).to_be_visible()


async def test_a_peak_begins_and_ends(house):
    await house.arrive("c1", "bostadsbolag", Channel.EMAIL)
    async with queues(house) as page:
        await page.keyboard.press("t")
        await expect(page.locator("#dialog")).to_contain_text("Reserver kallas in")
        await picture(page, "queues-peak-dialog")
        await page.get_by_label("Skäl").select_option("incident")
        await page.get_by_label("Kömeddelande").uncheck()
        await page.locator("#dialog button.primary").click()
        await expect(page.locator(".peak")).to_contain_text("mejl väntar · ringarna är öppna · reserver är inkallade")
        await expect(page.locator(".peak")).not_to_contain_text("kömeddelande")
        await picture(page, "queues-peak")
        await page.locator(".peak a").click()
        await page.get_by_label("Skäl").select_option("calm_again")
        await page.locator("#dialog button.primary").click()
        await expect(page.locator(".peak")).to_have_count(0)


async def test_without_a_script_every_act_is_a_page_with_a_form(house):
    await house.arrive("c1", "bostadsbolag")
    until = datetime.now(UTC) + timedelta(days=1)
    async with queues(house, "/queues?queue=bostadsbolag", scripts=False) as page:
        assert 'http-equiv="refresh"' in await page.content()
        await page.locator("#q-bostadsbolag").get_by_role("link", name="Stäng").click()
        await expect(page.get_by_role("heading", name="Stäng kön Bostadsbolag")).to_be_visible()
        await picture(page, "queues-no-script")
        await page.get_by_label("Till (frivilligt)", exact=True).fill(f"{until:%Y-%m-%dT08:00}")
        await page.get_by_label("Det som kommer går till").select_option("kontaktcenter")
        await page.get_by_label("Skäl").select_option("staff_missing")
        await page.locator("button.primary").click()
        await expect(page).to_have_url(re.compile(r"/queues\?queue=bostadsbolag$"))
        await expect(page.locator("#q-bostadsbolag")).to_contain_text("går till Kontaktcenter")
        await house.arrive("c2", "bostadsbolag")
        assert (await house.http.get("/api/v1/contacts/c2")).json()["queue"] == "kontaktcenter"


class Away:
    """A floor that cannot be seen."""

    async def get(self, *_: object, **__: object) -> None:
        raise TransientError("Redis: ConnectionError")


async def test_a_store_that_is_away_is_said_and_the_page_comes_back(house):
    board, house.app.state.floorboard = house.app.state.floorboard, Away()
    async with queues(house) as page:
        await expect(page.get_by_role("alert").first).to_contain_text("Köerna går inte att läsa just nu.")
        await picture(page, "queues-lost")
        house.app.state.floorboard = board
        await house.arrive("c1", "bostadsbolag")
        await expect(page.locator("#c-c1")).to_be_visible()


async def test_an_agent_may_not_look(house):
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(f"{house.url}/queues", token, expected="403") as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Du har inte behörighet till det här.")
