"""The doors of hours and takeovers: who may, what is refused, what is answered."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from services.casework.main import create_app
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.import_waves import ImportHours
from shared.catalogue import Catalogue
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel, Role, TakenOver
from shared.web.access import Person
from shared.web.csrf import HEADER
from tests.support.casework import MARIA, SEED, Room, make_room
from tests.support.wait import eventually
from tests.support.web import client_of, log_in

pytestmark = pytest.mark.integration

OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))


@pytest.fixture
async def room(settings: ServiceSettings) -> AsyncIterator[Room]:
    made = make_room(settings)
    await made.seed()
    yield made
    await made.close()


@pytest.fixture
async def app(room: Room) -> AsyncIterator[FastAPI]:
    await ensure_topics(room.settings)
    made = create_app(room.settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, accept="application/json") as made:
        yield made


async def known_as(app: FastAPI, client: httpx.AsyncClient, person: Person) -> None:
    """Let the client be logged in as a person, with her form token."""
    client.headers[HEADER] = await log_in(app, client, person)


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


async def test_hours_are_read_as_of_a_moment(app, client, room):
    await known_as(app, client, MARIA)
    await ImportHours(UnitOfWork(room.engine)).run((SEED / "hours.yaml").read_bytes())
    asked = {"unit": "kontaktcenter", "at": "2026-12-24T10:00:00+01:00"}
    body = (await client.get("/api/v1/hours", params=asked)).json()
    assert [(one["channel"], one["open"], one["opens_at"], one["closes_at"]) for one in body["items"]] == [
        ("phone", False, "2026-12-28T07:00:00Z", None),
        ("visit", False, "2026-12-28T07:00:00Z", None),
    ]
    assert (await client.get("/api/v1/hours", params={"at": "i morgon"})).status_code == 422


async def test_the_other_services_learn_it_from_the_catalogue(app, client, room):
    await known_as(app, client, OSKAR)
    catalogue = Catalogue(room.settings)
    await catalogue.start()
    try:
        await ImportHours(UnitOfWork(room.engine)).run((SEED / "hours.yaml").read_bytes())
        await client.put("/api/v1/takeovers/entrance/bygg-nummer", json={"state": "ej_overtagen"})

        async def known() -> bool:
            said = catalogue.takeover("entrance", "bygg-nummer", Channel.PHONE)
            return said is not None and said.state is TakenOver.NOT

        await eventually(known, 30)
        assert catalogue.hours("bygg-och-plan", Channel.VISIT) is not None
        assert catalogue.hours("bygg-och-plan", Channel.EMAIL) is None
    finally:
        await catalogue.stop()
