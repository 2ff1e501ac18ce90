"""The screen of a waiting room in a real browser: read across the room, live, silent, honest when it hears nothing."""

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from services.intake.main import create_app
from shared.vocabulary import Role
from tests.integration.intake.doors import BEARER
from tests.pages.test_reception import House
from tests.pages.test_reception import house as _house
from tests.pages.test_reception import stocked as _stocked
from tests.support.browser import cookie_of, in_browser, page_at, picture
from tests.support.web import free_port, served

pytestmark = in_browser
house, stocked = _house, _stocked
ACROSS = 1 / 12
"""Height of the newest ticket's figures on the screen: read at eight metres on a 43 inch screen."""


async def register(page: Page, house: House, name: str = "Hemlig Person") -> str:
    body = {"entrance": "stadshuset", "matter": "Hemligt", "name": name}
    answer = await page.request.post(f"{house.url}/api/v1/visits", data=body, headers=BEARER)
    return str((await answer.json())["contact_id"])


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
async def test_called_tickets_are_read_across_a_room(house: House, width: int, height: int) -> None:
    address = f"{house.url}/waiting-room?desk=stadshuset&token=visa-oss"
    async with page_at(address, "nobody", width=width, height=height) as page:
        await expect(page.locator(".nobody")).to_contain_text("Ditt könummer visas här")
        await expect(page.locator(".nobody")).to_contain_text("Your ticket is shown here")
        await picture(page, f"waiting-room-empty-{width}")
        for number in range(7):
            contact_id = await register(page, house)
            await house.call_up(contact_id, "agent-maria" if number % 2 else "agent-jonas")
            await expect(page.locator(".newest .ticket")).to_have_text(f"B00{number + 1}")
        await expect(page.locator(".newest .place")).to_contain_text("Disk")
        await expect(page.locator(".newest")).to_have_class("newest fresh")
        await expect(page.locator(".earlier li")).to_have_count(5)
        await expect(page.locator(".earlier li").first).to_contain_text("Disk 3")
        for word in ("Hemlig", "Maria", "Jonas"):
            await expect(page.locator("body")).not_to_contain_text(word)
        size = await page.locator(".newest .ticket").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        assert size >= height * ACROSS
        assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        cut = "[...document.querySelectorAll('.newest, .earlier li')].filter(c => c.scrollHeight > c.clientHeight + 1)"
        assert await page.evaluate(f"{cut}.length") == 0
        await picture(page, f"waiting-room-{width}")


async def test_who_does_not_come_is_called_again_on_the_screen(house: House) -> None:
    async with page_at(f"{house.url}/waiting-room", await cookie_of(house.settings, Role.AGENT)) as page:
        contact_id = await register(page, house)
        await house.call_up(contact_id)
        await expect(page.locator(".newest .ticket")).to_have_text("B001")
        await expect(page.locator(".again")).to_have_count(0)
        missed = f"{house.url}/api/v1/visits/{contact_id}/missed"
        await page.request.post(missed, headers=BEARER)
        await expect(page.locator(".newest .again")).to_contain_text("Ropas igen")
        await picture(page, "waiting-room-again")
        for _ in range(2):
            await page.request.post(missed, headers=BEARER)
        await expect(page.locator(".nobody")).to_be_visible()


async def test_a_screen_that_hears_nothing_says_so_and_comes_back_by_itself(house: House) -> None:
    with free_port() as port:
        pass
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        url, _ = await first.enter_async_context(served(create_app(house.settings), house.settings, port))
        here = replace(house, url=url)
        address = f"{url}/waiting-room?token=visa-oss"
        async with page_at(address, "nobody", expected="ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|Failed to load") as page:
            await here.call_up(await register(page, here))
            await expect(page.locator(".newest .ticket")).to_have_text("B001")
            await first.aclose()
            await expect(page.locator("body")).to_have_class("page screen offline")
            await expect(page.locator(".off")).to_contain_text("Skärmen har ingen kontakt")
            await expect(page.locator(".off")).to_contain_text("The screen has no contact")
            await expect(page.locator(".newest .ticket")).to_have_text("B001")
            await picture(page, "waiting-room-offline")
            await second.enter_async_context(served(create_app(house.settings), house.settings, port))
            await expect(page.locator("body")).to_have_class("page screen")
            await here.call_up(await register(page, here))
            await expect(page.locator(".newest .ticket")).to_have_text("B002")


async def test_the_screen_works_without_scripts_and_in_english(house: House) -> None:
    address = f"{house.url}/waiting-room?token=visa-oss"
    async with page_at(address, "nobody", scripts=False, language="en-GB") as page:
        assert 'http-equiv="refresh"' in await page.content()
        await expect(page.locator(".nobody p").first).to_have_text("Your ticket is shown here when it is your turn.")
