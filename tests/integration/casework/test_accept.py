"""The desk takes an offer, on the real database, with a hand-made router that says yes or no."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.casework.domain.case import case_id_of
from services.casework.usecases.accept_offer import AcceptOffer
from services.casework.usecases.finish_contact import FinishContact
from shared.errors import ConflictError
from shared.vocabulary import CaseState, Channel
from tests.support.casework import COLD, MARIA, Room, contact

pytestmark = pytest.mark.integration


class Router:
    """Accepts an offer once per epoch, as the router does; notes what is completed."""

    def __init__(self) -> None:
        self.gone = False
        self.completed: list[tuple[str, int]] = []

    async def accept(self, offer_id: str, epoch: int) -> dict[str, Any]:
        if self.gone:
            raise ConflictError
        return {"contact_id": contact(offer_id), "epoch": epoch}

    async def complete(self, contact_id: str, epoch: int, _case_type: str | None) -> None:
        if self.gone:
            raise ConflictError
        self.completed.append((contact_id, epoch))


def _offer(name: str, channel: str = "phone", epoch: int = 1) -> dict[str, Any]:
    candidate = {
        "case_type": COLD,
        "unit": "bostadsbolag",
        "area": "Felanmälan",
        "question": "Kallt?",
        "confidence": 0.9,
    }
    return {
        "offer_id": name,
        "epoch": epoch,
        "contact_id": contact(name),
        "channel": channel,
        "entrance": "bostad-nummer",
        "unit": "bostadsbolag",
        "queue": "bostad",
        "priority": "normal",
        "waited_seconds": 38,
        "due_at": None,
        "candidates": [candidate],
        "checklist": {"id": "bostad-kallt", "version": 1},
    }


@pytest.fixture
def desk(room: Room) -> tuple[AcceptOffer, Router]:
    router = Router()
    return replace(room.casework.accept_offer, router=router), router  # type: ignore[arg-type] # the part it uses


async def test_a_call_is_there_at_once_though_contacts_and_routing_are_late(
    room: Room, desk: tuple[AcceptOffer, Router]
):
    accept, _ = desk
    number = await accept.run(MARIA.id, _offer("a"))
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.channel, case.case_type, case.agent_id, case.contact.epoch) == (Channel.PHONE, COLD, MARIA.id, 1)
    assert case.greeting.startswith("Välkommen till ÅFA, du pratar med Maria")
    assert case.checklist is not None
    assert case.contact.waited_seconds == 38
    late = room.received("a", Channel.PHONE, entrance="bostad-nummer", person_key="2026:olle")
    await room.casework.follow_contacts.run([late])
    await room.casework.follow_routing.run(
        [room.routed("a", channel=Channel.PHONE), room.accepted("a", channel=Channel.PHONE)]
    )
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.contact.text, case.contact.queue) == ("Det är kallt hemma.", "bostad")
    assert len(await room.events("case.opened.v1")) == 1
    assert [row["person_key"] for row in await room.rows("SELECT person_key FROM casework.cases")] == ["2026:olle"]


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.EMAIL])
async def test_an_offer_brings_its_candidates_where_contacts_came_and_routing_is_late(
    room: Room, desk: tuple[AcceptOffer, Router], channel: Channel
):
    accept, _ = desk
    await room.casework.follow_contacts.run([room.received("a", channel)])
    number = await accept.run(MARIA.id, _offer("a", channel.value))
    case = await room.casework.read_case.run(number, MARIA)
    assert ([one.case_type for one in case.candidates], case.case_type) == ([COLD], COLD)
    assert case.checklist is not None
    assert case.contact.text == "Det är kallt hemma."


async def test_accepting_twice_at_once_with_the_consumer_is_one_case(room: Room, desk: tuple[AcceptOffer, Router]):
    accept, _ = desk
    await room.casework.follow_contacts.run([room.received("a", Channel.PHONE)])
    numbers = await asyncio.gather(
        accept.run(MARIA.id, _offer("a")),
        room.casework.follow_routing.run(
            [room.routed("a", channel=Channel.PHONE), room.accepted("a", channel=Channel.PHONE)]
        ),
        accept.run(MARIA.id, _offer("a")),
    )
    assert numbers[0] == numbers[2] == await room.number("a") == "KC-2026-000001"
    assert len(await room.events("case.opened.v1")) == 1


async def test_an_offer_that_is_gone_opens_nothing(room: Room, desk: tuple[AcceptOffer, Router]):
    accept, router = desk
    router.gone = True
    with pytest.raises(ConflictError):
        await accept.run(MARIA.id, _offer("a"))
    assert not await room.rows("SELECT 1 FROM casework.cases")
    assert not await room.rows("SELECT 1 FROM casework.contacts")


async def test_a_mail_that_is_taken_keeps_the_case_it_opened(room: Room, desk: tuple[AcceptOffer, Router]):
    accept, _ = desk
    await room.casework.follow_contacts.run([room.received("a")])
    number = await accept.run(MARIA.id, _offer("a", "email"))
    assert number == await room.number("a") == "KC-2026-000001"
    await room.casework.follow_contacts.run([room.received("b")])
    assert await room.number("b") == "KC-2026-000002"


async def test_taking_a_follow_up_of_a_closed_case_brings_that_case(room: Room, desk: tuple[AcceptOffer, Router]):
    accept, _ = desk
    number = await room.open("a")
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")))])
    assert await accept.run(MARIA.id, _offer("b", "email")) == number
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.contact.id) == (CaseState.OPEN, contact("b"))


async def test_a_contact_of_a_handed_over_case_is_finished_without_touching_the_case(
    room: Room, desk: tuple[AcceptOffer, Router]
):
    accept, router = desk
    finish = FinishContact(room.casework.accept_offer.uow, router, room.time)  # type: ignore[arg-type] # the part it uses
    number = await room.open("a")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")))])
    await accept.run(MARIA.id, _offer("b", "email", epoch=4))
    await finish.run(number, MARIA)
    assert router.completed == [(contact("b"), 4)]
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.HANDED_OVER
    assert not (await room.casework.read_desk.run(MARIA.id)).cases
    with pytest.raises(ConflictError):
        await finish.run(number, MARIA)


async def test_a_follow_up_that_was_taken_before_anybody_knew_it_keeps_the_case_it_got(
    room: Room, desk: tuple[AcceptOffer, Router]
):
    accept, _ = desk
    old = await room.open("a")
    fresh = await accept.run(MARIA.id, _offer("b", "email"))
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")))])
    assert fresh != old
    assert [len((await room.casework.read_case.run(one, MARIA)).contacts) for one in (old, fresh)] == [1, 1]
