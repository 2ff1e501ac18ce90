"""Visits at the desk without scripts: who does not come is called again and then let go; where she receives is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from services.casework.channels.intake import IntakeDownError, Missed
from services.casework.store import tables
from shared.clock import utc_now
from shared.errors import ConflictError, NotFoundError
from shared.events import CaseClosed, OfferAccepted
from shared.records import AgentProfile
from shared.vocabulary import Channel
from tests.support.desk import DeskHouse, desk_house
from tests.support.web import MARIA, post

pytestmark = pytest.mark.integration
NUMBER = "KC-2026-000001"


@dataclass
class Screen:
    """Intake as the desk knocks at it: it calls again twice, and gives a repeated key its answer again."""

    calls: int = 1
    answers: dict[str, Missed] = field(default_factory=dict)
    fails: Exception | None = None

    async def missed(self, contact_id: str, key: str) -> Missed:  # noqa: ARG002 - the door's shape
        if self.fails:
            raise self.fails
        if key not in self.answers:
            again = self.calls < 3
            self.calls += again
            self.answers[key] = Missed(again=again, calls=self.calls)
        return self.answers[key]


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
async def house(settings, screen) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found, found.app.router.lifespan_context(found.app):
        no_show = replace(found.casework.no_show, intake=screen)
        found.app.state.casework = replace(found.casework, no_show=no_show)
        yield found


async def called(house: DeskHouse, channel: Channel = Channel.VISIT) -> str:
    contact = await house.arrive(channel, ticket="B007")
    facts = {"contact_id": contact, "at": utc_now(), "queue": "bostadsbolag", "channel": channel}
    await house.casework.follow_routing.run(
        [OfferAccepted(**facts, epoch=3, offer_id="o", agent_id=MARIA.id, waited_seconds=3)]
    )
    return contact


async def told(house: DeskHouse, event_type: str) -> list[dict[str, Any]]:
    async with house.casework.no_show.uow.read() as work:
        rows = await work.conn.execute(select(tables.outbox.c.value).where(tables.outbox.c.type == event_type))
        return [orjson.loads(value) for value in rows.scalars()]


async def test_who_does_not_come_is_called_twice_more_and_then_the_case_is_over(house, client, screen):
    contact = await called(house)
    desk = await client.get("/desk")
    assert f'action="/desk/cases/{NUMBER}/missed"' in desk.text
    twice = await asyncio.gather(*(post(client, f"/desk/cases/{NUMBER}/missed", request_id="a") for _ in range(2)))
    assert {answer.status_code for answer in twice} == {303}
    assert screen.calls == 2
    assert "ropad igen 1 gång)" in (await client.get("/desk")).text
    assert (await post(client, f"/desk/cases/{NUMBER}/missed", request_id="b")).headers["location"].endswith(NUMBER)
    assert house.router.completed == []
    over = [await post(client, f"/desk/cases/{NUMBER}/missed", request_id=key) for key in ("c", "c")]
    assert {answer.status_code for answer in over} == {303}
    assert contact in house.router.completed
    case = (await client.get(f"/cases/{NUMBER}")).text
    assert case.count("Besökaren kom inte och ropades igen") == 2
    assert "Kom inte" in case
    [closed] = await told(house, CaseClosed.event_type)
    assert (closed["resolution"], closed["first_contact"]) == ("uteblev", False)


@pytest.mark.parametrize(
    ("fails", "status"),
    [(ConflictError(), 409), (IntakeDownError("away"), 503), (NotFoundError(), 303)],
)
async def test_what_intake_refuses_is_said_and_a_visit_it_does_not_know_is_just_over(
    house, client, screen, fails, status
):
    await called(house)
    screen.fails = fails
    answer = await post(client, f"/desk/cases/{NUMBER}/missed", request_id="a")
    assert answer.status_code == status
    case = (await client.get(f"/cases/{NUMBER}")).text
    assert ("Avslutat" in case) is (status == 303)


async def test_nobody_can_be_called_again_who_is_on_the_phone(house, client):
    await called(house, Channel.PHONE)
    assert "/missed" not in (await client.get("/desk")).text
    assert (await post(client, f"/desk/cases/{NUMBER}/missed", request_id="a")).status_code == 409


async def test_where_she_receives_stays_and_is_told_once(house, client):
    before = len(await told(house, AgentProfile.event_type))
    for place in (" Disk  3 ", "Disk 3"):
        assert (await post(client, "/desk/place", place=place)).status_code == 303
    assert 'value="Disk 3"' in (await client.get("/desk")).text
    [profile] = (await told(house, AgentProfile.event_type))[before:]
    assert (profile["id"], profile["place"]) == (MARIA.id, "Disk 3")
    assert (await post(client, "/desk/place", place="")).status_code == 303
    assert await house.casework.places.of(MARIA.id) == ""
