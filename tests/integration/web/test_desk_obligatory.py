"""An obligatory step that is open blocks every way of closing: page, API, bulk, merge, no show, incident, quick."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from services.casework.channels.intake import Missed
from services.casework.domain.case import ObligatoryStepOpenError
from services.casework.domain.incident import Said
from services.casework.store import runs
from services.casework.usecases.answer_incident import Answer
from shared.clock import utc_now
from shared.events import OfferAccepted
from shared.vocabulary import Channel, Resolution, Role
from shared.web.access import Person
from tests.support.desk import DeskHouse
from tests.support.web import MARIA, PER, client_of, post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

MACHINE = {"Authorization": "Bearer local-only-token"}
OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
CASEWORK = Path(__file__).parents[3] / "services/casework"


@dataclass
class Screen:
    """Intake, which never calls a visitor again; how often it was asked."""

    asked: list[str] = field(default_factory=list)

    async def missed(self, contact_id: str, key: str) -> Missed:  # noqa: ARG002 - the door's shape
        self.asked.append(contact_id)
        return Missed(again=False, calls=3)


async def taken(house: DeskHouse, channel: Channel = Channel.EMAIL, **facts: str) -> str:
    """A case of Maria's; return its number."""
    contact = await house.arrive(channel, **{"email": "anna.ek@example.se", **facts})
    said = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag", "channel": channel}
    await house.casework.follow_routing.run(
        [OfferAccepted(**said, epoch=1, offer_id="o", agent_id=MARIA.id, waited_seconds=3)]
    )
    [row] = (await house.casework.list_cases.run(MARIA, contact_id=contact)).items
    return row.number


async def obliges(house: DeskHouse, *places: str) -> None:
    """Make steps (their places in the list) of the checklist obligatory."""
    uow = house.casework.close.uow
    async with uow.begin() as work:
        for place in places:
            sql = (
                "UPDATE casework.checklist_versions SET body = jsonb_set(body, "
                "ARRAY['steps', :place, 'obligatory'], 'true') WHERE id = 'bostad-kallt'"
            )
            await work.conn.execute(text(sql), {"place": place})
        runs._KEPT.pop(work.conn.sync_engine, None)


async def test_every_way_of_closing_is_blocked_while_an_obligatory_step_is_open(house):
    casework, screen = house.casework, Screen()
    call, mail, other = await taken(house, Channel.PHONE), await taken(house), await taken(house, first="Gatlampan")
    visit = await taken(house, Channel.VISIT, ticket="B007")
    for number in (mail, visit):
        await casework.do_step.run(number, MARIA, "s1", "nej")
    await obliges(house, "0", "2")
    house.app.state.casework = replace(casework, no_show=replace(casework.no_show, intake=screen))
    leak = await casework.incidents.open.run(OSKAR, Said("Värmen borta", "Vi lagar den.", "bostadsbolag"))
    await casework.incidents.link.run(leak, mail, MARIA)

    async def state(number: str) -> str:
        return str((await casework.read_case.run(number, MARIA)).state.value)

    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})
        for words in ("", "Hej, det är lagat nu."):
            form = {"resolution": "lost_av_kc", "request_id": f"r{words}", "text": words, "cause": ""}
            page = await post(client, f"/desk/cases/{mail}/close", **form)
            assert (page.status_code, await state(mail)) == (409, "open")
            assert "Ett obligatoriskt steg i checklistan är inte gjort." in page.text
        missed = await post(client, f"/desk/cases/{visit}/missed", request_id="m")
        assert (missed.status_code, screen.asked, await state(visit)) == (409, [], "open")
        merged = await post(client, f"/desk/cases/{mail}/more/merge", other=other, sure=other)
        assert (merged.status_code, await state(mail)) == (409, "open")
    async with client_of(house.app, **MACHINE) as client:
        for number in (call, mail):
            said = await client.post(f"/api/v1/cases/{number}/close", json={"resolution": "felringd"})
            assert (said.status_code, said.json()["type"].rsplit(":", 1)[-1]) == (409, "obligatory-step-open")
        into = await client.post(f"/api/v1/cases/{mail}/merge", json={"other": other})
        assert (into.status_code, await state(mail)) == (409, "open")
    await casework.incidents.close.run(leak, OSKAR, Answer("Lagat.", close_cases=True))
    await casework.incidents.answer_job.run()
    seen = await casework.read_case.run(mail, MARIA)
    assert (seen.state, seen.messages[-1].text) == ("open", "Lagat.")

    part = await casework.deeds.split.run(mail, MARIA, seen.contact.id, "s")
    await casework.classify.run(part, MARIA, seen.case_type or "")
    for number in (mail, part):
        with pytest.raises(ObligatoryStepOpenError):
            await casework.close.run(number, MARIA, resolution=Resolution.SOLVED)


async def test_a_merge_takes_the_duty_along_and_a_visitor_who_never_came_owes_nothing(house):
    casework = house.casework
    first, second, visit = await taken(house), await taken(house), await taken(house, Channel.VISIT, ticket="B008")
    await obliges(house, "0")
    await casework.deeds.merge.run(first, second, MARIA)
    assert (await casework.read_case.run(first, MARIA)).merged_into == second
    with pytest.raises(ObligatoryStepOpenError):
        await casework.close.run(second, MARIA, resolution=Resolution.SOLVED)
    missed = replace(casework.no_show, intake=Screen())
    await missed.run(visit, MARIA, "m")
    assert (await casework.read_case.run(visit, MARIA)).resolution == "uteblev"


async def test_what_was_handed_over_with_a_warning_is_the_units_to_answer(house):
    casework, number = house.casework, await taken(house)
    await obliges(house, "0")
    plan = await casework.preview_handover.run(number, MARIA, to="bostadsbolag")
    assert "Ett obligatoriskt steg i checklistan är inte gjort." in plan.warnings
    made = await casework.hand_over.run(number, MARIA, request_id="h", to="bostadsbolag")
    await casework.acknowledge.run(made.id, PER, PER.name)
    await casework.answer.run(made.id, PER, PER.name, "Elementet är lagat.")
    assert (await casework.read_case.run(number, MARIA)).state == "closed"


def test_a_case_is_closed_in_two_places_and_both_ask_the_domain():
    closers = {"close_case.py", "merge.py"}
    writes = re.compile(r"state\W{1,3}\s*CaseState\.CLOSED\.value")
    found = {path.name for path in CASEWORK.glob("usecases/*.py") if writes.search(path.read_text())}
    assert found == closers
    assert all("may_end(" in (CASEWORK / "usecases" / name).read_text() for name in closers)
