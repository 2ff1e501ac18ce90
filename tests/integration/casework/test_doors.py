"""The JSON doors of casework over the whole app: shapes, codes and guards as promised, Kafka in and out."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI

from services.casework.main import create_app
from services.casework.settings import Settings
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel
from tests.support.casework import COLD, LAMP, Room, contact, make_room
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

MACHINE = {"Authorization": "Bearer local-only-token"}


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[tuple[httpx.AsyncClient, Room]]:
    """The app, running, and its room with the seed."""
    room = make_room(settings)
    await room.seed()
    await ensure_topics(settings)
    async with _running(create_app(room.settings)) as client:
        yield client, room
    await room.close()


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8103", headers=MACHINE) as client:
            yield client


async def _open(client: httpx.AsyncClient, room: Room, settings: Settings) -> str:
    """Publish a contact and its routing; return the number of the case that opens."""
    publisher = Publisher(settings, "test")
    await publisher.start()
    await publisher.publish(
        message(room.received("a")), message(room.routed("a")), message(room.accepted("a")), timeout=10
    )
    await publisher.stop()

    async def found() -> Any:
        items = (await client.get("/api/v1/cases", params={"contact_id": contact("a")})).json()["items"]
        return items and items[0]["agent_id"] and items[0]["case_type"] and items[0]["number"]

    return str(await eventually(found, 30))


async def test_a_contact_from_kafka_to_a_closed_case_on_kafka(house: tuple[httpx.AsyncClient, Room]):
    client, room = house
    number = await _open(client, room, room.settings)
    case = (await client.get(f"/api/v1/cases/{number}")).json()
    assert {"number", "state", "channel", "unit", "case_type", "checklist", "contacts", "messages", "handover"} <= set(
        case
    )
    assert (case["case_type"], case["unit"], case["checklist"]["id"]) == (COLD, "bostadsbolag", "bostad-kallt")
    assert [step["id"] for step in case["checklist"]["steps"]][:1] == ["s1"]

    stepped = await client.post(f"/api/v1/cases/{number}/steps", json={"step": "s1", "option": "nej"})
    assert (stepped.status_code, stepped.json()["checklist"]["now"]["id"]) == (200, "s3")
    wrong = await client.post(f"/api/v1/cases/{number}/steps", json={"step": "s1", "option": "nej"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")

    keyed = {"Idempotency-Key": "reply-1"}
    replies = [await client.post(f"/api/v1/cases/{number}/reply", json={"text": "Hej"}, headers=keyed) for _ in "ab"]
    assert [one.status_code for one in replies] == [202, 202]
    assert replies[0].json() == replies[1].json()
    other = await client.post(f"/api/v1/cases/{number}/reply", json={"text": "Hej då"}, headers=keyed)
    assert (other.status_code, other.json()["type"].rsplit(":", 1)[1]) == (422, "idempotency-key-reused")
    notes = [await client.post(f"/api/v1/cases/{number}/notes", json={"text": one}, headers=keyed) for one in "aab"]
    assert [one.status_code for one in notes] == [201, 201, 422]
    unusable = await client.post(f"/api/v1/cases/{number}/classify", json={"case_type": "ct\x00"})
    assert (unusable.status_code, (await client.get("/api/v1/cases?number=%00")).status_code) == (422, 422)
    assert (await client.get(f"/api/v1/checklists/bostad-kallt/versions/{10**20}")).status_code == 422

    report = {"step": "s3", "text": "Säger inget om golvvärme"}
    told = [await client.post(f"/api/v1/cases/{number}/knowledge-gaps", json=report, headers=keyed) for _ in "ab"]
    assert [(one.status_code, one.json()) for one in told] == [(201, told[0].json())] * 2
    assert [row["step"] for row in await room.rows("SELECT step FROM casework.knowledge_gaps")] == ["s3"]
    answered = await client.post(f"/api/v1/knowledge-gaps/{told[0].json()['id']}/answer", json={"text": "Tack"})
    assert answered.status_code == 403  # owners answer, machines do not

    preview = await client.post(f"/api/v1/cases/{number}/handover/preview", json={})
    assert (preview.status_code, preview.json()["unit"]) == (200, "bostadsbolag")
    closed = await client.post(f"/api/v1/cases/{number}/close", json={"resolution": "lost_av_kc", "cause": "ny_fraga"})
    assert (closed.status_code, closed.json()["state"], closed.json()["resolution"]) == (200, "closed", "lost_av_kc")
    types = await _types_on("cases", room.settings, until="case.closed.v1")
    done = ["case.opened.v1", "case.classified.v1", "case.step_done.v1", "knowledge.gap_reported.v1"]
    assert types == [*done, "case.closed.v1"]


async def _types_on(topic: str, settings: ServiceSettings, until: str) -> list[str]:
    consumer = AIOKafkaConsumer(
        f"{settings.topic_prefix}{topic}", bootstrap_servers=settings.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    types: list[str] = []
    try:

        async def read() -> bool:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                types.extend(dict(record.headers)["ce_type"].decode() for record in records)
            return until in types

        await eventually(read, 20)
    finally:
        await consumer.stop()
    return types


async def test_the_whole_hand_over_by_http(house: tuple[httpx.AsyncClient, Room]):
    client, room = house
    number = await _open(client, room, room.settings)
    asked = {"request_id": "r1", "to": "gata-och-park", "message": "Er väg", "fields": {"plats": "Storgatan 1"}}
    made = [await client.post(f"/api/v1/cases/{number}/handover", json=asked) for _ in "ab"]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert set(made[0].json()) == {"handover_id", "acknowledge_by", "answer_by"}
    path = f"/api/v1/handovers/{made[0].json()['handover_id']}"
    done = await client.post(f"{path}/acknowledge", json={"by": "Driftledaren", "external_ref": "G-1"})
    assert (done.status_code, done.json()["acknowledged_by"]) == (200, "Driftledaren")
    planned = {"by": "Driftledaren", "planned_for": _tomorrow(), "performer": "Plog AB"}
    assert (await client.post(f"{path}/progress", json=planned)).status_code == 200
    assert (await client.post(f"{path}/progress", json={**planned, "planned_for": "i morgon"})).status_code == 422
    assert (await client.post(f"{path}/reassign", json={"by": "Driftledaren"})).status_code == 422
    back = await client.post(f"{path}/return", json={"by": "Driftledaren", "reason": "Trafikverkets väg"})
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    assert (await client.post(f"{path}/answer", json={"by": "Driftledaren"})).status_code == 409
    assert (await client.get(f"/api/v1/cases/{number}")).json()["handover"]["reason"] == "Trafikverkets väg"


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_codes_and_guards(house: tuple[httpx.AsyncClient, Room]):
    client, room = house
    number = await _open(client, room, room.settings)
    assert (await client.get("/api/v1/cases/KC-2026-999999")).status_code == 404
    assert (await client.post("/api/v1/handovers/none/acknowledge", json={"by": "A"})).status_code == 404
    assert (await client.get("/api/v1/cases", headers={"Authorization": "Bearer wrong"})).status_code == 401
    assert (await client.post(f"/api/v1/cases/{number}/classify", json={"case_type": "x"})).status_code == 422
    assert (await client.post(f"/api/v1/cases/{number}/close", json={"resolution": "x"})).status_code == 422
    changed = await client.post(f"/api/v1/cases/{number}/classify", json={"case_type": LAMP})
    assert (changed.json()["case_type"], changed.json()["checklist"]["id"]) == (LAMP, "gata-lampa")
    listed = (await client.get("/api/v1/cases", params={"q": "kallt", "state": "open"})).json()
    assert ([one["number"] for one in listed["items"]], listed["next"]) == ([number], None)
    room.time.move(seconds=1)
    assert (await client.get("/health/ready")).status_code == 200


async def test_the_catalogue(house: tuple[httpx.AsyncClient, Room]):
    client, _ = house
    for name, count in (("units", 21), ("entrances", 11), ("case-types", 102), ("checklists", 12)):
        body = (await client.get(f"/api/v1/{name}")).json()
        assert (len(body["items"]), body["next"]) == (count, None), name
    version = await client.get("/api/v1/checklists/bostad-kallt/versions/1")
    assert (version.status_code, version.json()["case_type"]) == (200, COLD)
    assert (await client.get("/api/v1/checklists/bostad-kallt/versions/2")).status_code == 404
    assert json.dumps(version.json()["steps"][0]["options"][0]) == '{"label": "ja", "goto": "s2"}'


async def test_an_undecodable_record_stops_nothing(house: tuple[httpx.AsyncClient, Room]):
    client, room = house
    publisher = Publisher(room.settings, "test")
    await publisher.start()
    good = message(room.received("a", Channel.E_SERVICE))
    broken = type(good)(good.topic, "x", good.type, "broken-1", b"{not json", good.time)
    await publisher.publish(broken, timeout=10)
    await publisher.stop()
    assert await _open(client, room, room.settings)


async def test_an_operator_sees_a_dead_record_and_decides(house: tuple[httpx.AsyncClient, Room]):
    client, room = house
    publisher = Publisher(room.settings, "test")
    await publisher.start()
    good = message(room.received("a"))
    await publisher.publish(type(good)(good.topic, "x", good.type, "broken-1", b"{not json", good.time), timeout=10)
    await publisher.stop()

    async def shown() -> bool:
        return "/discard" in (await client.get("/ops/dead")).text

    await eventually(shown, 30)
    page = (await client.get("/ops/dead")).text
    [path] = re.findall(r"/ops/dead/contacts/[^\"]+/discard", page)
    answer = await client.post(path)
    assert answer.status_code == 303
    assert "/discard" not in (await client.get("/ops/dead")).text
    assert (await client.post("/ops/resume")).status_code == 303
    assert (await client.post("/ops/dead/nothing/1/retry")).status_code == 404
