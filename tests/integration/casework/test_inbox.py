"""The officers' inbox on a real database: whose it is, in which order, what is not delivered, and who stands in."""

import pytest

from services.casework.usecases.views import InboxRow
from tests.support.casework import LENA, PER, Room
from tests.support.handing import EVA, LINA, handed, hire

pytestmark = pytest.mark.integration


def ids(rows: tuple[InboxRow, ...]) -> list[str]:
    return [row.handover.id for row in rows]


async def test_what_is_due_first_stands_first_and_each_group_has_its_own(room: Room):
    first, second, third, fourth = [(await handed(room, name))[1] for name in ("a", "b", "c", "d")]
    async with room.casework.read_inbox.uow.begin() as work:
        await work.handovers.change(second, acknowledge_by=room.time())
    await room.casework.ask_citizen.run(third, PER, PER.name, "Vilken lägenhet?")
    await room.casework.acknowledge.run(fourth, PER, PER.name)
    inbox = await room.casework.read_inbox.run(PER)
    assert (ids(inbox.waiting), ids(inbox.working), ids(inbox.paused)) == ([second, first], [fourth], [third])
    assert inbox.counts == {"unit": 4, "mine": 2, "unclaimed": 2}
    assert (await room.casework.read_inbox.run(LENA)).counts == {"unit": 0, "mine": 0, "unclaimed": 0}


async def test_mine_is_what_i_received_or_was_given_and_what_i_stand_in_for(room: Room):
    await hire(room, EVA, LINA)
    received, given, hers, nobodys = [(await handed(room, name))[1] for name in ("a", "b", "c", "d")]
    await room.casework.acknowledge.run(received, EVA, EVA.name)
    await room.casework.assign.run(given, PER, PER.name, EVA.id)
    await room.casework.assign.run(hers, PER, PER.name, LINA.id)
    mine = await room.casework.read_inbox.run(EVA, show="mine")
    assert ids(mine.working) == [received, given]
    until = room.time().replace(hour=16)
    await room.casework.set_away.run(LINA, until, EVA.id)
    mine = await room.casework.read_inbox.run(EVA, show="mine")
    assert ids(mine.working) == [received, given, hers]
    [away] = [one for one in await room.casework.read_colleagues.run("bostadsbolag") if one.id == LINA.id]
    assert (away.away_until, away.substitute) == (until, EVA.name)
    room.time.move(hours=10)
    assert ids((await room.casework.read_inbox.run(EVA, show="mine")).working) == [received, given]
    assert ids((await room.casework.read_inbox.run(EVA, show="unclaimed")).waiting) == [nobodys]


async def test_what_is_delivered_later_is_not_there_yet(room: Room):
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bostadsbolag', ARRAY['13:00'])")
    _, later = await handed(room)
    assert not (await room.casework.read_inbox.run(PER)).waiting
    room.time.move(hours=4)
    await room.casework.deliver_handovers.run()
    assert ids((await room.casework.read_inbox.run(PER)).waiting) == [later]


async def test_words_are_sought_in_number_names_and_the_units_own_number(room: Room):
    number, one = await handed(room, "a")
    await handed(room, "b", subject="Läcka i köket")
    await room.casework.progress.run(one, PER, PER.name, external_ref="FA-2290")
    for words in (number, "fa-2290", "OLLE kallt " + number[-3:]):
        inbox = await room.casework.read_inbox.run(PER, text=words)
        assert ids((*inbox.waiting, *inbox.working)) == [one], words
    assert not (await room.casework.read_inbox.run(PER, text="100%")).waiting


async def test_a_list_does_not_say_who_has_a_protected_identity(room: Room):
    await handed(room)
    await room.run("UPDATE casework.cases SET protected = true")
    [row] = (await room.casework.read_inbox.run(PER)).waiting
    assert row.protected
