"""The whole router on real Kafka and Valkey: from a contact on the topic to its end, through the HTTP doors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.router.main import create_app
from services.router.settings import Settings
from shared.events import CaseClosed, CaseMerged, CaseParked, ContactEnded, ContactReceived, ContactSetAside, Event
from shared.ids import new_id
from shared.publish import Publisher, message
from shared.records import AgentProfile, EntranceRecord, UnitRecord, WorkMode
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel, EntranceKind, Resolution
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

Say = Callable[..., Awaitable[None]]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        headers = {"Authorization": f"Bearer {settings.machine_token.get_secret_value()}"}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router", headers=headers)
        yield app, await stack.enter_async_context(client)


@pytest.fixture
async def own(settings: ServiceSettings) -> Settings:
    await ensure_topics(settings)
    return Settings(**settings.model_dump(include=set(Settings.model_fields) - {"port"}))


@pytest.fixture
async def say(own: Settings) -> AsyncIterator[Say]:
    publisher = Publisher(own, "test")
    await publisher.start()

    async def publish(*events: Event) -> None:
        await publisher.publish(*(message(event) for event in events), timeout=10)

    await publish(
        UnitRecord(id="kontaktcenter", name="Kontaktcenter"),
        EntranceRecord(
            id="vaxel",
            kind=EntranceKind.NUMBER,
            value="+46846500400",
            name="Växel",
            unit="kontaktcenter",
            greeting="Välkommen, du pratar med {agent}.",
            default=True,
        ),
        AgentProfile(id="maria", name="Maria Lind", skills={"*": 3}),
        AgentProfile(id="jonas", name="Jonas Berg", skills={"*": 3}),
    )
    yield publish
    await publisher.stop()


def call(contact_id: str, channel: Channel = Channel.PHONE) -> ContactReceived:
    return ContactReceived(
        contact_id=contact_id,
        channel=channel,
        entrance="vaxel",
        unit="kontaktcenter",
        received_at=datetime.now(UTC),
        text="Det är kallt i lägenheten",
    )


async def pulled(http: httpx.AsyncClient, agent: str, wait: float = 20) -> dict[str, Any]:
    await http.put(f"/api/v1/agents/{agent}/presence", json={"presence": "ready"})
    answer = await http.post(f"/api/v1/agents/{agent}/pull", params={"wait": wait}, timeout=40)
    assert answer.status_code == 200, answer.text
    offer: dict[str, Any] = answer.json()
    return offer


async def test_a_call_is_pulled_accepted_and_completed(own: Settings, say: Say):
    async with running(own) as (_, http):
        waiting = asyncio.create_task(pulled(http, "maria"))
        await say(call("c1"))
        offer = await waiting
        assert offer["greeting"] == "Välkommen, du pratar med Maria."
        assert (offer["contact_id"], offer["channel"], offer["entrance"]) == ("c1", "phone", "vaxel")
        accepted = await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        assert accepted.status_code == 200
        view = (await http.get("/api/v1/contacts/c1")).json()
        assert (view["state"], view["owner"], view["epoch"]) == ("assigned", "maria", accepted.json()["epoch"])
        assert [each["what"] for each in view["history"]] == ["received", "offered", "accepted"]
        done = await http.post("/api/v1/contacts/c1/complete", json={"epoch": view["epoch"], "case_type": "ct-1"})
        assert done.status_code == 204
        late = await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        assert late.status_code == 409
        assert late.headers["content-type"] == "application/problem+json"


async def test_nothing_to_do_is_204_and_queues_say_who_waits(own: Settings, say: Say):
    async with running(own) as (_, http):
        await http.put("/api/v1/agents/maria/presence", json={"presence": "away"})
        await say(call("c1"), call("c2", Channel.EMAIL))
        queue = await eventually(lambda: _waiting(http, 2))
        assert queue is not None
        assert queue["by_channel"] == {"phone": 1, "email": 1, "visit": 0, "e_service": 0}
        assert queue["ready_agents"] == 0
        assert (await http.get("/api/v1/contacts/c2")).json()["why_waiting"] == "no_agent_ready"
        assert (await http.post("/api/v1/agents/maria/pull")).status_code == 204
        assert (await http.post("/api/v1/agents/nobody/pull")).status_code == 404
        assert (await http.get("/api/v1/contacts/c9")).status_code == 404


async def _waiting(http: httpx.AsyncClient, wanted: int) -> dict[str, Any] | None:
    items = (await http.get("/api/v1/queues")).json()["items"]
    total = {"waiting": sum(each["waiting"] for each in items), "ready_agents": sum(i["ready_agents"] for i in items)}
    channels = {c.value: sum(each["by_channel"][c.value] for each in items) for c in Channel}
    return {**total, "by_channel": channels} if total["waiting"] == wanted else None


async def test_waiting_pulls_end_when_the_service_stops_or_the_client_leaves(own: Settings, say: Say):
    async with running(own) as (app, http):
        await http.put("/api/v1/agents/maria/presence", json={"presence": "ready"})
        waiters = app.state.pull.waiters
        leaving = asyncio.create_task(http.post("/api/v1/agents/maria/pull", params={"wait": 25}, timeout=40))
        await eventually(lambda: waiters.count("maria") == 1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await eventually(lambda: waiters.count("maria") == 0)
        staying = asyncio.create_task(http.post("/api/v1/agents/maria/pull", params={"wait": 25}, timeout=40))
        await eventually(lambda: waiters.count("maria") == 1)
        app.state.closing.set()
        answer = await asyncio.wait_for(staying, 5)
        assert answer.status_code == 204


async def test_a_caller_who_hangs_up_is_offered_to_nobody(own: Settings, say: Say):
    async with running(own) as (_, http):
        await say(call("c1"))
        offer = await pulled(http, "maria")
        await say(ContactEnded(contact_id="c1", ended_at=datetime.now(UTC), reason="hangup"))

        async def gone() -> bool:
            return bool((await http.get("/api/v1/contacts/c1")).json()["state"] == "abandoned")

        await eventually(gone)
        refused = await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        assert refused.status_code == 409
        presence = await http.put("/api/v1/agents/maria/presence", json={"presence": "ready"})
        assert presence.json().items() >= {"presence": "ready", "capacity": 100, "used": 0}.items()


async def test_a_closed_case_frees_its_agent(own: Settings, say: Say):
    async with running(own) as (_, http):
        await say(call("c1"))
        offer = await pulled(http, "maria")
        await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        await say(closed("c1", by="maria"))

        async def free() -> bool:
            answer = await http.put("/api/v1/agents/maria/presence", json={"presence": "ready"})
            return bool(answer.json()["used"] == 0)

        await eventually(free)


@pytest.mark.parametrize("kind", ["parked", "merged", "set_aside"])
async def test_a_case_that_rests_or_becomes_part_of_another_frees_the_agent_too(own: Settings, say: Say, kind: str):
    async with running(own) as (_, http):
        await say(call("c1"))
        offer = await pulled(http, "maria")
        await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        case: dict[str, Any] = {"case_id": new_id(), "case_number": "KC-2026-000001", "contact_id": "c1"}
        at = datetime.now(UTC)
        said: dict[str, Event] = {
            "parked": CaseParked(**case, until=at + timedelta(hours=1), by="maria", at=at),
            "merged": CaseMerged(**case, into=new_id(), into_number="KC-2026-000002", by="maria", at=at),
            "set_aside": ContactSetAside(**case, why="automatic", at=at),
        }
        await say(said[kind])

        async def free() -> bool:
            answer = await http.put("/api/v1/agents/maria/presence", json={"presence": "ready"})
            return bool(answer.json()["used"] == 0)

        await eventually(free)


def closed(contact_id: str, **fields: Any) -> CaseClosed:
    return CaseClosed(
        case_id=new_id(),
        case_number="KC-2026-000001",
        contact_id=contact_id,
        channel=Channel.PHONE,
        unit="kontaktcenter",
        at=datetime.now(UTC),
        resolution=Resolution.SOLVED,
        **fields,
    )


async def test_after_the_store_is_emptied_everything_is_as_kafka_knows_it(own: Settings, say: Say):
    async with running(own) as (app, http):
        await say(call("taken"))
        offer = await pulled(http, "maria")
        await http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        await say(call("offered"))
        open_offer = await pulled(http, "jonas")
        await say(call("waiting", Channel.EMAIL))
        await eventually(lambda: _waiting(http, 2))
        await app.state.look._redis.flushdb()

        async def as_before() -> bool:
            await http.put("/api/v1/agents/maria/presence", json={"presence": "ready"})
            states = [(await http.get(f"/api/v1/contacts/{name}")).json() for name in ("taken", "offered", "waiting")]
            return [state.get("state") for state in states] == ["assigned", "waiting", "waiting"]

        await eventually(as_before)
        old = await http.post(f"/api/v1/offers/{open_offer['offer_id']}/accept", json={"epoch": open_offer["epoch"]})
        assert old.status_code == 409
        held = (await http.get("/api/v1/contacts/taken")).json()
        assert held["owner"] == "maria"
        again = await pulled(http, "jonas")
        assert again["contact_id"] == "offered"
        assert again["epoch"] > open_offer["epoch"]


async def test_an_agent_is_ready_as_what_she_chooses(own: Settings, say: Say):
    reception = WorkMode(name="reception", channels=(Channel.VISIT,))
    await say(AgentProfile(id="elin", name="Elin Ås", skills={"*": 3}, modes=(reception,)))
    async with running(own) as (_, http):
        ready = await http.put("/api/v1/agents/elin/presence", json={"presence": "ready", "mode": "reception"})
        assert ready.status_code == 200
        await say(call("c1"), call("v1", Channel.VISIT))
        await eventually(lambda: _waiting(http, 2))
        offer = await http.post("/api/v1/agents/elin/pull", params={"wait": 5}, json={"mode": "reception"})
        assert offer.json().items() >= {"contact_id": "v1", "kind": "contact", "taken_over": "overtagen"}.items()
        assert offer.json()["why"] == ["next_in_line"]
        unknown = [
            await http.post("/api/v1/agents/elin/pull", json={"mode": "telefon"}),
            await http.put("/api/v1/agents/elin/presence", json={"presence": "ready", "mode": "telefon"}),
        ]
        assert [answer.status_code for answer in unknown] == [422, 422]
        assert "reception" in unknown[0].json()["title"]
        gone = await http.put("/api/v1/agents/elin/presence", json={"presence": "offline", "mode": "telefon"})
        assert gone.status_code == 200


async def test_who_is_called_back_is_not_greeted_as_a_caller(own: Settings, say: Say):
    async with running(own) as (app, http):
        await say(call("c1"))
        await eventually(lambda: _waiting(http, 1))
        await app.state.hand_on.return_call("c1", None, None, None, "")
        offer = await pulled(http, "maria")
        assert (offer["contact_id"], offer["kind"], offer["greeting"]) == ("c1", "return_call", "")


async def test_a_closed_queue_holds_what_comes_until_it_is_opened(own: Settings, say: Say):
    async with running(own) as (_, http):
        why = {"reason": "staff_missing"}
        assert (await http.post("/api/v1/queues/kontaktcenter/close", json=why)).status_code == 204
        await say(call("c1"))
        await eventually(lambda: _waiting(http, 1))
        assert (await http.get("/api/v1/contacts/c1")).json()["why_waiting"] == "queue_closed"
        waiting = asyncio.create_task(pulled(http, "maria"))
        opened = await http.post("/api/v1/queues/kontaktcenter/open", json={"reason": "staffed_again"})
        assert opened.status_code == 204
        assert (await waiting)["contact_id"] == "c1"


async def test_a_storm_through_the_doors_keeps_mail_waiting(own: Settings, say: Say):
    async with running(own) as (_, http):
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        begun = await http.put("/api/v1/peak", json={"until": until, "reason": "load"})
        assert begun.json()["active"]
        late = (datetime.now(UTC) + timedelta(hours=25)).isoformat()
        assert (await http.put("/api/v1/peak", json={"until": late, "reason": "load"})).status_code == 422
        await say(call("m1", Channel.EMAIL))
        await eventually(lambda: _waiting(http, 1))
        assert (await http.get("/api/v1/contacts/m1")).json()["why_waiting"] == "peak:mail_waits"
        waiting = asyncio.create_task(pulled(http, "maria"))
        ended = await http.request("DELETE", "/api/v1/peak", json={"reason": "calm_again"})
        assert ended.status_code == 204
        assert (await waiting)["contact_id"] == "m1"


async def test_an_operator_sees_what_could_not_be_read_and_decides(own: Settings, say: Say):
    del say
    publisher = Publisher(own, "test")
    await publisher.start()
    good = message(call("c1"))
    await publisher.publish(type(good)(good.topic, "x", good.type, "broken-1", b"{not json", good.time), timeout=10)
    await publisher.stop()
    async with running(own) as (_, http):

        async def shown() -> str:
            return (await http.get("/ops/dead", params={"topic": "contacts"})).text.partition("/ops/dead/contacts/")[2]

        letter = (await eventually(shown, 30)).partition("/")[0]
        assert (await http.post(f"/ops/dead/contacts/{letter}/discard")).status_code == 303
        assert not await shown()
        assert (await http.get("/ops/dead", params={"topic": "load"})).status_code == 404
        assert (await http.post("/ops/resume")).status_code == 303
        assert (await http.get("/ops/dead", headers={"Authorization": "Bearer nobody"})).status_code == 401
