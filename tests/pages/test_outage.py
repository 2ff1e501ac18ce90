"""The database is away while an agent works: the page says so, nothing typed is lost, and the work goes on after it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from shared.settings import ServiceSettings
from tests.pages.test_desk import desk, note_saved, ready_and_taken, settled
from tests.support.browser import needs_browser
from tests.support.desk import DeskHouse, desk_house
from tests.support.gate import Gate, gate_to
from tests.support.wait import eventually
from tests.support.web import MARIA

pytestmark = [pytest.mark.integration, pytest.mark.browser, needs_browser, pytest.mark.timeout(180)]


@pytest.fixture
async def gated(settings: ServiceSettings) -> AsyncIterator[tuple[DeskHouse, Gate]]:
    async with (
        gate_to(settings.postgres) as (gate, url),
        desk_house(settings.model_copy(update={"postgres": url})) as house,
    ):
        yield house, gate
        gate.open()


async def test_what_is_typed_while_the_database_is_away_is_kept_and_saved_afterwards(gated: tuple[DeskHouse, Gate]):
    house, gate = gated
    await house.arrive()
    async with desk(house, expected="503|ERR_|htmx:") as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.locator("#note").fill("Första raden")
        await note_saved(page)
        gate.shut()
        await page.locator("#note").fill("Norra torget 20, lägenhet 1203")
        await expect(page.locator("#notices")).to_contain_text("Försök igen")
        await page.keyboard.press("Escape")
        await page.keyboard.press("1")
        await expect(page.locator("#note")).to_have_value("Norra torget 20, lägenhet 1203")
        gate.open()
        await page.locator("#note").press("End")
        await page.keyboard.type(".")

        async def saved() -> bool:
            case = await house.casework.read_case.run("KC-2026-000001", MARIA)
            return case.draft == "Norra torget 20, lägenhet 1203."

        await eventually(saved, 30)
        await page.keyboard.press("Escape")
        await page.keyboard.press("1")
        await settled(page, 2)


async def test_a_close_that_could_not_be_made_can_be_made_when_the_database_is_back(gated: tuple[DeskHouse, Gate]):
    house, gate = gated
    await house.arrive()
    async with desk(house, expected="503|ERR_|htmx:") as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await page.keyboard.press("a")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Löst av kontaktcentret")).to_be_focused()
        await page.keyboard.press("2")
        gate.shut()
        await page.keyboard.press("Enter")
        await expect(dialog.locator(".dialog-notices")).to_contain_text("Försök igen")
        await expect(dialog.get_by_label("Hänvisad till självservice")).to_be_checked()
        gate.open()
        await page.keyboard.press("Enter")
        await expect(page.locator("#work.idle")).to_be_visible()
    case = await house.casework.read_case.run("KC-2026-000001", MARIA)
    assert (case.state, case.resolution) == ("closed", "hanvisad_sjalvservice")
