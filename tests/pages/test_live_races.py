"""What a person does while the page is shown anew by itself: no act, no press and no dialog is lost by it."""

from playwright.async_api import Page, expect

from shared.vocabulary import Channel
from tests.pages.test_desk import desk, ready_and_taken, settled
from tests.pages.test_inbox import handed_over, inbox
from tests.support.browser import held, in_browser
from tests.support.desk import DeskHouse
from tests.support.web import MARIA

pytestmark = in_browser


async def test_what_is_taken_is_shown_though_the_list_was_shown_anew_meanwhile(house: DeskHouse) -> None:
    first, second = [await handed_over(house, subject) for subject in ("Kallt", "Läcker")]
    async with inbox(house) as page:
        let_go = await held(page, "**/take*")
        await page.evaluate("document.querySelector('#inbox').dataset.old = '1'")
        async with page.expect_request("**/take*"):
            await page.get_by_role("button", name=f"Ta emot {first[0]}").click()
        await page.evaluate("htmx.trigger(document.body, 'kc:inbox')")
        await expect(page.locator("#inbox[data-old]")).to_have_count(0)
        let_go.set()
        await expect(page.locator(".working-rows [data-row]")).to_have_count(1)
        await expect(page.locator("#count-mine")).to_have_text("1")
        await _sent_back_by_keyboard(page, second[1])


async def _sent_back_by_keyboard(page: Page, handover: str) -> None:
    await page.locator(f"#row-{handover}").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("kallt inne")
    await expect(page.locator("body.scripted")).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.locator("#deed-return [data-first]")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await expect(page.locator("#return-words")).to_be_focused()
    await page.keyboard.type("Det är inte vårt hus.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".handover .tag").first).to_have_text("Skickat tillbaka")


async def test_at_the_desk_no_press_and_no_dialog_is_lost_by_what_comes_meanwhile(house: DeskHouse) -> None:
    await house.arrive(Channel.VISIT, ticket="B007")
    async with desk(house) as page:
        await ready_and_taken(page)
        await settled(page, 1)
        await _a_button_shown_anew_under_the_finger(house, page)
        await _the_dialog_asked_for_last(page)
        await _closed_and_taken_back(house, page)


async def _closed_and_taken_back(house: DeskHouse, page: Page) -> None:
    """A visit is closed by keyboard, and Z brings it back."""
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("a")
    await expect(page.get_by_role("dialog").get_by_label("Löst av kontaktcentret")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".sending")).to_contain_text("är avslutat")
    await page.keyboard.press("z")
    await expect(page.locator("#work.work .step.now .mark")).to_have_text("1")
    await expect(page.locator(".sending")).to_have_count(0)
    assert (await house.casework.read_case.run("KC-2026-000001", MARIA)).state == "open"


async def _a_button_shown_anew_under_the_finger(house: DeskHouse, page: Page) -> None:
    await page.evaluate("""
        document.querySelector('#presence').dataset.old = '1';
        document.body.addEventListener('htmx:sseBeforeMessage', ({ target }) => {
            if (target.id === 'presence') document.body.dataset.came = '1';
        });
    """)
    await page.get_by_role("button", name="Paus").hover()
    await page.mouse.down()
    house.app.state.hub.publish(f"agent:{MARIA.id}", "presence")
    await expect(page.locator("body")).to_have_attribute("data-came", "1")
    await page.mouse.up()
    await expect(page.get_by_role("button", name="Paus")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#presence[data-old]")).to_have_count(0)


async def _the_dialog_asked_for_last(page: Page) -> None:
    let_go = await held(page, "**/handover*")
    async with page.expect_request("**/handover*"):
        await page.keyboard.press("l")
    async with page.expect_event("requestfailed", lambda request: "/handover" in request.url):
        await page.keyboard.press("i")
    let_go.set()
    await expect(page.get_by_role("dialog")).to_contain_text("Något saknas eller är fel")
