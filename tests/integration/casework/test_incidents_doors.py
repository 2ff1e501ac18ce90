"""The doors of incidents over the whole app: who may, what is refused, and that the others learn it from Kafka."""

from typing import Any

import httpx
import pytest

from shared.catalogue import Catalogue
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import LENA, MARIA, NO_CHECKLIST, PER
from tests.support.wait import eventually
from tests.support.web import known_as

pytestmark = pytest.mark.integration

OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
OPS = Person("ops-nils-ro", "Nils Ro", frozenset({Role.OPS}), frozenset({"*"}))
DOOR = "/api/v1/incidents"
LEAK = {"title": "Vattenläcka", "text": "Vi lagar den.", "unit": "bostadsbolag", "greeting": "Vi vet om läckan."}


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    return answer.status_code, body["type"].rsplit(":", 1)[1], [one["pointer"] for one in body.get("errors", ())]


async def opened(client: httpx.AsyncClient, key: str = "one", **changes: Any) -> httpx.Response:
    return await client.post(DOOR, json={**LEAK, **changes}, headers={"Idempotency-Key": key})


async def test_the_others_learn_it_from_the_catalogue_until_it_is_closed(app, client, door_room):
    await known_as(app, client, OSKAR)
    catalogue = Catalogue(door_room.settings)
    await catalogue.start()
    try:
        made = await opened(client, entrances=["bostad-nummer"])
        assert (made.status_code, made.json()["incident"]["state"]) == (201, "open")
        incident = made.json()["incident"]["id"]

        def said() -> list[str]:
            return [one.greeting for one in catalogue.incidents_at("bostad-nummer")]

        await eventually(lambda: said() == ["Vi vet om läckan."], 30)
        changed = await client.post(f"{DOOR}/{incident}", json={"greeting": "Snart är det lagat."})
        assert (changed.status_code, changed.json()["incident"]["title"]) == (200, "Vattenläcka")
        await eventually(lambda: said() == ["Snart är det lagat."], 30)
        assert (await client.post(f"{DOOR}/{incident}/close", json={})).json()["incident"]["state"] == "closed"
        await eventually(lambda: said() == [], 30)
        late = Catalogue(door_room.settings)
        await late.start()
        assert late.incidents_at("bostad-nummer") == []
        await late.stop()
    finally:
        await catalogue.stop()


async def test_a_case_is_linked_answered_by_the_loop_and_closed_by_http(app, client, door_room):
    await known_as(app, client, OSKAR)
    incident = (await opened(client)).json()["incident"]["id"]
    number = await door_room.open("anna", NO_CHECKLIST)
    for act, linked in (("link", 1), ("link", 1), ("unlink", 0), ("link", 1)):
        answer = await client.post(f"{DOOR}/{incident}/{act}", json={"number": number})
        assert (answer.status_code, answer.json()["incident"]["linked"]) == (200, linked)
    told = await client.post(f"{DOOR}/{incident}/answer", json={"text": "Lagat.", "close_cases": True})
    assert told.json()["progress"]["total"] == 1

    async def closed() -> bool:
        return bool((await client.get(f"/api/v1/cases/{number}")).json()["state"] == "closed")

    await eventually(closed, 30)
    assert (await client.get(f"{DOOR}/{incident}")).json()["progress"]["answered"] == 1
    page = (await client.get(f"/cases/{number}")).text
    assert f'<a href="/incidents/{incident}">Vattenläcka</a>' in page
    assert "Fick driftstörningens svar" in page
    assert problem(await client.post(f"{DOOR}/{incident}/link", json={"number": "KC-2020-000001"}))[0] == 404
    assert (await client.post(f"{DOOR}/{incident}/close", json={"text": "Lagat."})).status_code == 200
    assert problem(await client.post(f"{DOOR}/{incident}/link", json={"number": number}))[:2] == (
        409,
        "incident-closed",
    )
    assert [one["id"] for one in (await client.get(DOOR, params={"state": "closed"})).json()["items"]] == [incident]
    assert (await client.get(DOOR, params={"state": "open"})).json() == {"items": [], "next": None}


async def test_what_cannot_be_used_is_refused_field_by_field_and_a_key_opens_one(app, client):
    await known_as(app, client, PER)
    first, again = await opened(client), await opened(client)
    assert first.json()["incident"]["id"] == again.json()["incident"]["id"]
    assert problem(await opened(client, title="Annat"))[:2] == (422, "idempotency-key-reused")
    bad = await opened(
        client, "two", title=" ", text="x" * 2_001, entrances=["ingen"], expected_end="2020-01-01T00:00:00Z"
    )
    assert problem(bad) == (422, "incident-faulty", ["/title", "/text", "/entrances", "/expected_end"])
    shapeless: tuple[Any, ...] = (
        {},
        {**LEAK, "expected_end": "snart"},
        {**LEAK, "colour": "röd"},
        {**LEAK, "title": None},
        [],
        "x",
    )
    for body in shapeless:
        assert problem(await client.post(DOOR, json=body))[:2] == (422, "invalid-input")
    assert (await opened(client, "three", title="a\x00")).json()["incident"]["title"] == "a"
    assert problem(await opened(client, "four", alarm_id="\x00"))[:2] == (422, "invalid-input")
    assert problem(await client.get(f"{DOOR}/%00"))[0] == 422
    incident = first.json()["incident"]["id"]
    assert problem(await client.post(f"{DOOR}/{incident}/answer", json={"text": " "}))[:2] == (422, "empty-text")
    assert problem(await client.post(f"{DOOR}/ingen/close", json={}))[0] == 404


async def test_who_may_not_is_refused_at_every_door_and_page(app, client):
    await known_as(app, client, PER)
    incident = (await opened(client)).json()["incident"]["id"]
    await known_as(app, client, MARIA)
    assert (await client.get(f"{DOOR}/{incident}")).json()["may_manage"] is False
    closed_to_agents = [DOOR, *(f"{DOOR}/{incident}{end}" for end in ("", "/answer", "/close"))]
    for door in closed_to_agents:
        body = LEAK if door == DOOR else {"text": "x"}
        assert problem(await client.post(door, json=body))[:2] == (403, "forbidden"), door
    for page in ("/incidents/new",):
        assert (await client.get(page)).status_code == 403
    for page in ("/incidents", f"/incidents/{incident}"):
        shown = await client.get(page)
        assert (shown.status_code, "Öppna driftstörning" in shown.text, "Svar till alla" in shown.text) == (
            200,
            False,
            False,
        )
    await known_as(app, client, PER)
    assert problem(await client.post(f"{DOOR}/{incident}/link", json={"number": "x"}))[:2] == (403, "forbidden")
    await known_as(app, client, LENA)
    for path in (f"{DOOR}/{incident}", f"/incidents/{incident}"):
        assert (await client.get(path)).status_code == 404
    assert problem(await opened(client, "mine"))[:2] == (403, "forbidden")
    await known_as(app, client, OPS)
    for path in (DOOR, "/incidents"):
        assert (await client.get(path)).status_code == 403
