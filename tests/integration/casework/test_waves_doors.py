"""The doors of hours and takeovers: who may, what is refused, what is answered."""

import pytest

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.import_waves import ImportHours
from shared.catalogue import Catalogue
from shared.vocabulary import Channel, Role, TakenOver
from shared.web.access import Person
from tests.support.casework import MARIA, SEED
from tests.support.wait import eventually
from tests.support.web import known_as

pytestmark = pytest.mark.integration

OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))


async def test_a_lead_moves_a_wave_by_http_and_an_agent_may_only_read(app, client):
    await known_as(app, client, MARIA)
    door = "/api/v1/takeovers/unit/bostadsbolag"
    assert (await client.put(door, json={"state": "ej_overtagen"})).status_code == 403
    assert (await client.get("/api/v1/takeovers")).status_code == 200
    await known_as(app, client, OSKAR)
    for wrong in ({"state": "kanske"}, {"state": "provdrift", "from": "i morgon"}, {"state": "provdrift", "day": "x"}):
        refused = await client.put(door, json=wrong)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert (await client.put("/api/v1/takeovers/unit/ingen", json={"state": "provdrift"})).status_code == 404
    assert (await client.put("/api/v1/takeovers/queue/x", json={"state": "provdrift"})).status_code == 422
    assert (await client.get("/api/v1/takeovers")).json() == {"items": [], "next": None}
    moved = await client.put(door, json={"state": "overtagen", "from": "2099-01-11", "channel": "phone"})
    assert {one["now"] for one in moved.json()["items"]} == {"ej_overtagen"}
    listed = (await client.get("/api/v1/takeovers")).json()["items"]
    assert {(one["channel"], one["state"], one["changed_by"]) for one in listed} == {
        ("phone", "overtagen", "lead-oskar-vik")
    }
    await client.put(door, json={"state": "overtagen", "channel": "phone"})
    assert {one["now"] for one in (await client.get("/api/v1/takeovers")).json()["items"]} == {"overtagen"}


async def test_hours_are_read_as_of_a_moment(app, client, door_room):
    await known_as(app, client, MARIA)
    await ImportHours(UnitOfWork(door_room.engine)).run((SEED / "hours.yaml").read_bytes())
    asked = {"unit": "kontaktcenter", "at": "2026-12-24T10:00:00+01:00"}
    body = (await client.get("/api/v1/hours", params=asked)).json()
    assert [(one["channel"], one["open"], one["opens_at"], one["closes_at"]) for one in body["items"]] == [
        ("phone", False, "2026-12-28T07:00:00Z", None),
        ("visit", False, "2026-12-28T07:00:00Z", None),
    ]
    assert (await client.get("/api/v1/hours", params={"at": "i morgon"})).status_code == 422


async def test_the_other_services_learn_it_from_the_catalogue(app, client, door_room):
    await known_as(app, client, OSKAR)
    catalogue = Catalogue(door_room.settings)
    await catalogue.start()
    try:
        await ImportHours(UnitOfWork(door_room.engine)).run((SEED / "hours.yaml").read_bytes())
        await client.put("/api/v1/takeovers/entrance/bygg-nummer", json={"state": "ej_overtagen"})

        async def known() -> bool:
            said = catalogue.takeover("entrance", "bygg-nummer", Channel.PHONE)
            return said is not None and said.state is TakenOver.NOT

        await eventually(known, 30)
        assert catalogue.hours("bygg-och-plan", Channel.VISIT) is not None
        assert catalogue.hours("bygg-och-plan", Channel.EMAIL) is None
    finally:
        await catalogue.stop()
