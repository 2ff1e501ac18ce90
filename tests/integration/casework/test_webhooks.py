"""A unit's own system is told what happens to its hand-overs: signed, and under one id however often it is tried."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import Webhook

from services.casework.channels.webhooks import allowed, secret_of
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.wiring import webhook_key
from shared.clock import utc_now
from tests.support.casework import MARIA, PER, Room
from tests.support.served import served

pytestmark = pytest.mark.integration
UNIT = "bostadsbolag"


class System:
    """The unit's system: it checks every signature and answers with the next of its answers, 204 when they are out."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.answers: list[int] = []
        self.heard: list[tuple[str, dict[str, object]]] = []
        self.app = FastAPI()
        self.app.state.closing = asyncio.Event()
        self.app.post("/krok")(self.take)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        webhook_id, stamp, signature = (request.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        at = datetime.fromtimestamp(int(stamp), UTC)
        assert Webhook(self.secret).sign(webhook_id, at, body.decode()) == signature
        self.heard.append((webhook_id, orjson.loads(body)))
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
async def system(room: Room) -> AsyncIterator[System]:
    made = System(secret_of(webhook_key(room.settings, UNIT)))
    async with served(made.app) as url:
        async with UnitOfWork(room.engine).begin() as work:
            await work.unit_terms.set(UNIT, webhook_url=f"{url}/krok", delivery_times=[])
        yield made


async def handed_over(room: Room) -> str:
    number = await room.open("kallt")
    return (await room.casework.hand_over.run(number, MARIA, request_id="r1", to=UNIT)).id


async def sent(room: Room) -> None:
    while await room.casework.send_webhooks.run():
        pass


@pytest.fixture(autouse=True)
def today(room: Room) -> None:
    """Events bear the real time, so the room stands just after it."""
    room.time.now = utc_now() + timedelta(minutes=1)


async def test_the_system_is_told_of_each_thing_once_and_signed(room: Room, system: System):
    handover_id = await handed_over(room)
    await room.casework.acknowledge.run(handover_id, PER, PER.name, external_ref="BB-77")
    await sent(room)
    await sent(room)
    kinds = [content["type"] for _, content in system.heard]
    assert kinds[:2] == ["handover.sent", "handover.acknowledged"]
    assert len({webhook_id for webhook_id, _ in system.heard}) == len(system.heard)
    data = system.heard[0][1]["data"]
    assert isinstance(data, dict)
    assert data["handover_id"] == handover_id
    assert "Olle" not in str(system.heard), "no name, no word of the citizen leaves by this door"


async def test_a_system_that_was_away_is_told_later_under_the_same_id(room: Room, system: System):
    system.answers = [503, 500]
    await handed_over(room)
    await sent(room)
    assert len(system.heard) == 1
    room.time.move(seconds=10)
    await sent(room)
    room.time.move(seconds=60)
    await sent(room)
    assert len(system.heard) == 3
    assert len({webhook_id for webhook_id, _ in system.heard}) == 1
    assert [row["state"] for row in await room.rows("SELECT state FROM casework.webhooks_out")] == ["sent"]


async def test_a_system_that_wants_no_more_is_left_alone(room: Room, system: System):
    system.answers = [410]
    await handed_over(room)
    await sent(room)
    room.time.move(days=3)
    await sent(room)
    assert len(system.heard) == 1
    rows = await room.rows("SELECT state, problem FROM casework.webhooks_out")
    assert [(row["state"], row["problem"]) for row in rows] == [("failed", "410")]


async def test_whoever_dies_while_sending_has_it_sent_by_another(room: Room, system: System):
    await handed_over(room)
    async with UnitOfWork(room.engine).begin() as work:
        assert await work.webhooks.claim(room.time(), timedelta(minutes=2), 8)
    await sent(room)
    assert system.heard == []
    room.time.move(minutes=3)
    await sent(room)
    assert len(system.heard) == 1


async def test_a_unit_without_an_address_is_told_nothing(room: Room):
    await handed_over(room)
    assert await room.rows("SELECT id FROM casework.webhooks_out") == []


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://system.kommun.example/krok", True),
        ("http://127.0.0.1:8080/krok", True),
        ("http://system.kommun.example/krok", False),
        ("ftp://system.kommun.example", False),
        ("https:///krok", False),
        ("", False),
    ],
)
def test_only_tls_or_this_machine_is_called(url: str, may: bool):
    assert allowed(url) is may
