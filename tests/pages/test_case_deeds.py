"""Parking, people, links, merging and splitting from the desk and the case page: by forms alone, and by keyboard."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import expect

from shared.vocabulary import Channel, Resolution
from tests.pages.test_desk import desk, no_scrolling, note_saved, ready_and_taken
from tests.support.browser import needs_browser
from tests.support.casework import LAMP
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA, client_of, log_in

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

ANNA = {"text": MAIL, "subject": "Kallt", "email": "anna.ek@example.se", "name": "Anna Ek"}


class Browserless:
    """Maria without scripts: she reads pages and sends forms."""

    def __init__(self, client: httpx.AsyncClient, csrf: str) -> None:
        self.client = client
        self.csrf = csrf

    async def get(self, path: str) -> str:
        answer = await self.client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"_csrf": self.csrf, **fields}, headers={"accept": "text/html"})


@asynccontextmanager
async def maria(house: DeskHouse) -> AsyncIterator[Browserless]:
    async with house.app.router.lifespan_context(house.app), client_of(house.app) as client:
        yield Browserless(client, await log_in(house.app, client, MARIA))


async def opened(house: DeskHouse, **facts: str) -> str:
    """Let a mail arrive and Maria take it; return the number of its case."""
    await house.arrive(Channel.EMAIL, **{**ANNA, **facts})
    offer = await house.router.pull(MARIA.id)
    assert offer is not None
    return await house.casework.accept_offer.run(MARIA.id, offer)


async def test_a_refused_form_comes_back_with_what_was_typed_and_the_error_beside_it(house: DeskHouse):
    number = await opened(house)
    async with maria(house) as her:
        here = f"/desk/cases/{number}"
        own = await her.send(f"{here}/park", when="own", day="1999-01-01", clock="08:00", why="Väntar på svar")
        assert own.status_code == 422
        assert 'value="Väntar på svar"' in own.text
        assert 'value="1999-01-01"' in own.text
        assert "Påminnelsen ska ligga i framtiden" in own.text
        day = await her.send(f"{here}/park", when="own", day="i morgon", why="Väntar på svar")
        assert re.search(r'id="e-when">Skriv dagen som år-månad-dag', day.text)
        person = await her.send(f"{here}/more/people", role="representative", name="Bo Ek", email="bo")
        assert person.status_code == 422
        assert 'value="Bo Ek"' in person.text
        assert re.search(r'id="e-email">Det är ingen e-postadress\.<', person.text)
        assert re.search(r'id="e-note">Skriv med vilken rätt', person.text)
        link = await her.send(f"{here}/more/link", other="KC-1999-000001", kind="duplicate")
        assert re.search(r'id="e-link-other">Det finns inget sådant ärende', link.text)
        assert 'value="KC-1999-000001"' in link.text
        close = await her.send(f"{here}/close", resolution="", request_id="r", text="Tack för ditt mejl", cause="x")
        assert close.status_code == 422
        assert "Tack för ditt mejl" in close.text
        assert 'id="e-resolution">Uppgiften saknas.' in close.text
        gap = await her.send(f"{here}/gap", text=" ")
        assert 'id="e-text">Uppgiften saknas.' in gap.text
        english = await her.client.post(
            f"{here}/park", data={"_csrf": her.csrf}, headers={"accept": "text/html", "accept-language": "en"}
        )
        assert "The value is missing" in english.text or "missing" in english.text
    case = await house.casework.read_case.run(number, MARIA)
    assert (case.state, case.people, case.links) == ("open", (), ())


async def test_whoever_is_overtaken_is_told_what_changed_and_keeps_her_words(house: DeskHouse):
    number = await opened(house)
    async with maria(house) as her:
        seen = re.search(r'name="seen" value="(\d+)"', await her.get(f"/desk/cases/{number}/close"))
        assert seen is not None
        jonas = MARIA.__class__("agent-jonas-berg", "Jonas Berg", MARIA.roles, MARIA.units)
        await house.casework.classify.run(number, jonas, LAMP)
        form = {"resolution": "lost_av_kc", "request_id": "r", "text": "Vi kommer", "seen": seen[1]}
        answer = await her.send(f"/desk/cases/{number}/close", **form)
        assert answer.status_code == 409
        assert "Ärendetypen ändrades av Jonas Berg kl." in answer.text
        assert "Vi kommer</textarea>" in answer.text
        again = re.search(r'name="seen" value="(\d+)"', answer.text)
        assert again is not None
        done = await her.send(f"/desk/cases/{number}/close", **{**form, "seen": again[1], "request_id": "s"})
        assert done.status_code == 303
        await house.casework.reopen.run(number, jonas)
        await house.casework.close.run(number, jonas, resolution=Resolution.REFERRED)
        late = await her.send(f"/desk/cases/{number}/park", when="morning", why="Ringer i morgon")
        assert late.status_code == 409
        assert "Ärendet avslutades av Jonas Berg kl." in late.text
        assert 'value="Ringer i morgon"' in late.text


async def test_people_links_merge_and_split_by_forms_alone(house: DeskHouse):
    first, second = await opened(house), await opened(house)
    async with maria(house) as her:
        more = f"/desk/cases/{second}/more"
        page = await her.get(more)
        assert "Mer om " + second in page
        assert (
            await her.send(f"{more}/people", role="citizen", name="Anna Ek", phone="070-174 06 05")
        ).status_code == 303
        assert (await her.send(f"{more}/link", other=first.lower(), kind="duplicate")).status_code == 303
        case_page = await her.get(f"/cases/{second}")
        assert "Dubblett av" in case_page
        assert "Länkat: dubblett av " + first in case_page
        assert "070-174 06 05" in case_page
        assert "Har dubbletten" in await her.get(f"/cases/{first}")
        plan = await her.send(f"{more}/merge", other=first)
        assert plan.status_code == 200
        assert f'name="sure" value="{first}"' in plan.text
        assert (await house.casework.read_case.run(second, MARIA)).state == "open"
        assert (await her.send(f"{more}/merge", other=first, sure=first)).headers["location"] == f"/desk?case={first}"
        merged = await her.get(f"/cases/{second}")
        assert "Ärendet är en del av ett annat" in merged
        assert "Öppna igen" not in merged
        assert (await her.send(f"/cases/{second}/unmerge")).status_code == 303
        assert (await house.casework.read_case.run(second, MARIA)).state == "open"
        contact = (await house.casework.read_case.run(first, MARIA)).contact.id
        split = await her.send(f"/desk/cases/{first}/more/split", contact_id=contact, request_id="r")
        assert split.headers["location"].startswith("/desk?case=KC-")


async def test_the_case_page_reopens_follows_up_and_corrects_a_note(house: DeskHouse):
    number = await opened(house)
    async with maria(house) as her:
        assert (await her.send(f"/cases/{number}/note", text="Porten är 4", request_id="a")).status_code == 303
        [note] = (await house.casework.read_case.run(number, MARIA)).notes
        empty = await her.send(f"/cases/{number}/note", text=" ", request_id="b", corrects=note.id)
        assert empty.status_code == 422
        assert f'id="e-{note.id}">Uppgiften saknas.' in empty.text
        fixed = await her.send(f"/cases/{number}/note", text="Porten är 6", request_id="c", corrects=note.id)
        assert fixed.status_code == 303
        page = await her.get(f"/cases/{number}")
        assert page.index("Porten är 4") < page.index("Porten är 6")
        await house.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
        assert "Öppna igen" in await her.get(f"/cases/{number}")
        follow = await her.send(f"/cases/{number}/follow-up", request_id="d")
        assert follow.headers["location"] == "/desk?case=KC-2026-000002"
        assert (await her.send(f"/cases/{number}/reopen")).headers["location"] == f"/desk?case={number}"
        page = await her.get(f"/cases/{number}")
        for words in ("Öppnat igen", "Avslutat", "Länkat: följs upp av KC-2026-000002"):
            assert words in page, words


async def test_an_anonymous_person_is_shown_nowhere(house: DeskHouse):
    number = await opened(house)
    async with maria(house) as her:
        assert "anna.ek@" in await her.get(f"/cases/{number}")
        assert (await her.send(f"/desk/cases/{number}/more/people", role="anonymous")).status_code == 303
        for page in (f"/cases/{number}", f"/desk?case={number}", f"/desk/cases/{number}/close"):
            shown = await her.get(page)
            assert "anna.ek@" not in shown.replace("&#64;", "@"), page
            assert ">Anna Ek<" not in shown, page


@needs_browser
@pytest.mark.browser
async def test_a_case_is_parked_by_keyboard_and_comes_back_on_top(house: DeskHouse):
    await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with desk(house) as page:
        await ready_and_taken(page)
        await page.keyboard.press("t")
        await page.keyboard.type("Ring efter lunch.")
        await note_saved(page)
        await page.keyboard.press("Escape")
        await no_scrolling(page)
        await page.keyboard.press("v")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label("Nästa arbetsdag")).to_be_focused()
        await page.keyboard.press("1")
        await expect(dialog.get_by_label("Om en timme")).to_be_checked()
        await page.keyboard.press("Enter")
        await expect(page.locator("#work.idle")).to_contain_text("KC-2026-000001")
        case = await house.casework.read_case.run("KC-2026-000001", MARIA)
        assert (case.state, case.draft) == ("parked", "Ring efter lunch.")
        assert len(house.router.completed) == 1


@needs_browser
@pytest.mark.browser
async def test_more_about_the_case_by_keyboard_keeps_what_was_typed(house: DeskHouse):
    await house.arrive(Channel.PHONE, phone="070-174 06 05")
    async with desk(house, expected="422") as page:
        await ready_and_taken(page)
        await page.keyboard.press("m")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name="Mer om")).to_be_visible()
        await dialog.get_by_label("Vem?").select_option("representative")
        await dialog.get_by_label("Namn").fill("Bo Ek")
        await dialog.get_by_role("button", name="Lägg till personen").click()
        await expect(dialog.get_by_text("Skriv med vilken rätt")).to_be_visible()
        await expect(dialog.get_by_label("Namn")).to_have_value("Bo Ek")
        await dialog.get_by_label("Ombudets rätt").fill("God man")
        await dialog.get_by_role("button", name="Lägg till personen").click()
        await expect(dialog).not_to_be_visible()
    [person] = (await house.casework.read_case.run("KC-2026-000001", MARIA)).people
    assert (person.role, person.name, person.note) == ("representative", "Bo Ek", "God man")
