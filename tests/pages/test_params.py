"""Local facts in a real browser: what is missing stands first, filled in by keyboard, with scripts and without."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.browser import in_browser, page_at
from tests.support.desk import DeskHouse, desk_house
from tests.support.served import served

pytestmark = in_browser

PICTURES = os.environ.get("KC_PICTURES")
KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
NUMBER = "070-174 06 05"


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


async def fill_in(page: Page, name: str, value: str) -> None:
    """Type a value where the fact is and press Enter, then see what the page says."""
    place = page.get_by_role("form", name=name).get_by_label("Värde")
    await place.focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type(value)
    await page.keyboard.press("Enter")


async def test_what_is_missing_stands_first_and_is_filled_in_by_keyboard(house: DeskHouse):
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(KARIN)
        page_url = f"{url}/editor/params"
        async with page_at(url + "/incidents", token, width=1366, height=768, expected="422") as page:
            await page.goto(page_url)
            forms = page.locator("form.param")
            await expect(forms.first.locator("h3")).to_contain_text("saknas")
            first = await forms.first.locator("input[name=name]").input_value()
            await fill_in(page, first, "7")
            await expect(page.locator(".alert.ok")).to_contain_text(f"Sparat: {first}")
            await expect(page.get_by_role("form", name=first).locator("h3")).not_to_contain_text("saknas")
            form = page.get_by_role("form", name="journummer")
            await form.get_by_label("Sort").select_option("telefon")
            await fill_in(page, "journummer", "ring oss")
            await expect(page.get_by_role("alert")).to_contain_text("Värdet ser inte ut som telefon")
            await expect(form.get_by_label("Värde")).to_have_value("ring oss")
            await expect(form.get_by_label("Sort")).to_have_value("telefon")
            await fill_in(page, "journummer", NUMBER)
            await expect(page.locator(".alert.ok")).to_contain_text("Sparat: journummer")
            await picture(page, "params")
            await page.set_viewport_size({"width": 320, "height": 700})
            await picture(page, "params-narrow")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        async with page_at(url + "/incidents", token, scripts=False, expected="422") as page:
            await page.goto(page_url)
            await fill_in(page, "journummer", "070-174 06 06")
            await expect(page.locator(".alert.ok")).to_contain_text("Sparat: journummer")
            form = page.get_by_role("form", name="journummer")
            await form.locator("summary").focus()
            await page.keyboard.press("Enter")
            await expect(form.locator(".param-past li")).to_have_count(2)
            await expect(form.locator(".param-past")).to_contain_text(NUMBER)
            await picture(page, "params-plain")
    facts = (await house.casework.checklists.facts.run(KARIN, "bostadsbolag"))[0].facts
    assert {one.name: one.value for one in facts}["journummer"] == "070-174 06 06"


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")
