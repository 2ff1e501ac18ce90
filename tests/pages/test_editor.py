"""The editor in a real browser: written, tried out, submitted, approved and published by keyboard alone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from services.casework.domain.lifecycle import Phase, Version
from shared.vocabulary import Role
from shared.web.access import Person
from tests.integration.web.test_desk_obligatory import taken
from tests.support.browser import needs_browser, page_at, picture
from tests.support.desk import DeskHouse, desk_house
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    needs_browser,
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("patience"),
]

KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
BO = Person("owner-bo-vik", "Bo Vik", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
EVA = Person("editor-eva-lund", "Eva Lund", frozenset({Role.EDITOR}), frozenset({"*"}))
COLD = "/editor/checklists/bostad-kallt"
ABORTED = "ERR_ABORTED|ERR_INCOMPLETE_CHUNKED_ENCODING"
TELL = "Berätta hur de kan mäta själva."


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


@asynccontextmanager
async def page_of(house: DeskHouse, path: str, person: Person, **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(person)
        size = {"width": 1366, "height": 768, "expected": ABORTED} | browser
        async with page_at(url + "/editor", token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            if path != "/editor":
                await page.goto(url + path)
            yield page


async def version_of(house: DeskHouse, phase: Phase, checklist_id: str = "bostad-kallt") -> Version:
    (found,) = await house.casework.checklists.list.run(KARIN, [phase], checklist_id)
    return found


async def test_an_owner_writes_tries_out_and_submits_another_approves_and_it_is_published(house: DeskHouse):
    for name in ("gransvarde_innetemperatur", "gransvarde_akut", "journummer"):
        await house.casework.checklists.set_fact.run(KARIN, "bostadsbolag", name, "18")
    async with page_of(house, "/editor", KARIN) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Checklistor")
        await picture(page, "editor-list", full_page=True)
        await page.get_by_role("link", name="Det är kallt inne, räknas det som ett fel?").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Skriv en ny version")).to_be_visible()
        await page.keyboard.press("r")
        await expect(page.locator("#sheet")).to_be_visible()
        await picture(page, "editor-write", full_page=True)
        await add_a_step(page)
        draft = await version_of(house, Phase.DRAFT)
        assert [step.text for step in draft.checklist.steps][3] == TELL
        await page.reload()
        await expect(page.locator("#f-steps-3-text")).to_have_value(TELL)
        await try_out(page)
        await page.keyboard.press("g")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Skicka för godkännande")
        await page.keyboard.press("Enter")
        await expect(page.locator(".tag.warn").first).to_have_text("Väntar på godkännande")
        await expect(page.get_by_role("link", name="Godkänn")).to_have_count(0)
    async with page_of(house, "/editor", BO) as page:
        await approve(page)
    async with page_of(house, COLD, EVA) as page:
        await publish(page)
    live = await version_of(house, Phase.PUBLISHED)
    assert (live.number, live.author) == (2, KARIN.id)
    assert live.checklist.steps[3].text == TELL


async def try_out(page: Page) -> None:
    """Walk to the new step by its keys, one back, and return to the text."""
    await page.keyboard.press("p")
    await expect(page.locator(".try-mark")).to_contain_text("Inget sparas.")
    await picture(page, "editor-try", full_page=True)
    await page.keyboard.press("2")
    await expect(page.locator(".step.now")).to_contain_text("Är alla element kalla")
    await page.keyboard.press("1")
    await expect(page.locator(".step.now")).to_contain_text(TELL)
    await page.keyboard.press("Backspace")
    await expect(page.locator(".step.now")).to_contain_text("Är alla element kalla")
    await page.keyboard.press("p")
    await expect(page.locator("#sheet")).to_be_visible()


async def approve(page: Page) -> None:
    """Find what waits, read what differs, and approve it."""
    waiting = page.get_by_role("region", name="Väntar på dig").get_by_role("link")
    await expect(waiting).to_have_count(1)
    await waiting.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Godkänn")).to_be_visible()
    await page.keyboard.press("g")
    await page.get_by_role("link", name="Se vad som skiljer").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Steg")).to_contain_text(TELL)
    await expect(page.get_by_role("main")).not_to_contain_text("s6")
    await picture(page, "editor-compare", full_page=True)
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Godkänn")
    await page.get_by_role("button", name="Godkänn").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".tag.ok").first).to_have_text("Godkänd")


async def publish(page: Page) -> None:
    """Publish it at once, and see that everything is written down."""
    await expect(page.get_by_role("link", name="Publicera", exact=False).and_(page.locator(".primary"))).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_label("Gäller från dag")).to_be_visible()
    await picture(page, "editor-publish", full_page=True)
    await page.keyboard.press("Enter")
    await expect(page.locator(".tag.ok").first).to_have_text("Publicerad")
    await page.goto(page.url.split("?", maxsplit=1)[0] + "/history")
    await expect(page.locator("tbody").last).to_contain_text("Skickad för godkännande")
    await picture(page, "editor-history", full_page=True)


async def add_a_step(page: Page) -> None:
    """Put a step after the third one, write in it, and take it up and down again, all by key."""
    add = page.get_by_role("button", name="Nytt steg efter steg 3")
    await add.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#steps-3")).to_be_focused()
    text = page.locator("#f-steps-3-text")
    await text.focus()
    await page.keyboard.type(TELL)
    await expect(page.locator("#faults-steps-3")).to_contain_text("Välj vart det leder.")
    await expect(page.locator("#faults-steps-3")).not_to_contain_text("Skriv vad")
    await page.locator("#f-steps-3-goto").select_option("s4")
    await page.locator("#f-steps-2-options-0-goto").select_option(label=f"Steg 4 · {TELL}")
    await expect(page.locator("#faults-steps-3")).to_be_empty()
    await expect(page.locator("#saved")).to_contain_text("sparat")
    await text.focus()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.locator("#steps-2")).to_be_focused()
    await expect(page.locator("#f-steps-2-text")).to_have_value(TELL)
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator("#steps-3")).to_be_focused()
    for there in (1, 3):
        await page.wait_for_load_state()  # its script, too, is there
        await page.locator(f"#steps-{4 - there} .part-name").hover()
        await page.mouse.down()
        await page.locator(f"#steps-{4 - there} .part-name").hover(position={"x": 12, "y": 8})  # it is taken up here
        await page.locator(f"#steps-{there} .part-name").hover()
        await page.mouse.up()
        await expect(page.locator(f"#f-steps-{there}-text")).to_have_value(TELL)


async def test_without_scripts_on_a_narrow_screen_it_is_written_and_faults_stand_at_their_field(house: DeskHouse):
    async with page_of(house, COLD, KARIN, scripts=False, width=320, expected="422") as page:
        await page.get_by_role("button", name="Skriv en ny version").click()
        await page.get_by_role("button", name="Nytt steg efter steg 3").click()
        await page.get_by_label("Vad som ska sägas eller göras").nth(3).fill(TELL)
        await page.get_by_role("button", name="Spara", exact=False).first.click()
        await expect(page.locator("#faults-steps-3")).to_contain_text("Välj vart det leder.")
        await picture(page, "editor-narrow", full_page=True)
        for part in ("main", ".part >> nth=0", "#graph", ".save-row"):
            box = await page.locator(part).bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 320, part
        await page.locator("#head summary").click()
        await page.get_by_label("Granskas med så många månader emellan").fill("snart")
        await page.get_by_role("button", name="Lägg till svar").nth(3).click()
        await expect(page.locator("#e-review_months")).to_have_text("Skriv ett antal månader, 1 till 60.")
        await expect(page.get_by_label("Granskas med så många månader emellan")).to_have_value("snart")
        await page.get_by_label("Granskas med så många månader emellan").fill("6")
        await page.get_by_role("button", name="Lägg till svar").nth(3).click()
        await page.get_by_label("Svar 1", exact=True).last.fill("ja")
        await page.get_by_role("button", name="Spara", exact=False).first.click()
    draft = await version_of(house, Phase.DRAFT)
    assert (draft.checklist.review_months, draft.checklist.steps[3].text) == (6, TELL)


async def test_from_a_figure_to_the_step_in_one_press(house: DeskHouse):
    number = await taken(house)
    await house.casework.gaps.report.run(number, MARIA, "Säger inget om golvvärme", "s3")
    async with page_of(house, "/editor", KARIN) as page:
        await page.keyboard.press("i")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Så går det för checklistorna")
        await picture(page, "editor-figures", full_page=True)
        await page.get_by_role("link", name="mest om steg 3").focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(r"/bostad-kallt\?version=1#steps-2$"))
        await expect(page.locator("#steps-2")).to_be_in_viewport()
        await page.get_by_role("link", name="Siffror").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=2)).to_have_text("Steg för steg")
        await picture(page, "editor-checklist-figures", full_page=True)
        await page.set_viewport_size({"width": 320, "height": 640})
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
