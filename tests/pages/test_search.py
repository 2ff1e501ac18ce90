"""Finding a case in a real browser: from anywhere by one key, marked where it answers, and without a script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from shared.vocabulary import Channel
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import DeskHouse, desk_house
from tests.support.served import served
from tests.support.web import MARIA, PER

pytestmark = in_browser


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        await found.arrive(
            Channel.EMAIL, name="Göran Åkesson", email="goran@medborgare.example", phone="+46701740612",
            subject="Kallt i lägenheten", text="Elementen är kalla sedan i går, jag bor på Storgatan 12.",
        )  # fmt: skip
        await found.arrive(
            Channel.EMAIL, name="Eva Lindqvist", email="eva@medborgare.example", subject="Nyckel", text="Borttappad."
        )
        yield found


@asynccontextmanager
async def at(house: DeskHouse, path: str, person=MARIA, **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(person)
        size = {"width": 1366, "height": 768} | browser
        async with page_at(url + path, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            yield page


async def test_a_slash_leads_to_the_search_and_what_is_typed_is_found_and_marked(house):
    [newest, *_] = (await house.casework.list_cases.run(MARIA)).items
    async with at(house, "/cases") as page:
        await page.goto(f"{page.url}/{newest.number}")
        await expect(page.locator("h1")).to_be_visible()
        # The link names the address that casework has in production; the test's has another port.
        assert str(await page.locator("[data-key='/']").get_attribute("href")).endswith("/cases")
        await page.go_back()
        await page.locator("h1").click()
        await page.keyboard.press("/")
        field = page.get_by_role("searchbox")
        await expect(field).to_be_focused()
        await expect(page.locator(".hit")).to_have_count(2)
        await page.keyboard.type("akeson storgatan")
        await expect(page.locator(".hit")).to_have_count(1)
        await expect(page.locator("mark")).to_have_text(["Åkesson", "Storgatan"])
        await expect(page.get_by_text("Liknande ord")).to_be_visible()
        await picture(page, "search-near")
        await field.fill("0612")
        await expect(page.locator(".why dt")).to_have_text(["Telefon"])
        await expect(field).to_be_focused()
        await field.fill("850101-1234")
        await expect(page.locator(".alert")).to_contain_text("Personnummer finns inte i sökningen")
        await field.fill("zebra")
        await expect(page.locator(".empty")).to_contain_text("Inget ärende svarar mot ”zebra”.")


async def test_it_works_without_scripts_and_narrows_by_state(house):
    async with at(house, "/cases?q=lindqvist", scripts=False) as page:
        await expect(page.locator(".hit")).to_have_count(1)
        await page.select_option("#f-state", "closed")
        await page.get_by_role("button", name="Sök").click()
        await expect(page.locator(".hit")).to_have_count(0)
        await expect(page.locator("#f-q")).to_have_value("lindqvist")
        await expect(page.locator("#f-state")).to_have_value("closed")


async def test_an_officer_finds_only_what_she_may_see(house):
    other = replace(PER, units=frozenset({"bygg-och-plan"}))
    for person, count in ((PER, 2), (other, 0)):
        async with at(house, "/cases?q=kallt", person=person) as page:
            await expect(page.locator("#f-q")).to_have_value("kallt")
            await expect(page.locator(".hit")).to_have_count(count)
