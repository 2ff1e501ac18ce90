"""Two at the same moment, on the real database: one wins, the other is told what happened, nothing is done twice."""

import asyncio
from datetime import timedelta

import pytest

from services.casework.domain.case import WrongStateError
from services.casework.domain.handover import HandoverOverError, HandoverStateError
from shared.vocabulary import CaseState
from tests.support.casework import MARIA, PER, Room
from tests.support.handing import LINA, at_once, handed, hire, mails, seen, walked

pytestmark = pytest.mark.integration

ROUNDS = 6
"""Whoever comes first is chance: a race that is lost once in so many shows itself here sooner or later."""


async def test_two_parallel_hand_overs_of_one_request_are_one(room: Room):
    """A neighbour product made a duplicate and answered 500 (reference/products.md 2.1)."""
    for index in range(ROUNDS):
        number = await walked(room, f"a{index}")
        made = await at_once(
            *(room.casework.hand_over.run(number, MARIA, request_id="same", message="Kan ni?") for _ in range(4))
        )
        assert len({one.id for one in made}) == 1, made
    counted = len(await mails(room, "handover")), len(await room.events("case.handed_over.v1"))
    assert counted == (ROUNDS, ROUNDS)
    assert len(await mails(room, "notice")) == ROUNDS


async def test_two_hand_overs_of_two_requests_one_wins_and_the_other_is_told(room: Room):
    for index in range(ROUNDS):
        number = await walked(room, f"a{index}")
        made = await at_once(
            room.casework.hand_over.run(number, MARIA, request_id="one"),
            room.casework.hand_over.run(number, MARIA, request_id="two", to="bygg-och-plan"),
        )
        lost = [one for one in made if isinstance(one, WrongStateError)]
        assert len(lost) == 1, made
        case, _ = await seen(room, number)
        assert len(case.handovers) == 1


async def test_the_same_request_after_a_return_is_still_the_same_and_a_new_one_goes_to_the_same_unit(room: Room):
    """A neighbour product keys on source and target: after a return the old result came back (domain.md 2.7)."""
    number, one = await handed(room)
    await room.casework.send_back.run(one, PER, "Per Dahl", "Adress saknas")
    assert (await room.casework.hand_over.run(number, MARIA, request_id="r-a")).id == one
    again = await room.casework.hand_over.run(number, MARIA, request_id="second")
    assert again.id != one
    case, now = await seen(room, number)
    assert (now.unit, now.state, case.state) == ("bostadsbolag", "sent", CaseState.HANDED_OVER)
    assert len(await mails(room, "handover")) == 2


async def test_one_answers_and_one_sends_back_one_wins_and_the_other_hears_who_did_what(room: Room):
    await hire(room, LINA)
    winners = set()
    for index in range(ROUNDS):
        number, one = await handed(room, f"a{index}")
        deeds = [
            room.casework.answer.run(one, LINA, "Lina Ek", "Klart"),
            room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt"),
        ]
        done = await at_once(*(deeds if index % 2 else reversed(deeds)))
        [lost] = [error for error in done if error is not None]
        assert isinstance(lost, HandoverOverError), lost
        case, now = await seen(room, number)
        said = lost.detail.format(**lost.params)
        if now.state == "answered":
            assert (case.state, said) == (CaseState.CLOSED, "Lina Ek svarade redan kl. 10.00.")
        else:
            assert (case.state, said) == (CaseState.OPEN, "Per Dahl skickade tillbaka den redan kl. 10.00.")
        winners.add(now.state)
    ended = await room.events("handover.answered.v1") + await room.events("handover.returned.v1")
    assert len(ended) == ROUNDS


async def test_one_acknowledges_and_one_sends_back_both_are_heard_in_some_order(room: Room):
    await hire(room, LINA)
    for index in range(ROUNDS):
        number, one = await handed(room, f"a{index}")
        done = await at_once(
            room.casework.acknowledge.run(one, LINA, "Lina Ek"),
            room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt"),
        )
        assert done[1] is None
        assert done[0] is None or isinstance(done[0], HandoverOverError)
        case, now = await seen(room, number)
        assert (case.state, now.state) == (CaseState.OPEN, "returned")


async def test_received_and_taken_back_at_once_one_of_them_holds(room: Room):
    for index in range(ROUNDS):
        number, one = await handed(room, f"a{index}")
        received, withdrawn = await at_once(
            room.casework.acknowledge.run(one, PER, "Per Dahl"), room.casework.withdraw.run(one, MARIA, "Ångrar mig")
        )
        _, now = await seen(room, number)
        if now.state == "withdrawn":
            assert isinstance(received, HandoverOverError)
        else:
            assert (now.state, type(withdrawn)) == ("acknowledged", HandoverStateError)


async def test_passed_on_twice_at_once_it_ends_with_one_unit(room: Room):
    for index in range(ROUNDS):
        number, one = await handed(room, f"a{index}")
        done = await at_once(
            room.casework.reassign.run(one, PER, "bygg-och-plan", "Ert", "Per Dahl"),
            room.casework.reassign.run(one, PER, "gata-och-park", "Ert", "Per Dahl"),
        )
        lost = [error for error in done if error is not None]
        assert [type(error).__name__ for error in lost] == ["NotReceiverError"], "it is no longer his unit's"
        _, now = await seen(room, number)
        assert now.unit in {"bygg-och-plan", "gata-och-park"}


async def test_delivered_and_taken_back_at_once_nothing_waits_for_ever(room: Room):
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bostadsbolag', ARRAY['13:00'])")
    ids = [await handed(room, f"a{index}") for index in range(ROUNDS)]
    room.time.move(hours=3)
    deeds = [room.casework.withdraw.run(one, MARIA, "Ångrar mig") for _, one in ids]
    async with asyncio.timeout(30):
        done = await at_once(room.casework.deliver_handovers.run(), *deeds, room.casework.deliver_handovers.run())
    assert not [error for error in done if isinstance(error, BaseException)], done
    states = [(await seen(room, number))[1].state for number, _ in ids]
    assert set(states) == {"withdrawn"}, "delivered first or not, nobody had received it"


async def test_the_citizen_writes_while_the_officer_resumes_the_clock_runs_on_once(room: Room):
    for index in range(ROUNDS):
        number, one = await handed(room, f"a{index}")
        case, _ = await seen(room, number)
        await room.casework.ask_citizen.run(one, PER, "Per Dahl", "Vilket rum?")
        room.time.move(minutes=30)
        await at_once(
            room.casework.resume.run(one, PER, "Per Dahl"),
            room.casework.follow_contacts.run([room.followed(f"b{index}", case.id, text="Sovrummet")]),
        )
        _, now = await seen(room, number)
        assert now.paused_at is None
        [row] = await room.rows("SELECT paused_seconds FROM casework.handovers WHERE id = :id", id=one)
        assert row["paused_seconds"] == timedelta(minutes=30).total_seconds()
    assert len(await room.events("handover.resumed.v1")) == ROUNDS
