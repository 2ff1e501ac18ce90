"""Quick registration in a real browser: "wants extension 123" in less than ten keys beside the words."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from shared.clock import utc_now
from shared.vocabulary import CaseState
from tests.pages.test_desk import desk
from tests.support.browser import in_browser, picture
from tests.support.desk import DeskHouse, desk_house
from tests.support.web import MARIA

pytestmark = in_browser
MOST = 9


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


async def test_who_wants_an_extension_is_registered_in_less_than_ten_keys(house):
    keys: list[str] = []
    async with desk(house) as page:

        async def press(key: str) -> None:
            keys.append(key)
            await page.keyboard.press(key)

        await expect(page.locator("#work.idle")).to_be_visible()
        await press("c")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Vad gällde det?")).to_be_focused()
        await page.keyboard.type("kallt")
        await expect(dialog.get_by_label("Det är kallt inne")).to_be_checked()
        await picture(page, "desk-quick")
        await press("Tab")
        await expect(dialog.get_by_label("Det är kallt inne")).to_be_focused()
        await press("1")
        await expect(dialog.get_by_label("Kopplad")).to_be_focused()
        await press("4")
        await press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(page.locator("#work.idle .stats")).to_contain_text("1")
    assert len(keys) <= MOST
    [row] = (await house.casework.list_cases.run(MARIA)).items
    case = await house.casework.read_case.run(row.number, MARIA)
    assert (case.state, case.resolution, case.channel) == (CaseState.CLOSED, "kopplad", "phone")
    assert (case.classified_how, [note.text for note in case.notes]) == ("confirmed", ["kallt"])
    assert case.opened_at <= utc_now()
