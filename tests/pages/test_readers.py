"""Two who have the same case open see each other at the desk and on its page, in a real browser."""

from playwright.async_api import expect

from shared.vocabulary import Channel
from tests.pages.test_desk import desk, ready_and_taken
from tests.support.browser import in_browser, picture
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import PER, client_of, known_as

pytestmark = in_browser


async def test_the_agent_and_the_officer_see_each_other(house: DeskHouse) -> None:
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    async with desk(house) as page, client_of(house.app, accept="text/html") as per:
        await ready_and_taken(page)
        await expect(page.locator("#readers")).to_have_text("")
        await page.keyboard.press("t")
        await page.keyboard.type("Ringer")
        number = await page.locator("#work-case").input_value()
        await known_as(house.app, per, PER)
        shown = await per.get(f"/cases/{number}")
        assert "Maria Lind läser ärendet." in shown.text
        await expect(page.locator("#readers")).to_have_text("Per Dahl läser ärendet.")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type(" nu")
        await expect(page.locator("#note")).to_have_value("Ringer nu")
        await per.get(f"/cases/{number}")
        beat = await page.evaluate(
            """async () => { const { beat } = document.getElementById("readers").dataset;
            const headers = {"X-CSRF-Token": document.querySelector('meta[name="csrf"]').content};
            return (await fetch(beat, {method: "POST", headers})).text(); }"""
        )
        assert "Per Dahl läser ärendet." in beat
        await picture(page, "desk-readers")
        async with page.expect_response(lambda one: one.url.endswith("/beat") and one.ok):
            await page.keyboard.press("Shift")  # she is there: the page says so itself within ten seconds
        english = await per.post(f"/cases/{number}/readers", headers={"accept-language": "en"})
        assert "Reading the case now: Maria Lind." in english.text
        await page.goto(page.url.split("/desk")[0] + f"/cases/{number}")
        await expect(page.locator("#readers")).to_have_text("Per Dahl läser ärendet.")
        async with page.expect_response(lambda one: one.url.endswith(f"/cases/{number}/readers") and one.ok):
            await page.keyboard.press("Shift")
        await picture(page, "case-readers")
