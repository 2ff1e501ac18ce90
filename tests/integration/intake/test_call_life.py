"""The life of a call as intake tells it: through, not answered, ended; each once, in whatever order it is said."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.intake.domain.call import Call, HangUp
from services.intake.store.call_life import CallLife
from services.intake.store.calls import Calls
from shared.clock import utc_now
from shared.database import make_engine
from shared.events import (
    CallConnected,
    CallNotAnswered,
    ContactEnded,
    ContactReceived,
    ContactRequeued,
    ContactTransferred,
)
from shared.ids import natural_contact_id
from shared.publish import message
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, accepted
from tests.integration.intake.reading import ReadContacts
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

RING = {"direction": "incoming", "callid": "c01", "from": "+46701111111", "to": "+46846500400"}
CONTACT = natural_contact_id("call", "c01")
END = {"id": "c01", "state": "success", "duration": "9"}
TALKED = {**END, "legs": '[{"duration": 3, "state": "success"}]'}


async def connected(intake: Intake, epoch: int = 1) -> None:
    """Wait on hold until the agent's phone is rung."""
    await intake.tell(message(accepted(CONTACT, epoch=epoch)))

    async def rung() -> bool:
        return "connect" in (await intake.ring("next?after=hold", **RING, result="success")).json()

    await eventually(rung, timeout=15)


async def said(read_contacts: ReadContacts, *kinds: type) -> list[Any]:
    """Return the events of these kinds when one of the last kind is there."""
    found = [one.event for one in await read_contacts() if isinstance(one.event, kinds)]
    return found if any(isinstance(one, kinds[-1]) for one in found) else []


async def test_a_phone_that_is_busy_is_told_once_and_the_caller_waits(intake: Intake, read_contacts: ReadContacts):
    await intake.ring(**RING)
    await connected(intake)
    for _ in range(6):  # as often as the provider repeats itself
        assert "hold" in (await intake.ring("next?after=connect", **RING, result="busy")).json()["play"]
    [told] = await eventually(lambda: said(read_contacts, CallNotAnswered), timeout=15)
    assert (told.contact_id, told.epoch, told.attempt, told.reason) == (CONTACT, 1, 1, "busy")
    assert "hold" in (await intake.ring("next?after=hold", **RING, result="success")).json()["play"]
    back = ContactRequeued(contact_id=CONTACT, epoch=2, at=utc_now(), queue="q", reason="not_answered")
    await intake.tell(message(back))
    await connected(intake, epoch=3)
    await intake.ring("next?after=connect", **RING, result="failed")

    async def both() -> bool:
        found = await said(read_contacts, CallNotAnswered)
        return [(one.epoch, one.attempt, one.reason) for one in found] == [(1, 1, "busy"), (3, 2, "failed")]

    await eventually(both, timeout=15)


async def test_a_phone_of_which_telephony_says_nothing_has_failed(intake: Intake, read_contacts: ReadContacts):
    await intake.ring(**RING)
    await connected(intake)
    assert "hold" in (await intake.ring("next?after=connect", **RING)).json()["play"]
    [told] = await eventually(lambda: said(read_contacts, CallNotAnswered), timeout=15)
    assert (told.epoch, told.reason) == (1, "failed")
    assert "hold" in (await intake.ring("next?after=hold", **RING, result="success")).json()["play"]


async def test_a_conversation_was_through_and_its_end_says_how_long(intake: Intake, read_contacts: ReadContacts):
    await intake.ring(**RING)
    await connected(intake)
    for _ in range(2):
        assert "hangup" in (await intake.ring("next?after=connect", **RING, result="success")).json()
    for _ in range(2):
        assert (await intake.ring("hangup", **TALKED)).status_code == 204
    through, ended = await eventually(lambda: said(read_contacts, CallConnected, ContactEnded), timeout=15)
    assert (through.epoch, through.exact) == (1, False)
    assert (ended.abandoned, ended.short, ended.reason) == (False, False, "hung_up")
    assert ended.talk_seconds > 0


async def test_telephony_that_says_when_it_is_through_is_exact_and_a_late_busy_is_history(
    intake: Intake, read_contacts: ReadContacts
):
    await intake.ring(**RING)
    await connected(intake)
    follow = intake.app.state.follow_call
    assert await follow.connected("c01")
    assert not await follow.connected("c01")
    assert not await follow.not_answered("c01", "busy")
    await intake.ring("hangup", **END)
    through, ended = await eventually(
        lambda: said(read_contacts, CallConnected, CallNotAnswered, ContactEnded), timeout=15
    )
    assert through.exact
    assert not ended.abandoned


async def test_who_hangs_up_while_she_waits_has_abandoned_and_at_once_is_counted_apart(
    intake: Intake, read_contacts: ReadContacts
):
    await intake.ring(**RING)
    await intake.ring("hangup", **END)
    [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    assert (ended.abandoned, ended.short, ended.talk_seconds) == (True, True, 0)
    assert 0 <= ended.waited_seconds < 5


async def test_a_transfer_while_they_talk_leaves_the_talk_as_long_as_it_was(
    intake: Intake, read_contacts: ReadContacts
):
    state, began = intake.app.state, utc_now()
    at = began

    def clock() -> datetime:
        return at

    state.answer_call = replace(state.answer_call, clock=clock)
    state.end_call = replace(state.end_call, clock=clock)
    await intake.ring(**RING)
    at = began + timedelta(seconds=10)
    await connected(intake)
    at = began + timedelta(seconds=40)
    to = ContactTransferred(contact_id=CONTACT, epoch=2, at=utc_now(), from_agent="agent-maria", agent_id="agent-jonas")
    await intake.tell(message(to))

    async def moved() -> bool:
        return bool((await state.end_call.calls.find("c01")).epoch == 2)

    await eventually(moved, timeout=15)
    at = began + timedelta(seconds=45)
    rung = (await intake.ring("next?after=connect", **RING, result="success")).json()
    assert rung["connect"] == "+46701740606", "the agent has put her receiver down: her colleague's phone rings"
    at = began + timedelta(seconds=70)
    legs = '[{"duration": 33, "state": "success"}, {"duration": 23, "state": "success"}]'
    await intake.ring("hangup", **END, legs=legs)
    [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    assert (ended.talk_seconds, ended.waited_seconds, ended.abandoned) == (56, 10, False)


async def test_two_hang_ups_are_one_end(intake: Intake, read_contacts: ReadContacts):
    await intake.ring(**RING)
    end = intake.app.state.end_call.end
    assert [await end(HangUp("c01", "success")), await end(HangUp("c01", "failed"))] == [True, False]
    [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    assert ended.reason == "hung_up"


async def test_a_hang_up_before_its_ring_makes_the_ring_nobodys(intake: Intake, read_contacts: ReadContacts):
    await intake.ring("hangup", **END)
    assert "hangup" in (await intake.ring(**RING)).json()
    await intake.ring("hangup", **END)
    await intake.ring(**{**RING, "callid": "c02"})
    await intake.ring("hangup", **{**END, "id": "c02"})
    found = await eventually(lambda: said(read_contacts, ContactReceived, ContactEnded), timeout=15)
    assert {one.contact_id for one in found} == {natural_contact_id("call", "c02")}


class LateCalls:
    """Looks for a call just before it comes in, and again."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.looks = 0

    async def find(self, call_id: str) -> Call | None:
        self.looks += 1
        return await self.calls.find(call_id) if self.looks > 1 else None


async def test_a_hang_up_at_the_very_moment_of_its_ring_ends_it(intake: Intake, read_contacts: ReadContacts):
    await intake.ring(**RING)
    end = intake.app.state.end_call
    assert await replace(end, calls=LateCalls(end.calls)).end(HangUp("c01", "success"))
    [ended] = await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    assert ended.contact_id == CONTACT


async def test_a_connect_after_the_end_hangs_up(intake: Intake, settings: ServiceSettings, read_contacts: ReadContacts):
    await intake.ring(**RING)
    await intake.ring("hangup", **END)
    await intake.tell(message(accepted(CONTACT, epoch=1)))
    await eventually(lambda: said(read_contacts, ContactEnded), timeout=15)
    for after in ("hold", "connect", "message"):
        assert "hangup" in (await intake.ring(f"next?after={after}", **RING, result="success")).json()
    engine = make_engine(settings, "test")
    assert await CallLife(engine).long_ringing(utc_now()) == []
    await engine.dispose()
