"""Supervisors and ops intervene through the real doors and commands: with a reason, once, and on the log."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.router.__main__ import cli
from shared.clock import utc_now
from shared.vocabulary import Presence
from tests.integration.router.audit import picture
from tests.support.floor_day import FloorHouse, floor_house

pytestmark = pytest.mark.integration


@pytest.fixture
async def house(settings) -> AsyncIterator[FloorHouse]:
    async with floor_house(settings) as found:
        yield found


async def command(house: FloorHouse, *words: str) -> Result:
    token = house.settings.machine_token.get_secret_value()
    env = {"KC_ROUTER_URL": house.url, "KC_MACHINE_TOKEN": token}
    return await asyncio.to_thread(CliRunner().invoke, cli, list(words), env=env)


async def seen(house: FloorHouse) -> dict[str, Any]:
    """Return the store's keys that say who has what; heartbeats and the stream move by themselves."""
    redis, domain = house.app.state.look._redis, house.app.state.look._key("")
    found = await picture(redis, domain.rstrip(":"))
    kept = ("c:", "q:", "i:", "a:", "heads", "lates", "w:", "pref:", "h:")
    return {name: value for name, value in found.keys.items() if name.startswith(kept)}


async def test_the_commands_look_move_raise_release_and_send_away(house: FloorHouse):
    await house.arrive("c1", "bostadsbolag")
    listed = await command(house, "queues")
    assert listed.exit_code == 0, listed.output
    assert "bostadsbolag" in listed.output
    moved = await command(house, "move", "c1", "--to", "kontaktcenter", "--reason", "wrong_queue")
    assert moved.exit_code == 0, moved.output
    raised = await command(house, "raise", "c1", "--priority", "urgent", "--reason", "urgent_matter")
    where = await command(house, "contact", "c1")
    assert "waiting i kontaktcenter" in where.output
    assert raised.exit_code == 0, raised.output
    await house.be("agent-jonas")
    assert await house.taken("agent-jonas") == "c1"
    refused = await command(house, "release", "c1", "--reason", "because")
    assert refused.exit_code == 1
    assert "because" in refused.output
    released = await command(house, "release", "c1", "--reason", "technical")
    assert released.exit_code == 0, released.output
    unknown = await command(house, "move", "nothing", "--to", "kontaktcenter", "--reason", "wrong_queue")
    assert unknown.exit_code == 1


async def test_a_router_that_does_not_answer_is_said_in_a_line(house: FloorHouse):
    env = {"KC_ROUTER_URL": "http://127.0.0.1:9", "KC_MACHINE_TOKEN": "t"}
    found = await asyncio.to_thread(CliRunner().invoke, cli, ["queues"], env=env)
    assert found.exit_code == 1
    assert "svarar inte" in found.output


async def test_a_queue_is_closed_and_opened_and_a_peak_begun_and_ended_by_command(house: FloorHouse):
    until = (utc_now() + timedelta(hours=1)).isoformat()
    for words in (
        ("close-queue", "bostadsbolag", "--instead", "kontaktcenter", "--reason", "staff_missing"),
        ("open-queue", "bostadsbolag", "--reason", "staffed_again"),
        ("peak", "begin", "--until", until, "--reason", "load"),
        ("peak", "show"),
        ("peak", "end", "--reason", "calm_again"),
    ):
        found = await command(house, *words)
        assert found.exit_code == 0, (words, found.output)


BAD: tuple[tuple[str, str, dict[str, Any] | None, int], ...] = (
    ("PUT", "/api/v1/agents/nobody/presence", {"presence": "ready"}, 404),
    ("PUT", "/api/v1/agents/agent-jonas/presence", {"presence": "asleep"}, 422),
    ("PUT", "/api/v1/agents/agent-jonas/presence", {"presence": "ready", "mode": "juggler"}, 422),
    ("POST", "/api/v1/agents/nobody/pull", {}, 404),
    ("POST", "/api/v1/agents/agent-jonas/pull?wait=3000", {}, 422),
    ("POST", "/api/v1/offers/c1.77/accept", {"epoch": 77}, 409),
    ("POST", "/api/v1/offers/c1.77/accept", {"epoch": 78}, 409),
    ("POST", "/api/v1/offers/c1.77/accept", {}, 422),
    ("POST", "/api/v1/offers/nothing.1/accept", {"epoch": 1}, 404),
    ("POST", "/api/v1/offers/c1.77/decline", {"epoch": 77, "reason": "lunch"}, 409),
    ("POST", "/api/v1/contacts/c1/complete", {"epoch": 1}, 409),
    ("POST", "/api/v1/contacts/c1/requeue", {"epoch": 1, "queue": "a|b"}, 422),
    ("POST", "/api/v1/contacts/c1/requeue", {"epoch": 1}, 409),
    ("POST", "/api/v1/contacts/c1/transfer", {"epoch": 1, "consult_id": "c1~1~x"}, 409),
    ("POST", "/api/v1/contacts/c1/consult", {"epoch": 1, "to_agent": "nobody"}, 404),
    ("POST", "/api/v1/contacts/c1/conference", {"epoch": 1, "officer_id": "o"}, 409),
    ("POST", "/api/v1/contacts/c1/wrap-up/end", None, 409),
    ("POST", "/api/v1/contacts/c1/connected", {"epoch": 1}, 409),
    ("POST", "/api/v1/contacts/c1/return-call", {"at": "2020-01-01T10:00:00+01:00"}, 422),
    ("POST", "/api/v1/contacts/c1/return-call", {"at": "soon"}, 422),
    ("POST", "/api/v1/contacts/c1/move", {"queue": "kontaktcenter", "reason": "because"}, 422),
    ("POST", "/api/v1/contacts/c1/move", {"queue": "nowhere", "reason": "wrong_queue"}, 404),
    ("POST", "/api/v1/contacts/c1/release", {"reason": "technical"}, 409),
    ("POST", "/api/v1/agents/nobody/away", {"reason": "not_answering"}, 404),
    ("PUT", "/api/v1/peak", {"until": "2020-01-01T10:00:00+01:00", "reason": "load"}, 422),
)


async def test_bad_input_is_a_problem_and_changes_nothing(house: FloorHouse):
    await house.arrive("c1", "bostadsbolag")
    before = await seen(house)
    for method, path, body, status in BAD:
        answer = await house.http.request(method, path, json=body)
        assert answer.status_code == status, (method, path, body, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert await seen(house) == before, (method, path, body)


async def test_yesterdays_offer_and_a_command_sent_twice(house: FloorHouse):
    await house.arrive("c1", "bostadsbolag")
    await house.be("agent-jonas")
    old = await house.offered("agent-jonas")
    await house.http.post(f"/api/v1/offers/{old['offer_id']}/decline", json={"epoch": old["epoch"], "reason": "lunch"})
    before = await seen(house)
    answer = await house.http.post(f"/api/v1/offers/{old['offer_id']}/accept", json={"epoch": old["epoch"]})
    assert answer.status_code == 409
    assert await seen(house) == before
    headers = {"Idempotency-Key": "key-1"}
    body = {"queue": "kontaktcenter", "reason": "wrong_queue"}
    for _ in range(2):
        found = await house.http.post("/api/v1/contacts/c1/move", json=body, headers=headers)
        assert found.status_code == 204, found.text
    history = (await house.http.get("/api/v1/contacts/c1")).json()["history"]
    assert [each["what"] for each in history].count("moved") == 1


async def test_who_is_sent_away_stays_away_over_her_heartbeats(house: FloorHouse):
    await house.be("agent-jonas")
    sent = await house.http.post("/api/v1/agents/agent-jonas/away", json={"reason": "not_answering"})
    assert sent.status_code == 204, sent.text
    await house.be("agent-jonas")
    body = {"presence": Presence.READY.value}
    beat = await house.http.put("/api/v1/agents/agent-jonas/presence", json=body)
    assert (beat.json()["presence"], beat.json()["sent_away"]) == ("away", True)
    chosen = await house.http.put("/api/v1/agents/agent-jonas/presence", json=body | {"chosen": True})
    assert chosen.json()["presence"] == "ready"
