"""A contact goes from agent to agent, to a later time, or is asked about: by the router's facts and at the desk."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.casework.usecases.consult import AskColleague, EndQuestion, TransferToColleague
from services.casework.usecases.pass_on import InviteOfficer, PassOn, PromiseReturnCall
from shared.errors import ConflictError, NotFoundError
from shared.events import (
    ContactAbandoned,
    ContactCompleted,
    ContactConferenced,
    ContactHeld,
    ContactRequeued,
    ContactResumed,
    ContactTransferred,
    Event,
    ReturnCallPromised,
    WrapUpStarted,
)
from shared.vocabulary import Channel, Role, WorkKind, WrapUpMode
from shared.web.access import Person
from tests.support.casework import MARIA, Room, contact
from tests.support.desk import FakeRouter

pytestmark = pytest.mark.integration
JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))


def fact(kind: type[Event], name: str = "a", epoch: int = 1, **facts: Any) -> Event:
    """A fact of the router about a contact."""
    return kind(**{"contact_id": contact(name), "epoch": epoch, **facts})


@pytest.fixture
def router(room: Room) -> FakeRouter:
    """A router that says yes, known to every use case that asks one."""
    made = FakeRouter()
    uow, clock = room.casework.accept_offer.uow, room.time
    room.casework = replace(
        room.casework,
        accept_offer=replace(room.casework.accept_offer, router=made),  # type: ignore[arg-type] # the part it uses
        pass_on=PassOn(uow, made, clock),  # type: ignore[arg-type] # the part it uses
        promise_return_call=PromiseReturnCall(uow, made, clock),  # type: ignore[arg-type] # the part it uses
        invite_officer=InviteOfficer(uow, made),  # type: ignore[arg-type] # the part it uses
        ask_colleague=AskColleague(uow, made, clock),  # type: ignore[arg-type] # the part it uses
        transfer_to_colleague=TransferToColleague(uow, made, clock),  # type: ignore[arg-type] # the part it uses
        end_question=EndQuestion(uow, made, clock),  # type: ignore[arg-type] # the part it uses
    )
    return made


async def holder(room: Room, number: str) -> tuple[str | None, str | None]:
    case = await room.casework.read_case.run(number, MARIA)
    return case.agent_id, case.contact.agent_id


async def test_a_transferred_contact_is_its_new_agents_however_often_that_is_told(room: Room):
    number = await room.open("a")
    moved = fact(ContactTransferred, at=room.time(), agent_id=JONAS.id, from_agent=MARIA.id)
    for _ in range(2):
        await room.casework.follow_routing.run([room.accepted("a"), moved])
        assert await holder(room, number) == (JONAS.id, JONAS.id)
    assert [case.number for case in (await room.casework.read_desk.run(JONAS.id)).cases] == [number]
    assert not (await room.casework.read_desk.run(MARIA.id)).cases
    case = await room.casework.read_case.run(number, MARIA)
    assert [(move.what, move.to) for move in case.moves] == [("transferred", "Jonas Berg")]


async def test_a_transfer_that_is_history_changes_nothing(room: Room):
    number = await room.open("a")
    await room.casework.follow_routing.run([room.accepted("a", epoch=5)])
    old = fact(ContactTransferred, epoch=3, at=room.time(), agent_id=JONAS.id, from_agent=MARIA.id)
    await room.casework.follow_routing.run([old])
    assert await holder(room, number) == (MARIA.id, MARIA.id)


async def test_a_promised_return_call_waits_for_nobody_until_it_is_taken(room: Room):
    number = await room.open("a", channel=Channel.PHONE)
    call_at = room.time() + timedelta(hours=3)
    promised = fact(ReturnCallPromised, epoch=2, at=room.time(), queue="bostad", call_at=call_at)
    for _ in range(2):
        await room.casework.follow_routing.run([promised])
    assert await holder(room, number) == (None, None)
    case = await room.casework.read_case.run(number, MARIA)
    assert case.contact.kind == WorkKind.RETURN_CALL
    assert [(move.what, move.call_at) for move in case.moves] == [("return_call", call_at)]
    await room.casework.follow_routing.run([room.accepted("a", epoch=3, agent=JONAS.id), promised])
    assert await holder(room, number) == (JONAS.id, JONAS.id)


async def test_a_held_mail_and_its_way_are_on_the_timeline_once(room: Room):
    number = await room.open("a")
    held = fact(ContactHeld, at=room.time(), agent_id=MARIA.id)
    room.time.move(minutes=4)
    resumed = fact(ContactResumed, at=room.time(), agent_id=MARIA.id, held_seconds=240)
    officer = fact(ContactConferenced, at=room.time(), agent_id=MARIA.id, officer_id="officer-per-dahl")
    back = fact(ContactRequeued, epoch=2, at=room.time() + timedelta(seconds=1), queue="bostadsbolag", reason="x")
    for batch in ([held], [held, resumed], [officer, back, held]):
        await room.casework.follow_routing.run(batch)
    case = await room.casework.read_case.run(number, MARIA)
    assert sorted(move.what for move in case.moves) == ["conferenced", "held", "requeued", "resumed"]
    assert "Per Dahl" in [move.to for move in case.moves]


async def test_a_contact_is_done_when_its_after_work_begins(room: Room):
    number = await room.open("a")
    begun = room.time()
    wrapping = fact(
        WrapUpStarted, at=begun, agent_id=MARIA.id, mode=WrapUpMode.TIMED, until=begun + timedelta(seconds=30)
    )
    await room.casework.follow_routing.run([wrapping])
    room.time.move(seconds=30)
    over = fact(ContactCompleted, at=room.time(), agent_id=MARIA.id, channel=Channel.EMAIL, talk_seconds=61)
    await room.casework.follow_routing.run([over, room.accepted("a")])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.contact.done_at == begun
    assert [row["talk_seconds"] for row in await room.rows("SELECT talk_seconds FROM casework.contacts")] == [61]


@pytest.mark.parametrize("by_desk", [True, False])
async def test_a_colleagues_question_opens_no_case_and_shows_the_one_it_is_about(
    room: Room, router: FakeRouter, *, by_desk: bool
):
    number = await room.open("a")
    await room.casework.ask_colleague.run(number, MARIA, JONAS.id)
    question = f"{contact('a')}~1~{JONAS.id}"
    assert router.doings == [("consult", contact("a"), 1, JONAS.id)]
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.state, one.agent_name) for one in case.questions] == [("asked", "Jonas Berg")]
    taken = room.accepted("a", agent=JONAS.id).model_copy(update={"contact_id": question})
    if by_desk:
        router.offers["o"] = {"contact_id": question}
        offer = {"offer_id": "o", "epoch": 1, "contact_id": question, "channel": "email", "entrance": "bostad-mejl"}
        asked = {"kind": "consult", "about": contact("a"), "unit": "bostadsbolag", "queue": "bostad"}
        assert await room.casework.accept_offer.run(JONAS.id, offer | asked) == number
    await room.casework.follow_routing.run([taken])
    assert len(await room.rows("SELECT 1 FROM casework.cases")) == 1
    assert await holder(room, number) == (MARIA.id, MARIA.id)
    assert [(row.number, row.asked, row.live) for row in (await room.casework.read_desk.run(JONAS.id)).cases] == [
        (number, True, True)
    ]
    assert [one.state for one in (await room.casework.read_case.run(number, MARIA)).questions] == ["answered"]


async def test_a_question_that_nobody_here_asked_opens_no_case_either(room: Room):
    number = await room.open("a")
    question = f"{contact('a')}~1~{JONAS.id}"
    taken = room.accepted("a", agent=JONAS.id).model_copy(update={"contact_id": question})
    await room.casework.follow_routing.run([taken, taken])
    assert len(await room.rows("SELECT 1 FROM casework.cases")) == 1
    assert [row.number for row in (await room.casework.read_desk.run(JONAS.id)).cases] == [number]


async def test_the_colleague_who_said_yes_gets_the_contact(room: Room, router: FakeRouter):
    number = await room.open("a")
    await room.casework.ask_colleague.run(number, MARIA, JONAS.id)
    with pytest.raises(ConflictError):
        await room.casework.transfer_to_colleague.run(number, MARIA)
    question = f"{contact('a')}~1~{JONAS.id}"
    await room.casework.follow_routing.run(
        [room.accepted("a", agent=JONAS.id).model_copy(update={"contact_id": question})]
    )
    await room.casework.transfer_to_colleague.run(number, MARIA)
    assert router.doings[-1] == ("transfer", contact("a"), 1, question)
    assert await holder(room, number) == (JONAS.id, JONAS.id)
    assert [row.asked for row in (await room.casework.read_desk.run(JONAS.id)).cases] == [False]


async def test_a_question_is_refused_or_ended_and_the_contact_stays(room: Room, router: FakeRouter):
    number = await room.open("a")
    question = f"{contact('a')}~1~{JONAS.id}"
    await room.casework.ask_colleague.run(number, MARIA, JONAS.id)
    taken = room.accepted("a", agent=JONAS.id).model_copy(update={"contact_id": question})
    await room.casework.follow_routing.run([taken])
    await room.casework.end_question.run(number, JONAS)
    assert router.completed == [question]
    with pytest.raises(NotFoundError):
        await room.casework.end_question.run(number, JONAS)
    gone = ContactAbandoned(
        contact_id=question, epoch=2, at=room.time(), channel=Channel.EMAIL, queue="bostad", waited_seconds=30
    )
    await room.casework.follow_routing.run([gone])
    assert [one.state for one in (await room.casework.read_case.run(number, MARIA)).questions] == ["refused"]
    assert await holder(room, number) == (MARIA.id, MARIA.id)


async def test_a_contact_is_passed_on_or_called_later_and_leaves_the_desk_at_once(room: Room, router: FakeRouter):
    number = await room.open("a")
    await room.casework.pass_on.run(number, MARIA, queue="bostadsbolag")
    assert router.doings == [("requeue", contact("a"), 1, "bostadsbolag")]
    assert await holder(room, number) == (None, None)
    with pytest.raises(ConflictError):
        await room.casework.pass_on.run(number, MARIA, to_agent=JONAS.id)
    await room.casework.follow_routing.run([room.accepted("a", epoch=3)])
    await room.casework.promise_return_call.run(number, MARIA, None)
    assert router.doings[1:] == [("return_call", contact("a"), 3, None)]
    assert await holder(room, number) == (None, None)


async def test_an_officer_is_asked_into_a_call_that_one_holds(room: Room, router: FakeRouter):
    number = await room.open("a")
    await room.casework.invite_officer.run(number, MARIA, "officer-per-dahl")
    assert router.doings == [("conference", contact("a"), 1, "officer-per-dahl")]
    with pytest.raises(ConflictError):
        await room.casework.invite_officer.run(number, JONAS, "officer-per-dahl")
