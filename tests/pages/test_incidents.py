"""Incidents in a real browser: opened, linked with H, answered and closed by keyboard alone; live at every desk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from playwright.async_api import Page, expect

from services.casework.domain.incident import Said
from services.casework.usecases.answer_incident import Answer
from shared.clock import utc_now
from shared.events import AlarmRaised
from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.pages.test_desk import ABORTED, ready_and_taken
from tests.support.browser import in_browser, page_at, picture
from tests.support.casework import COLD
from tests.support.desk import MAIL, DeskHouse
from tests.support.served import served
from tests.support.web import MARIA

pytestmark = in_browser

SARA = Person("agent-sara-ek", "Sara Ek", frozenset({Role.AGENT, Role.LEAD}), frozenset({"*"}))
TEXT = "Värmen är borta på Norra torget. Vi byter en pump och räknar med värme igen i eftermiddag."
COLD_HOMES = Said(
    "Ingen värme på Norra torget", TEXT, "bostadsbolag", case_types=(COLD,), greeting="Vi vet att värmen är borta."
)
LIFT = Said("Hissen står", "Montören är på väg.", "bostadsbolag")


@asynccontextmanager
async def page_of(house: DeskHouse, path: str, person: Person = MARIA, **browser: object) -> AsyncIterator[Page]:
    async with served(house.app) as url:
        token = await house.app.state.sessions.start(person)
        size = {"width": 1366, "height": 768, "expected": ABORTED} | browser
        begin = path if path.count("/") == 1 else "/incidents"  # the cookie is for all that lies beside this page
        async with page_at(url + begin, token, **size) as page:  # type: ignore[arg-type] # sizes are numbers
            page.set_default_timeout(30_000)
            if begin != path:
                await page.goto(url + path)
            yield page


async def mail(house: DeskHouse, local: str = "anna.ek", **facts: Any) -> None:
    given: dict[str, Any] = {"text": MAIL, "subject": "Kallt", "email": f"{local}@example.se", "name": "Anna Ek"}
    await house.arrive(Channel.EMAIL, **{**given, **facts})


async def linked(house: DeskHouse) -> list[str]:
    """Return the numbers of all linked cases."""
    incidents = house.casework.incidents
    views = [await incidents.read.run(one.id, SARA) for one in (await incidents.list.run(SARA)).open]
    return sorted(row.number for view in views for row in view.cases)


async def test_an_incident_is_opened_linked_and_answered_by_keyboard_alone(house: DeskHouse):
    await mail(house)
    async with page_of(house, "/incidents", SARA) as page:
        await expect(page.locator(".empty")).to_contain_text("Ingen driftstörning pågår")
        await page.keyboard.press("h")
        await expect(page.get_by_label("Rubrik")).to_be_focused()
        await page.keyboard.type(COLD_HOMES.title)
        await page.keyboard.press("Tab")
        await page.keyboard.type(TEXT)
        await page.keyboard.press("Tab")
        await page.keyboard.type("Bostadsbolag")
        await picture(page, "incident-new")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(COLD_HOMES.title)
        await page.goto(page.url.split("/incidents")[0] + "/desk")
        await ready_and_taken(page)
        await expect(page.locator(".incident")).to_contain_text(COLD_HOMES.title)
        await page.keyboard.press("h")
        await expect(page.locator("#incident-close")).to_be_focused()
        assert await linked(house) == ["KC-2026-000001"]
        await page.keyboard.press("h")
        await expect(page.locator("#incident-close")).to_have_count(0)
        assert await linked(house) == []
        await page.keyboard.press("h")
        await expect(page.locator("#incident-close")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#work.idle")).to_be_visible()
        await page.goto(page.url.split("/desk")[0] + "/incidents")
        await page.get_by_role("link", name=COLD_HOMES.title).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#incident-cases")).to_contain_text("KC-2026-000001")
        await page.keyboard.press("s")
        await expect(page.get_by_label("Svar till alla kopplade")).to_be_focused()
        await page.keyboard.type("Nu är det varmt igen.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#incident-cases")).to_contain_text("Nu är det varmt igen.")
    assert await house.casework.incidents.answer_job.run() == 1
    case = await house.casework.read_case.run("KC-2026-000001", SARA)
    assert (case.state, case.resolution) == ("closed", "lost_av_kc")
    ours = [one.text for one in case.messages if one.kind == "reply"]
    assert TEXT in ours[0]
    assert ours[1] == "Nu är det varmt igen."


async def test_where_she_was_led_is_hers_again_after_a_push_that_came_from_before(house: DeskHouse):
    await house.casework.incidents.open.run(SARA, COLD_HOMES)
    await mail(house)
    async with page_of(house, "/desk", SARA) as page:
        await ready_and_taken(page)
        part = page.locator("#incidents")
        await expect(part).to_contain_text(COLD_HOMES.title)
        before = await part.evaluate("part => part.outerHTML")
        await page.keyboard.press("h")
        close = page.locator("#incident-close")
        await expect(close).to_be_focused()
        await page.route("**/desk/incidents?*", lambda route: route.fulfill(body=before), times=1)
        await page.evaluate("htmx.trigger('#incidents', 'sse:incidents')")
        await expect(close).to_have_count(0)
        await page.evaluate("htmx.trigger('#incidents', 'sse:incidents')")
        await expect(close).to_be_focused()


async def test_the_desk_suggests_it_greets_with_it_and_has_room_for_it(house: DeskHouse):
    await house.casework.incidents.open.run(SARA, COLD_HOMES)
    await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with page_of(house, "/desk") as page:
        await expect(page.locator(".incident")).to_contain_text("0 kopplade")
        await picture(page, "desk-incident-idle")
        await ready_and_taken(page)
        await expect(page.locator(".incident.likely")).to_contain_text("Verkar gälla:")
        await expect(page.locator(".greet")).to_contain_text("Vi vet att värmen är borta.")
        await picture(page, "desk-incident-call")
        heights = "[document.documentElement.scrollHeight, innerHeight]"
        whole, seen = await page.evaluate(heights)
        assert whole <= seen
        await page.keyboard.press("h")
        await expect(page.locator(".incident.mine")).to_contain_text("1 kopplad")
        await picture(page, "desk-incident-linked")
        await expect(page.locator("#incident-close")).to_contain_text("Avsluta med beskedet")


async def test_of_several_one_is_chosen_by_its_digit_and_taken_back_the_same_way(house: DeskHouse):
    for said in (COLD_HOMES, LIFT):
        await house.casework.incidents.open.run(SARA, said)
    await mail(house)
    async with page_of(house, "/desk") as page:
        await ready_and_taken(page)
        await expect(page.locator(".incident")).to_have_count(2)
        await page.keyboard.press("t")
        await page.keyboard.type("Sitter fast.")
        await page.keyboard.press("Escape")
        await page.keyboard.press("h")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Hissen står")
        await picture(page, "desk-incident-dialog")
        await page.keyboard.press("2")
        await expect(dialog).to_be_hidden()
        await expect(page.locator(".incident.mine")).to_contain_text("Hissen står")
        await expect(page.locator("#note")).to_have_value("Sitter fast.")
        assert await linked(house) == ["KC-2026-000001"]
        await page.keyboard.press("h")
        await expect(dialog).to_contain_text("Ta bort kopplingen till Hissen står")
        await page.keyboard.press("2")
        await expect(page.locator(".incident.mine")).to_have_count(0)
    assert await linked(house) == []


async def test_every_desk_hears_of_it_at_once_and_when_it_is_over(house: DeskHouse):
    incidents = house.casework.incidents
    async with page_of(house, "/desk") as page:
        await expect(page.locator("#work.idle")).to_be_visible()
        await expect(page.locator(".incident")).to_have_count(0)
        leak = await incidents.open.run(SARA, COLD_HOMES)
        await expect(page.locator(".incident")).to_contain_text(COLD_HOMES.title)
        await incidents.change.run(leak, SARA, {"title": "Värmen är på väg"})
        await expect(page.locator(".incident")).to_contain_text("Värmen är på väg")
        await incidents.close.run(leak, SARA)
        await expect(page.locator(".incident")).to_have_count(0)


async def raise_alarm(house: DeskHouse) -> None:
    alarm = AlarmRaised(
        alarm_id="alarm-1",
        series={"case_type": COLD},
        since=utc_now(),
        count=12,
        expected=2,
        low=1,
        high=5,
        odds=100,
        text="Sex gånger fler än vanligt om kalla lägenheter",
        at=utc_now(),
    )
    await house.casework.follow_load.run([alarm])


async def test_an_alarm_is_said_at_every_desk_but_opens_nothing_for_who_may_not(house: DeskHouse):
    async with page_of(house, "/desk") as page:
        await expect(page.locator("#work.idle")).to_be_visible()
        await raise_alarm(house)
        await expect(page.locator(".incident.alarm")).to_contain_text("Sex gånger fler")
        await expect(page.locator(".incident.alarm a")).to_have_count(0)


async def test_an_alarm_becomes_an_incident_with_h_for_who_may_open_one(house: DeskHouse):
    await raise_alarm(house)
    async with page_of(house, "/desk", SARA) as page:
        await page.locator(".incident.alarm").wait_for()
        await page.keyboard.press("h")
        await expect(page.get_by_label("Rubrik")).to_have_value("Det är kallt inne, räknas det som ett fel?")
        await expect(page.get_by_label("Verksamhet")).to_have_value("bostadsbolag")
        await expect(page.locator(f'[value="{COLD}"]')).to_be_checked()
        await expect(page.locator(".alert.info")).to_contain_text("Sex gånger fler")


async def test_without_scripts_what_was_typed_stays_and_the_fault_stands_beside_its_field(house: DeskHouse):
    async with page_of(house, "/incidents/new", SARA, scripts=False, expected="422") as page:
        await page.get_by_label("Rubrik").fill("x" * 121)
        await page.get_by_label("Det här får sägas").fill("Vi lagar det.")
        await page.get_by_label("Verksamhet").select_option("bostadsbolag")
        await page.get_by_label("Väntas vara över").fill((utc_now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
        await page.get_by_role("button", name="Öppna driftstörningen").click()
        await expect(page.locator("#e-title")).to_have_text("Texten är för lång.")
        await expect(page.locator("#e-expected_end")).to_contain_text("Tiden har redan varit.")
        await expect(page.get_by_label("Det här får sägas")).to_have_value("Vi lagar det.")
        await picture(page, "incident-faults")
        await page.get_by_label("Rubrik").fill("Läcka")
        await page.get_by_label("Väntas vara över").fill("")
        await page.get_by_role("button", name="Öppna driftstörningen").click()
        await page.get_by_role("button", name="Svara alla", exact=True).click()
        await expect(page.locator(".alert.bad")).to_have_text("! Skriv något först.", use_inner_text=True)
        await page.get_by_label("Svar till alla kopplade").fill("Det är över.")
        await page.get_by_role("button", name="Svara alla och avsluta").click()
        await expect(page.locator(".tag.ok").first).to_have_text("avslutad")


async def test_the_page_of_one_shows_who_is_to_be_called(house: DeskHouse):
    incidents = house.casework.incidents
    leak = await incidents.open.run(SARA, COLD_HOMES)
    await mail(house)
    await mail(house, "bo.ek", name="Bo Ek")
    await mail(house, email=None, phone="070-174 06 70", name="Cia Ek")
    for row in (await house.casework.list_cases.run(MARIA)).items:
        await incidents.link.run(leak, row.number, MARIA)
    await incidents.answer_all.run(leak, SARA, Answer("Nu är det varmt igen."))
    await incidents.answer_job.run()
    async with page_of(house, f"/incidents/{leak}", SARA) as page:
        await expect(page.locator("#incident-cases")).to_contain_text("2 har svar")
        await expect(page.locator(".calls")).to_contain_text("070-174 06 70")
        await picture(page, "incident")
        await page.get_by_role("button", name="Har fått veta").click()
        await expect(page.locator(".calls")).to_have_count(0)
        await expect(page.locator("#incident-cases")).to_contain_text("3 har svar")
        await page.goto(page.url.split("/incidents")[0] + "/incidents")
        await picture(page, "incidents")
