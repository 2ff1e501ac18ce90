"""Writing to the citizen in a real browser, by keyboard: templates, files, no word lost, taken back."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from shared.vocabulary import Channel
from tests.support.browser import needs_browser, page_at, picture
from tests.support.desk import MAIL, DeskHouse
from tests.support.served import served
from tests.support.wait import eventually
from tests.support.web import MARIA

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    needs_browser,
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("patience"),
]

NUMBER = "KC-2026-000001"


@asynccontextmanager
async def at_work(house: DeskHouse, expected: str = "htmx:sendAbort|htmx:afterRequest") -> AsyncIterator[Page]:
    """The desk with a mail on it."""
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(MARIA)
        async with page_at(f"{url}/desk", token, width=1366, height=768, expected=expected) as page:
            page.set_default_timeout(30_000)
            await page.get_by_role("button", name="Redo").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("[data-focus-offer]")).to_be_focused()
            await page.keyboard.press("Enter")
            await expect(page.locator("#work.work")).to_be_visible()
            await expect(page.locator(".step.now [data-focus]")).to_be_focused()
            yield page


async def write(page: Page) -> None:
    await page.keyboard.press("s")
    await expect(page.get_by_role("textbox", name="Svar")).to_be_focused()


async def kept(house: DeskHouse) -> str:
    return (await house.casework.outgoing.draft.run(NUMBER, MARIA)).text


async def test_a_reply_is_written_from_a_template_sent_and_taken_back_by_keyboard(house):
    async with at_work(house, expected="422|htmx:sendAbort|htmx:afterRequest") as page:
        await write(page)
        await page.keyboard.press("Alt+m")
        await expect(page.get_by_label("Mall")).to_be_focused()
        await page.get_by_label("Mall").select_option(label="Vi behöver veta mer")
        await page.keyboard.press("Alt+i")
        text = page.get_by_role("textbox", name="Svar")
        await expect(text).to_have_value(re.compile(r"Hej Anna Ek,[\s\S]*\[fyll i: vad vi behöver veta\]"))
        await expect(text).to_be_focused()
        await picture(page, "reply-template")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#e-text")).to_have_text(re.compile("Fyll i det som är markerat.*vi behöver veta"))
        await expect(text).to_be_focused()
        await expect(text).to_have_value(re.compile(r"\[fyll i: vad vi behöver veta\]"))
        await picture(page, "reply-refused")
        filled = (await text.input_value()).replace("[fyll i: vad vi behöver veta]", "vilket rum det gäller")
        await text.fill(filled)
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator("#sending")).to_contain_text(f"Svaret i {NUMBER} skickas strax.")
        await picture(page, "reply-sending")
        assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        await page.keyboard.press("z")
        await expect(page.get_by_role("textbox", name="Svar")).to_have_value(re.compile("vilket rum det gäller"))
        await expect(page.locator(".sending")).to_have_count(0)
    rows = await house.casework.read_case.run(NUMBER, MARIA)
    assert not [one for one in rows.messages if one.kind == "reply"]


async def test_no_word_of_a_reply_is_lost(house):
    async with at_work(house, expected="ERR_FAILED|ERR_ABORTED|htmx:") as page:
        await write(page)
        await page.keyboard.type("Skrivet före Esc")
        await page.keyboard.press("Escape")  # before the pause after which it is saved
        await expect(page.get_by_role("dialog")).to_have_count(0)

        async def saved() -> bool:
            return (await kept(house)).endswith("Skrivet före Esc")

        await eventually(saved, timeout=30)
        await write(page)
        await expect(page.get_by_role("textbox", name="Svar")).to_have_value(re.compile("Skrivet före Esc$"))
        await page.keyboard.type(", och medan ett samtal ringer")
        await house.arrive(Channel.PHONE, phone="070-174 06 05")
        await expect(page.locator(".offer")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Svar")).to_be_focused()
        await expect(page.locator("#reply-saved")).to_contain_text("sparat")
        await page.route("**/reply/draft", lambda route: route.abort())
        await page.keyboard.type(" och nätet är borta")
        await expect(page.locator(".dialog-notices")).to_contain_text("Ingen kontakt med servern")
        await page.reload()
        await page.unroute("**/reply/draft")
        await expect(page.locator("#work.work")).to_be_visible()
        await page.keyboard.press("s")
        text = page.get_by_role("textbox", name="Svar")
        await expect(text).to_have_value(
            re.compile("Skrivet före Esc, och medan ett samtal ringer och nätet är borta$")
        )

        async def all_saved() -> bool:
            return (await kept(house)).endswith("och nätet är borta")

        await eventually(all_saved, timeout=30)


async def test_a_file_is_added_and_removed_in_the_dialog(house, tmp_path):
    file = tmp_path / "hyra åäö.txt"
    file.write_text("Så här räknas hyran.")
    async with at_work(house) as page:
        await write(page)
        await page.keyboard.type("Se filen.")
        await page.get_by_label("Filer").first.set_input_files(file)
        await expect(page.locator("#reply-files .files")).to_contain_text("hyra åäö.txt")
        await picture(page, "reply-file")
        await page.get_by_role("button", name="Ta bort hyra åäö.txt").click()
        await expect(page.locator("#reply-files .files")).to_have_count(0)
        await page.get_by_label("Filer").first.set_input_files(file)
        await expect(page.locator("#reply-files .files")).to_contain_text("hyra åäö.txt")
        await expect(page.get_by_role("textbox", name="Svar")).to_have_value(re.compile("Se filen.$"))
        await page.get_by_role("button", name="Skicka svaret").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    case = await house.casework.read_case.run(NUMBER, MARIA)
    [reply] = [one for one in case.messages if one.kind == "reply"]
    assert [one.name for one in reply.files] == ["hyra åäö.txt"]
