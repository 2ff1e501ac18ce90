"""A run of practice in a real browser, by keys alone, on pages that say plainly what they are."""

import re

from playwright.async_api import expect

from services.casework.usecases.practice.exercises import ImportExercises
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.browser import in_browser, page_at, picture
from tests.support.desk import SEED, DeskHouse
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = in_browser
OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))


async def test_a_run_by_keys_is_marked_judged_and_read_by_the_leader(house: DeskHouse):
    await ImportExercises(house.casework.close.uow).run((SEED / "exercises.yaml").read_bytes())
    async with served(house.app) as url:
        sessions = house.app.state.sessions
        hers, his = await sessions.start(MARIA), await sessions.start(OSKAR)
        async with page_at(url + "/practice", hers, width=1366, height=768) as page:
            await picture(page, "practice")
            start = page.get_by_role("button", name=re.compile("Bostadsbolag, .*Nils Lund"))
            await start.focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".practice-mark")).to_be_visible()
            await page.keyboard.press("/")
            await page.keyboard.type("kallt inne")
            await expect(page.locator("#candidates .pick").first).to_contain_text("Det är kallt inne")
            await page.keyboard.press("Alt+1")
            await expect(page.locator(".step.now .say")).to_be_visible()
            await page.keyboard.press("t")
            await page.keyboard.type("Lindgatan 2")
            await expect(page.locator("#saved")).not_to_have_text("…")
            await page.keyboard.press("Escape")
            for answered, key in enumerate("221"):
                await expect(page.locator(".step.done")).to_have_count(answered)
                await page.keyboard.press(key)
            await expect(page.locator(".step.end")).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            await picture(page, "practice-desk")
            await page.reload()
            await expect(page.locator("#note")).to_have_value("Lindgatan 2")
            await page.keyboard.press("l")
            await expect(page.get_by_text("ingen tar emot något")).to_be_visible()
            await page.keyboard.press("Enter")
            await expect(page.locator("h1")).to_have_text("Det här går att göra bättre")
            await picture(page, "practice-result")
        async with page_at(url + "/practice/results", his, width=1366, height=768) as page:
            await picture(page, "practice-results")
            await page.locator("section[aria-label=Bostadsbolag]").get_by_role("link", name="Maria Lind").click()
            await expect(page.get_by_role("link", name="Nils Lund")).to_be_visible()
            await page.keyboard.press("g")
            await expect(page.get_by_text("av Oskar Vik")).to_be_visible()
            await picture(page, "practice-agent")
