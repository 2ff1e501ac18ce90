"""The reception in a real browser: a visit in at most eight keystrokes, the list that follows, fingers, no network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Page, expect

from services.intake.main import create_app
from services.intake.settings import Settings
from shared.events import OfferAccepted
from shared.publish import Publisher, message
from shared.records import AgentProfile, EntranceRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, EntranceKind, Role
from tests.integration.intake.conftest import stocked as _stocked
from tests.integration.intake.doors import accepted, intake_settings
from tests.support.browser import cookie_of, held, in_browser, page_at, picture
from tests.support.served import served
from tests.support.templates import migrated

pytestmark = in_browser
stocked = _stocked
MOST = 8
"""Keystrokes of a visit besides its words."""


@dataclass(frozen=True, slots=True)
class House:
    """A served intake and what the router would tell it."""

    url: str
    settings: Settings
    publisher: Publisher

    async def call_up(self, contact_id: str, agent: str = "agent-maria", epoch: int = 1) -> None:
        taken = accepted(contact_id, epoch=epoch).model_copy(update={"channel": Channel.VISIT, "agent_id": agent})
        assert isinstance(taken, OfferAccepted)
        await self.publisher.publish(message(taken), timeout=20)


@pytest.fixture
async def house(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[House]:
    migrated(settings.postgres, "services.intake.migrations")
    other = EntranceRecord(
        id="bibliotek", kind=EntranceKind.DESK, value="bibliotek", name="Biblioteket", unit="kontaktcenter", greeting=""
    )
    told = (other, AgentProfile(id="agent-maria", name="Maria Lind", place="Disk 3"))
    await stocked.publish(*(message(one) for one in told), timeout=20)
    made = intake_settings(settings, display_token="visa-oss")
    async with served(create_app(made)) as url:
        yield House(url, made, stocked)


@dataclass(slots=True)
class Keys:
    """Types as she does, and counts what is no word of hers."""

    page: Page
    count: int = 0
    words: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.count += 1
            await self.page.keyboard.press(key)

    async def say(self, words: str) -> None:
        self.words.append(words)
        await self.page.keyboard.type(words)


async def test_a_visit_takes_at_most_eight_keystrokes_and_its_words(house: House) -> None:
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(f"{house.url}/reception", token, width=1366, height=900) as page:
        await expect(page.locator("#f-matter")).to_be_focused()
        short = Keys(page)
        await short.say("Ansökan om bygglov")
        await short.press("Enter")
        await expect(page.locator(".ticket b")).to_have_text("B001")
        assert short.count == 1
        await expect(page.locator("#f-matter")).to_be_focused()  # the next one stands there already
        whole = Keys(page)
        await whole.press("Alt+1")
        await expect(page.locator(".desks [aria-current]")).to_contain_text("Biblioteket")
        await expect(page.locator("#f-matter")).to_be_focused()
        await whole.say("Help with a form")
        await whole.press("Tab", "ArrowRight", "Tab")
        await whole.say("Jane Doe")
        await whole.press("Enter")
        await expect(page.locator(".ticket b")).to_have_text("B001")
        await expect(page.locator(".ticket p")).to_have_text(
            "Your ticket is B001. Please wait until it is shown on the screen."
        )
        assert whole.count <= MOST
        row = page.locator("#visits .visit-row")
        await expect(row).to_contain_text("Jane Doe")
        await expect(row).to_contain_text("English")
        await picture(page, "reception", full_page=True)
        farthest = Keys(page)
        await farthest.say("ቅጥዒ")
        await farthest.press("Tab", *["ArrowRight"] * 5, "Enter")
        assert farthest.count <= MOST
        await expect(page.locator(".ticket b")).to_have_text("B002")


async def test_the_list_follows_who_is_called_who_is_with_whom_and_who_has_gone(house: House) -> None:
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(f"{house.url}/reception?desk=stadshuset", token, width=1180, height=820) as page:
        await expect(page.locator("#visits .empty-title")).to_have_text("Ingen väntar")
        await picture(page, "reception-empty", full_page=True)
        for matter, name in (("Bygglov", "Bo Ek"), ("Parkering", ""), ("Skola", "Eva Alm")):
            await page.locator("#f-matter").fill(matter)
            await page.locator("#f-name").fill(name)
            await page.get_by_role("button", name="Ge könummer").click()
            await expect(page.locator("#visits .visit-row", has_text=matter)).to_be_visible()
        rows = page.locator("#visits .visit-row")
        ids = [await rows.nth(place).locator("button").get_attribute("id") or "" for place in range(3)]
        await house.call_up(ids[0].removeprefix("left-"))
        called = page.locator(".visit-row.with_agent")
        await expect(called).to_contain_text("Maria Lind")
        await expect(called).to_contain_text("Disk 3")
        await expect(called.locator("[data-since]")).to_be_visible()
        await page.get_by_role("button", name="B002 har gått").click()
        await expect(page.locator(".counts")).to_contain_text("1 väntar · 1 hos kommunvägledare")
        await page.locator(".over summary").click()
        await expect(page.locator(".over .visit-row")).to_contain_text("Gick")
        await picture(page, "reception-list", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_who_has_gone_is_sent_though_the_list_is_being_fetched(house: House) -> None:
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(f"{house.url}/reception?desk=stadshuset", token) as page:
        await page.locator("#f-matter").fill("Bygglov")
        await page.get_by_role("button", name="Ge könummer").click()
        await expect(page.locator("#visits .visit-row")).to_be_visible()
        let_go = await held(page, "**/reception/waiting*")
        async with page.expect_request("**/reception/waiting*"):
            await page.evaluate("htmx.trigger('#visits', 'sse:refetch')")
        async with page.expect_response("**/left*"):
            await page.get_by_role("button", name="B001 har gått").click()
        let_go.set()
        await expect(page.locator("#visits .empty-title")).to_have_text("Ingen väntar")


async def test_what_is_missing_is_said_and_what_was_typed_stands(house: House) -> None:
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(
        f"{house.url}/reception", token, scripts=False, language="en-GB", expected="status of 422"
    ) as page:
        await page.locator("#f-matter").fill("   ")
        await page.locator("#f-name").fill("Jane Doe")
        await page.get_by_role("button", name="Give a ticket").click()
        await expect(page.locator("#e-matter")).to_have_text("Write what the visit is about.")
        await expect(page.locator("#f-name")).to_have_value("Jane Doe")


async def test_fingers_and_a_lost_network(house: House) -> None:
    token = await cookie_of(house.settings, Role.AGENT)
    async with page_at(
        f"{house.url}/reception", token, width=1024, height=768, touch=True, expected="ERR_|Failed to load"
    ) as page:
        await page.locator("#f-matter").fill("Pass")
        await page.get_by_role("radio", name="Suomi").tap()
        await page.get_by_role("button", name="Ge könummer").tap()
        await expect(page.locator(".ticket p")).to_have_attribute("lang", "fi")
        targets = page.locator(".languages label, .desks a, .reception button, #f-matter, #f-name")
        for place in range(await targets.count()):
            box = await targets.nth(place).bounding_box()
            assert box is None or box["height"] >= 44, await targets.nth(place).inner_text()
        await picture(page, "reception-tablet", full_page=True)
        await page.context.set_offline(True)
        await page.evaluate("htmx.trigger(document.body, 'htmx:sseError')")
        await expect(page.locator(".desk-waiting .off")).to_be_visible()
        await picture(page, "reception-offline", full_page=True)
