"""Telephony, on a real log and a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.call import Call, CallState
from services.intake.store.rings import Rings
from services.intake.store.visits import Visits
from services.intake.usecases.note_routing import NoteRouting
from shared.clock import utc_now
from shared.events import ContactCompleted, ContactEnded, ContactReceived, ContactRequeued, ContactTransferred
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.received import Received
from shared.records import PeakRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.doors import Intake, accepted, ended_events, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

RING = {"direction": "incoming", "callid": "c01", "from": "+46701111111", "to": "+46846500400"}


async def test_a_call_hears_the_recording_then_hold_then_the_agent_and_ends(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    first = (await intake.ring(**RING)).json()
    assert first["play"] == "https://example.se/ko.mp3"
    assert first["next"] == "https://kc.example/intake/webhooks/46elks/next?after=message&n=1&token=hemligt"
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.contact_id == natural_contact_id("call", "c01")
    assert (read.event.entrance, read.event.sender.phone, read.event.call_id) == ("vaxel", "+46701111111", "c01")
    hold = (await intake.ring("next?after=message", **RING, result="success")).json()
    assert hold["play"].endswith("/sounds/hold-1.wav")

    await intake.tell(message(accepted(read.event.contact_id, epoch=1)))
    connect = await eventually(lambda: _connects(intake), timeout=15)
    assert connect["connect"] == "+46701740605"
    assert connect["callerid"] == "+46701111111"
    over = (await intake.ring("next?after=connect", **RING, result="success")).json()
    assert "hangup" in over

    end = {"id": "c01", "state": "success", "duration": "9", "legs": '[{"duration": 0.001}]'}
    for _ in range(2):
        assert (await intake.ring("hangup", **end)).status_code == 204
    found = await eventually(lambda: ended_events(read_contacts))
    ended = found[-1].event
    assert isinstance(ended, ContactEnded)
    assert ended.reason == "hung_up"
    assert ended.talk_seconds == 0.001
    assert "hangup" in (await intake.ring("next?after=hold", **RING)).json()


async def test_in_a_storm_who_waits_hears_the_message_again(intake: Intake) -> None:
    assert (await intake.ring(**RING)).json()["play"] == "https://example.se/ko.mp3"
    later = utc_now() + timedelta(seconds=61)
    intake.app.state.answer_call = replace(intake.app.state.answer_call, clock=lambda: later)

    async def heard() -> str:
        told: dict[str, str] = (await intake.ring("next?after=hold", **RING, result="success")).json()
        return told["play"].rpartition("/")[2]

    assert await heard() == "hold-1.wav"
    storm = PeakRecord(until=later + timedelta(minutes=5), started_at=utc_now(), by="lead", reason="storm")
    await intake.tell(message(storm))
    await eventually(lambda: _is(heard, "ko.mp3"))
    await intake.tell(message(storm.model_copy(update={"queue_message": False})))
    await eventually(lambda: _is(heard, "hold-1.wav"))
    await intake.tell(message(storm.model_copy(update={"until": later})))
    await intake.tell(message(storm.model_copy(update={"until": later + timedelta(seconds=1)})))
    await eventually(lambda: _is(heard, "ko.mp3"))
    await intake.tell(message(storm.model_copy(update={"until": later})))
    await eventually(lambda: _is(heard, "hold-1.wav"))


async def _is(heard: Callable[[], Awaitable[str]], wanted: str) -> bool:
    return await heard() == wanted


async def _connects(intake: Intake) -> dict[str, str]:
    action: dict[str, str] = (await intake.ring("next?after=hold", **RING, result="success")).json()
    return action if "connect" in action else {}


async def test_a_call_that_is_requeued_waits_again(intake: Intake) -> None:
    await intake.ring(**RING)
    contact_id = natural_contact_id("call", "c01")
    back = ContactRequeued(contact_id=contact_id, epoch=2, at=utc_now(), queue="q", reason="no_answer")
    await intake.tell(message(accepted(contact_id, epoch=1)))
    await eventually(lambda: _connects(intake), timeout=15)
    await intake.tell(message(back))
    await eventually(lambda: _holds(intake))
    await intake.tell(message(accepted(contact_id, epoch=1)), message(accepted(contact_id, epoch=3)))
    await eventually(lambda: _connects(intake))


async def test_who_is_accepted_and_completed_in_one_batch_is_connected_as_in_two(intake_engine: AsyncEngine) -> None:
    calls = Rings(intake_engine)
    routing = NoteRouting(calls, Visits(intake_engine), lambda: None)
    for number in range(3):
        name = f"c{number}"
        await calls.open(Call(name, f"k{number}", "vaxel", "+46846500400", None, CallState.WAITING, utc_now()))
    done = {"at": utc_now(), "agent_id": "agent-maria", "channel": Channel.PHONE}
    back = ContactRequeued(contact_id="k1", epoch=2, at=utc_now(), queue="q", reason="not_connected")
    events = [
        accepted("k0", epoch=1),
        ContactCompleted(contact_id="k0", epoch=2, **done),
        accepted("k1", epoch=1),
        back,
        accepted("k1", epoch=1),
        ContactCompleted(contact_id="k2", epoch=2, **done),
    ]
    for _ in range(2):
        await routing.handle(
            [Received(one, one.key, one.event_type, utc_now(), one.key, "routing", 0, 0, None) for one in events]
        )
    kept = [await calls.find(f"c{number}") for number in range(3)]
    assert [(one.state, one.epoch, one.agent_id) for one in kept if one] == [
        (CallState.ACCEPTED, 1, "agent-maria"),
        (CallState.WAITING, 2, None),
        (CallState.WAITING, 0, None),
    ]


async def test_a_call_that_is_transferred_goes_to_the_colleagues_phone(intake: Intake) -> None:
    await intake.ring(**RING)
    contact_id = natural_contact_id("call", "c01")
    await intake.tell(message(accepted(contact_id, epoch=1)))
    await eventually(lambda: _connects(intake), timeout=15)
    moved = ContactTransferred(
        contact_id=contact_id, epoch=2, at=utc_now(), agent_id="agent-jonas", from_agent="agent-maria"
    )
    await intake.tell(message(moved), message(accepted(contact_id, epoch=1)))

    async def elsewhere() -> bool:
        return (await _connects(intake)).get("connect") == "+46701740606"

    await eventually(elsewhere)


@pytest.mark.parametrize("to", ["colleague", "queue"])
async def test_a_call_that_is_sent_on_while_they_talk_goes_on_when_the_agent_hangs_up(
    intake: Intake, intake_engine: AsyncEngine, to: str
) -> None:
    await intake.ring(**RING)
    contact_id = natural_contact_id("call", "c01")
    await intake.tell(message(accepted(contact_id, epoch=1)))
    talking = await eventually(lambda: _connects(intake), timeout=15)
    fenced = {"contact_id": contact_id, "epoch": 2, "at": utc_now()}
    if to == "colleague":
        moved = message(ContactTransferred(**fenced, agent_id="agent-jonas", from_agent="agent-maria"))
    else:
        moved = message(ContactRequeued(**fenced, queue="q", reason="wrong_queue", agent_id="agent-maria"))
    await intake.tell(moved)

    async def taken_in() -> bool:
        call = await Rings(intake_engine).find("c01")
        return call is not None and call.epoch == 2

    await eventually(taken_in, timeout=15)
    door = talking["next"].rpartition("/")[2]
    goes_on = [(await intake.ring(door, **RING, result="success")).json() for _ in range(2)]
    assert goes_on[0] == goes_on[1]
    if to == "queue":
        assert "hold" in goes_on[0]["play"]
        return
    assert goes_on[0]["connect"] == "+46701740606"
    door = goes_on[0]["next"].rpartition("/")[2]
    assert "hangup" in (await intake.ring(door, **RING, result="success")).json()


@pytest.mark.parametrize("answered", [True, False])
async def test_a_caller_passed_on_to_a_number_is_rung_through_when_the_agent_hangs_up(
    intake: Intake, answered: bool
) -> None:
    await intake.ring(**RING)
    contact_id = natural_contact_id("call", "c01")
    door = f"/api/v1/calls/{contact_id}/connect"
    machine = {"Authorization": f"Bearer {intake.settings.machine_token.get_secret_value()}"}
    number = {"number": "+46846500441"}
    assert (await intake.client.post(door, json=number)).status_code in {401, 403}
    assert (await intake.client.post(door, json=number, headers=machine)).status_code == 404
    await intake.tell(message(accepted(contact_id, epoch=1)))
    talking = await eventually(lambda: _connects(intake), timeout=15)
    for wrong in ("112", "+0", "08-465 004 41", "+46846500441;+46"):
        assert (await intake.client.post(door, json={"number": wrong}, headers=machine)).status_code == 422
    for _ in range(2):
        assert (await intake.client.post(door, json=number, headers=machine)).status_code == 204
    turn = talking["next"].rpartition("/")[2]
    goes_on = [(await intake.ring(turn, **RING, result="success")).json() for _ in range(2)]
    assert goes_on[0] == goes_on[1]
    assert goes_on[0]["connect"] == number["number"]
    turn = goes_on[0]["next"].rpartition("/")[2]
    last = (await intake.ring(turn, **RING, result="success" if answered else "failed")).json()
    if answered:
        assert "hangup" in last
    else:
        assert last["connect"] == talking["connect"]
        over = (await intake.ring(last["next"].rpartition("/")[2], **RING, result="success")).json()
        assert "hangup" in over


async def _holds(intake: Intake) -> bool:
    return not await _connects(intake)


async def test_a_repeated_ring_is_one_contact_and_an_unknown_number_is_flagged(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    strange = {"id": "c02", "from": "anonymous", "to": "+46850000000", "direction": "incoming"}
    for _ in range(3):
        assert "play" in (await intake.ring(**strange)).json()
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.flags == ("unknown_entrance", "withheld_number")
    assert read.event.entrance == "vaxel"
    assert (await intake.ring(to="+46846500400")).status_code == 422
    assert (await intake.ring("hangup", id="never-seen")).status_code == 204


async def test_a_call_is_answered_when_the_log_is_silent_and_told_later(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, publish_timeout=0.0001), stocked) as slow:
        assert "play" in (await slow.ring(**RING)).json()
        await slow.ring("hangup", callid="c01", state="failed")
        found = await eventually(lambda: ended_events(read_contacts), timeout=15)
    kinds = [type(one.event) for one in found]
    assert kinds.index(ContactReceived) < kinds.index(ContactEnded)
    assert len({one.id for one in found}) == 2


async def test_telephony_needs_its_token_or_its_address(settings: ServiceSettings, stocked: Publisher) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, trusted_proxies=["10.0.0.0/8"]), stocked) as intake:
        for client, headers, query, expected in (
            ("203.0.113.9", {}, "", 403),
            ("203.0.113.9", {}, "?token=fel", 403),
            ("203.0.113.9", {}, "?token=hemligt", 200),
            ("203.0.113.9", {"x-forwarded-for": "176.10.154.199"}, "", 403),
            ("176.10.154.199", {}, "", 200),
            ("::ffff:176.10.154.199", {}, "", 200),
            ("2001:9b0:2:902::199", {}, "", 200),
            ("10.0.0.1", {"x-forwarded-for": "1.2.3.4, 176.10.154.199"}, "", 200),
            ("10.0.0.1", {"x-forwarded-for": "176.10.154.199, 1.2.3.4"}, "", 403),
        ):
            transport = httpx.ASGITransport(intake.app, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://intake") as outside:
                answer = await outside.post(f"/webhooks/46elks/voice{query}", data=RING, headers=headers)
            assert answer.status_code == expected, (client, headers, query)


async def test_calls_that_ring_together_are_each_kept_once_and_noted_together(intake_engine: AsyncEngine) -> None:
    rings = Rings(intake_engine)

    def call(number: int, caller: str) -> Call:
        name = f"c{number}"
        return Call(name, f"contact-{name}", "vaxel", "+46846500400", caller, CallState.WAITING, utc_now())

    first = await asyncio.gather(*(rings.open(call(number % 40, f"+4670{number}")) for number in range(120)))
    for number, kept in enumerate(first):
        assert (kept.call_id, kept.published, kept.epoch, kept.agent_id) == (f"c{number % 40}", False, 0, None)
    assert len({(kept.call_id, kept.caller, kept.received_at) for kept in first}) == 40
    await asyncio.gather(*(rings.published(f"c{number}") for number in range(40)))
    again = await asyncio.gather(*(rings.open(call(number, "anders")) for number in range(41)))
    assert [kept.published for kept in again] == [True] * 40 + [False]
    assert again[3] == replace(first[3], published=True) == await rings.find("c3")


async def test_two_processes_keep_the_same_calls_once(intake_engine: AsyncEngine) -> None:
    here, there = Rings(intake_engine), Rings(intake_engine)

    def call(number: int, caller: str) -> Call:
        name = f"c{number}"
        return Call(name, f"contact-{name}", "vaxel", "+46846500400", caller, CallState.WAITING, utc_now())

    for turn in range(20):
        numbers = range(turn * 20, turn * 20 + 20)
        both = await asyncio.gather(
            *(rings.open(call(number, who)) for number in numbers for rings, who in ((here, "a"), (there, "b")))
        )
        assert both[::2] == both[1::2]
