"""Return calls that nobody answered: three tries over the day, then an SMS, and the case stays open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.casework.domain.return_call import NoReturnCallError
from services.casework.usecases.park import ParkCase
from services.casework.usecases.return_calls import Tried, TryAgain
from shared.clock import local as stockholm
from shared.errors import ConflictError
from shared.events import ContactEnded, ReturnCallPromised, Sender
from shared.vocabulary import CaseState, Channel, Resolution, Role
from shared.web.access import Person
from tests.support.casework import MARIA, Room, contact
from tests.support.desk import FakeRouter

pytestmark = pytest.mark.integration
JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
MOBILE = "+46701740605"


class DeafRouter(FakeRouter):
    """A router that is away until it is told otherwise."""

    away = True

    async def return_call(self, contact_id: str, epoch: int, at: datetime | None) -> None:
        if self.away:
            raise ConflictError
        await super().return_call(contact_id, epoch, at)


@pytest.fixture
def router(room: Room) -> DeafRouter:
    made = DeafRouter()
    made.away = False
    uow, clock = room.casework.accept_offer.uow, room.time
    again = TryAgain(uow, made, ParkCase(uow, clock), clock, sms=True)  # type: ignore[arg-type] # the part it uses
    room.casework = replace(room.casework, try_again=again)
    return made


async def promised(room: Room, phone: str = MOBILE) -> str:
    """A citizen who has chosen to be called back, in Maria's hands; return the case's number."""
    call = room.received("a", Channel.PHONE, sender=Sender(phone=phone), entrance="bostad-nummer")
    await room.casework.follow_contacts.run([call])
    await room.casework.follow_routing.run(
        [
            room.routed("a", channel=Channel.PHONE),
            ReturnCallPromised(contact_id=contact("a"), epoch=2, at=room.time(), queue="bostad"),
            room.accepted("a", epoch=3, channel=Channel.PHONE),
        ]
    )
    return await room.number("a")


async def taken_again(room: Room, tried: Tried, epoch: int) -> None:
    """The router has waited until the moment, and Maria takes the call again."""
    assert tried.next_at is not None
    told = ReturnCallPromised(
        contact_id=contact("a"), epoch=epoch - 1, at=room.time(), queue="bostad", call_at=tried.next_at
    )
    await room.casework.follow_routing.run([told])
    room.time.now = tried.next_at
    await room.casework.follow_routing.run([room.accepted("a", epoch=epoch, channel=Channel.PHONE)])


def local(moment: datetime | None) -> str:
    return f"{stockholm(moment):%d %H.%M}" if moment else ""


async def test_three_tries_over_the_day_then_an_sms_and_the_case_rests_until_the_next_working_day(
    room: Room, router: DeafRouter
):
    await room.run("UPDATE casework.entrances SET sms_sender = 'AFA' WHERE id = 'bostad-nummer'")
    number = await promised(room)
    first = await room.casework.try_again.run(number, MARIA)
    assert (first.number, local(first.next_at)) == (1, "25 12.30")
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.agent_id) == (CaseState.OPEN, None)
    assert case.measures.calling is not None
    assert case.measures.calling.waits_until == first.next_at
    await taken_again(room, first, 5)
    second = await room.casework.try_again.run(number, MARIA)
    assert (second.number, local(second.next_at)) == (2, "25 14.45")
    await taken_again(room, second, 7)
    third = await room.casework.try_again.run(number, MARIA)
    assert third == Tried(3, None, told=True)
    assert [(what, epoch, local(at)) for what, _, epoch, at in router.doings] == [
        ("return_call", 3, "25 12.30"),
        ("return_call", 5, "25 14.45"),
    ]
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.agent_id, local(case.parked_until)) == (CaseState.PARKED, MARIA.id, "26 09.00")
    assert [(one.number, local(one.next_at)) for one in case.measures.tries] == [
        (1, "25 12.30"),
        (2, "25 14.45"),
        (3, ""),
    ]
    [sms] = await room.rows("SELECT recipient, sender, body FROM casework.sms_out")
    assert (sms["recipient"], sms["sender"]) == (MOBILE, "AFA")
    assert number in sms["body"]
    assert "Olle" not in sms["body"]
    told = [one["value"] for one in await room.events("return_call.tried.v1")]
    assert [(one["try_number"], bool(one["next_at"])) for one in told] == [(1, True), (2, True), (3, False)]
    history = await room.rows("SELECT what FROM casework.case_history ORDER BY id")
    assert [row["what"] for row in history] == ["call_tried", "call_tried", "call_tried", "park"]
    [parked] = [one["value"] for one in await room.events("case.parked.v1")]
    assert parked["epoch"] == 7


async def test_the_sms_after_the_third_try_is_in_the_language_of_the_citizen(room: Room, router: DeafRouter):
    await room.run("UPDATE casework.entrances SET sms_sender = 'AFA' WHERE id = 'bostad-nummer'")
    number, epoch = await promised(room), 3
    await room.run("UPDATE casework.contacts SET language = 'en'")
    while (tried := await room.casework.try_again.run(number, MARIA)).next_at:
        epoch += 2
        await taken_again(room, tried, epoch)
    [sms] = await room.rows("SELECT body FROM casework.sms_out")
    assert sms["body"].startswith(f"We have called you 3 times without reaching you. We still have your case {number}.")


async def test_pressed_twice_or_with_the_router_away_it_is_one_try(room: Room, router: DeafRouter):
    number = await promised(room)
    router.away = True
    for _ in range(2):
        with pytest.raises(ConflictError):
            await room.casework.try_again.run(number, MARIA)
    room.time.move(minutes=2)
    router.away = False
    again = await room.casework.try_again.run(number, MARIA)
    assert (again.number, local(again.next_at)) == (1, "25 12.30")
    with pytest.raises(ConflictError):
        await room.casework.try_again.run(number, MARIA)
    assert len(await room.events("return_call.tried.v1")) == 1
    assert len(await room.rows("SELECT id FROM casework.call_tries")) == 1


@pytest.mark.parametrize(("sender", "phone"), [("", MOBILE), ("AFA", "+46846500410"), ("AFA", None)])
async def test_without_a_sender_or_a_mobile_nothing_is_sent_and_the_case_rests_all_the_same(
    room: Room, router: DeafRouter, sender: str, phone: Any
):
    await room.run(f"UPDATE casework.entrances SET sms_sender = '{sender}' WHERE id = 'bostad-nummer'")  # noqa: S608 - ours
    number, epoch = await promised(room, phone), 3
    while (tried := await room.casework.try_again.run(number, MARIA)).next_at:
        epoch += 2
        await taken_again(room, tried, epoch)
    assert tried.told is False
    assert await room.rows("SELECT id FROM casework.sms_out") == []
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.PARKED


async def test_late_in_the_day_it_is_tried_on_the_next_working_morning(room: Room, router: DeafRouter):
    number = await promised(room)
    room.time.now = datetime(2026, 11, 27, 15, 45, tzinfo=UTC)
    tried = await room.casework.try_again.run(number, MARIA)
    assert local(tried.next_at) == "30 08.00"


async def test_the_hours_are_those_of_the_cases_unit(room: Room, router: DeafRouter):
    hours = '{"opens": "08:00", "closes": "12:00"}'
    await room.run(f"INSERT INTO casework.unit_terms (unit, calendar) VALUES ('bostadsbolag', '{hours}')")  # noqa: S608 - ours
    number = await promised(room)
    tried = await room.casework.try_again.run(number, MARIA)
    assert local(tried.next_at) == "25 10.45"


async def test_only_a_call_that_we_make_can_be_unanswered_and_only_by_her_who_has_it(room: Room, router: DeafRouter):
    mail = await room.open("m")
    with pytest.raises(NoReturnCallError):
        await room.casework.try_again.run(mail, MARIA)
    number = await promised(room)
    with pytest.raises(ConflictError):
        await room.casework.try_again.run(number, JONAS)
    assert await room.events("return_call.tried.v1") == []


async def test_a_return_call_that_is_taken_has_a_life_of_its_own(room: Room, router: DeafRouter):
    number = await promised(room)
    hung_up = room.time() - timedelta(minutes=5)
    await room.casework.follow_contacts.run(
        [ContactEnded(contact_id=contact("a"), ended_at=hung_up, reason="hangup", talk_seconds=200)]
    )
    case = await room.casework.read_case.run(number, MARIA)
    calling = case.measures.calling
    assert calling is not None
    assert (calling.number, calling.most, local(calling.next_at), calling.waits_until) == (1, 3, "25 12.30", None)
    room.time.move(seconds=90)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    [told] = [one["value"] for one in await room.events("case.closed.v1")]
    assert (told["handling_seconds"], told["talk_seconds"], told["first_contact"]) == (90.0, 90.0, True)


async def test_a_call_that_nobody_answered_at_first_was_no_first_contact_resolution(room: Room, router: DeafRouter):
    number = await promised(room)
    await taken_again(room, await room.casework.try_again.run(number, MARIA), 5)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    [told] = [one["value"] for one in await room.events("case.closed.v1")]
    assert told["first_contact_wide"] is False
