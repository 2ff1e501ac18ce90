"""Qmatic's visits on a real log and a real database: in any order, lost and repeated, its queue or nobody's offer."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.intake.channels.qmatic import Orchestra
from services.intake.jobs.qmatic import KeepQmatic
from shared.clock import STOCKHOLM, utc_now
from shared.events import ContactAnswered, ContactEnded, ContactGivenBack, ContactReceived
from shared.health import Health
from shared.publish import message
from shared.records import AgentProfile
from tests.integration.intake.doors import BEARER, Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.qmatic_peer import QmaticPeer
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration
DOOR = "/webhooks/qmatic/hemlig-kö"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


@pytest.fixture
async def intake(settings, stocked) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    own = {"qmatic_token": "hemlig-kö", "qmatic_old_token": "förra", "qmatic_branches": {"7": "stadshuset"}}
    async with started(intake_settings(settings, **own), stocked) as running:
        maria = AgentProfile(id="agent-maria", name="Maria Lind", place="Disk 3", logins=("mlind",))
        await running.tell(message(maria))
        yield running


def event(name: str, second: int, visit: int = 41, **parameters: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=second)).astimezone(STOCKHOLM).replace(tzinfo=None).isoformat(timespec="seconds")
    given = {"visitId": visit, "branchId": 7, "service": "Bygglov", "ticketId": "A012", "waitingTime": 61}
    return {"eventName": name, "eventTime": at, "eventType": "APP", "unitId": 7, "parameters": given | parameters}


async def tell(intake: Intake, *events: dict[str, Any]) -> list[str]:
    answers = [await intake.client.post(DOOR, json=one) for one in events]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json()["outcome"] for answer in answers]


async def shown(intake: Intake, text: str) -> str:
    part = (await intake.client.get("/reception/waiting?desk=stadshuset", headers=BEARER)).text
    return part if text in part else ""


LIFE = (
    event("VISIT_CREATE", 0),
    event("VISIT_CALL", 1, userName="MLind"),
    event("VISIT_RECYCLE", 2),
    event("VISIT_CALL", 3, userName="MLind"),
    event("VISIT_END", 4),
)


async def test_a_visit_of_qmatic_is_a_contact_that_its_queue_owns_and_its_call_claims(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    await eventually(lambda: intake.app.state.waiting_room.agents.get("agent-maria").logins, timeout=15)
    assert await tell(intake, *LIFE[:2]) == ["taken", "taken"]
    part = await shown(intake, "A012")
    assert "Bygglov" in part
    assert "Maria Lind" in part
    assert await tell(intake, *LIFE[2:], *LIFE) == ["taken"] * 3 + ["old"] * 5
    assert "1 klar eller gått" in await shown(intake, "Klar")
    told = await eventually(lambda: _told(read_contacts, 5), timeout=15)
    received, *rest = told
    assert isinstance(received, ContactReceived)
    assert (received.queue_owner, received.ticket, received.text) == ("qmatic", "A012", "Bygglov")
    assert [type(one) for one in rest] == [ContactAnswered, ContactGivenBack, ContactAnswered, ContactEnded]
    [back] = [one for one in rest if isinstance(one, ContactGivenBack)]
    assert (back.queue_owner, back.given_back_at) == ("qmatic", START + timedelta(seconds=2))
    assert {one.agent_id for one in rest if isinstance(one, ContactAnswered)} == {"agent-maria"}


async def _told(read_contacts: ReadContacts, count: int) -> list[Any]:
    found = [one.event for one in await read_contacts()]
    return found if len(found) >= count else []


async def test_out_of_order_it_comes_to_the_same_end(intake: Intake) -> None:
    for visit, order in enumerate(itertools.permutations((LIFE[0], LIFE[1], LIFE[4])), start=100):
        for one in order:
            parameters = one["parameters"] | {"visitId": visit, "ticketId": f"C{visit}"}
            await tell(intake, one | {"parameters": parameters})
    part = await shown(intake, "klara eller gått")
    assert "6 klara eller gått" in part
    assert "0 väntar · 0 hos kommunvägledare" in part


async def test_of_one_second_the_end_is_the_last_and_a_call_no_repetition(intake: Intake) -> None:
    together = [event(name, 5, visit=50) for name in ("VISIT_CREATE", "VISIT_CALL", "VISIT_NOSHOW", "VISIT_CALL")]
    assert await tell(intake, *together) == ["taken", "taken", "taken", "old"]
    assert "Kom inte" in await shown(intake, "1 klar eller gått")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"eventName": "USER_SESSION_START"}', b'{"eventName": "VISIT_CALL"}'],
)
async def test_what_is_none_of_ours_is_answered_as_taken(intake: Intake, body: bytes) -> None:
    answer = await intake.client.post(DOOR, content=body)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"})


async def test_a_branch_that_is_no_desk_is_left_alone_and_strange_values_are_borne(intake: Intake) -> None:
    assert await tell(intake, event("VISIT_CREATE", 0, branchId=99)) == ["no_desk"]
    odd = event(
        "VISIT_CREATE", 0, visit=60, service={"name": "x"}, ticketId=None, userName=["a"], queueName="Kö\u0000 A"
    )
    assert await tell(intake, odd | {"eventTime": "i går"}) == ["taken"]
    assert await tell(intake, event("VISIT_CREATE", 0, visit=61, ticketId="60")) == ["taken"]
    part = await shown(intake, "2 väntar")
    assert "60-61" in part


async def test_the_token_rotates_and_a_wrong_one_finds_nothing(settings, stocked) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    own = {"qmatic_token": "ny", "qmatic_old_token": "gammal", "qmatic_networks": ("10.0.0.0/8",)}
    async with started(intake_settings(settings, **own, trusted_proxies=("127.0.0.1/32",)), stocked) as intake:
        from_inside = {"x-forwarded-for": "10.1.2.3"}
        for token, headers, status in (
            ("ny", from_inside, 200),
            ("gammal", from_inside, 200),
            ("fel", from_inside, 404),
            ("ny", {"x-forwarded-for": "192.0.2.1"}, 403),
        ):
            answer = await intake.client.post(f"/webhooks/qmatic/{token}", json={}, headers=headers)
            assert answer.status_code == status, (token, headers)
    async with started(intake_settings(settings), stocked) as closed:
        assert (await closed.client.post("/webhooks/qmatic/x", json={})).status_code == 404


async def test_it_is_registered_again_and_what_was_lost_is_caught_up(intake: Intake) -> None:
    health, follow = Health(), intake.app.state.follow_qmatic
    async with QmaticPeer(waiting={"3": [{"visitId": 70, "ticketId": "D070", "serviceName": "Pass"}]}) as peer:
        orchestra = Orchestra(peer.url, SecretStr(peer.token), seconds=5)
        endpoint = f"http://intake{DOOR}"
        job = KeepQmatic(orchestra, endpoint, ["7"], follow, health, utc_now, lambda: None, every=300)
        assert await job.once()
        assert peer.endpoints == [endpoint]
        assert "D070" in await shown(intake, "1 väntar")
        await peer.send(intake.client, event("VISIT_CALL", 70, visit=70))
        assert await job.once()
        assert len(peer.endpoints) == 1
        peer.endpoints.clear()  # a failure of ours: it has forgotten us
        await tell(intake, event("VISIT_CREATE", -300, visit=71, ticketId="D071"))
        peer.waiting = {}
        assert await job.once()  # no queues at all say nothing
        assert await job.once()
        peer.waiting["3"] = []
        assert await job.once()
        assert peer.endpoints == [endpoint]
        assert not await shown(intake, "Klar")  # missing once: it may have been a bad moment
        peer.waiting["3"] = {"error": "no list"}  # type: ignore[assignment] # a list of visits is what it should be
        assert not await job.once()
        peer.waiting["3"] = []
        assert await job.once()
        assert "D071" in await shown(intake, "Klar")
        peer.status = 500
        assert not await job.once()
        assert "qmatic" in await health.failing()
        peer.status = 200
        assert await job.once()
        assert await health.failing() == {}
