"""Random sequences of deeds on the real database: what the table allows is done, what not changes nothing."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.casework.domain.case import TRANSITIONS, WHEN_MERGED, Deed
from services.casework.usecases.people import About
from shared.errors import DomainError
from shared.vocabulary import CaseState, LinkKind, PersonRole, Resolution
from tests.support.casework import COLD, MARIA, NO_CHECKLIST, PER, Room

pytestmark = [pytest.mark.integration, pytest.mark.timeout(280)]

STEPS = 110
DEEDS = (
    *(Deed.CLASSIFY, Deed.NOTE, Deed.REPLY, Deed.CLOSE, Deed.HAND_OVER, Deed.PARK, Deed.REMIND, Deed.FOLLOW_UP),
    *(Deed.ANSWER, Deed.REOPEN, Deed.LINK, Deed.PEOPLE, Deed.SPLIT, Deed.MERGE, Deed.UNMERGE),
)


@dataclass(slots=True)
class Known:
    """What the model knows of a case."""

    number: str
    id: str
    state: CaseState = CaseState.OPEN
    into: "Known | None" = None
    was: CaseState = CaseState.OPEN
    """Before it became part of another."""

    @property
    def goes_on(self) -> "Known":
        return self.into.goes_on if self.into else self


@dataclass(slots=True)
class Model:
    """The cases as the table says they must be."""

    room: Room
    chance: random.Random
    cases: list[Known] = field(default_factory=list)
    turn: int = 0

    async def open(self) -> None:
        name = f"own-{len(self.cases)}"
        await self.know(await self.room.open(name, NO_CHECKLIST))

    async def know(self, number: str) -> Known:
        case = await self.room.casework.read_case.run(number, MARIA)
        self.cases.append(Known(number, case.id))
        return self.cases[-1]

    def allowed(self, case: Known, deed: Deed) -> bool:
        if case.into is not None:
            return deed in WHEN_MERGED
        return (case.state, deed) in TRANSITIONS

    async def do(self, case: Known, deed: Deed) -> bool:
        """Do it; whether the table says that it can be done."""
        if deed in {Deed.LINK, Deed.MERGE, Deed.SPLIT, Deed.ANSWER, Deed.FOLLOW_UP, Deed.REMIND}:
            return await self.do_with_others(case, deed)
        house, number, key = self.room.casework, case.number, f"turn-{self.turn}"
        allowed = self.allowed(case, deed)
        kind = self.chance.choice((COLD, NO_CHECKLIST))
        ends = self.chance.choice((Resolution.SOLVED, Resolution.REFERRED, Resolution.SELF_SERVICE))
        until = self.room.time() + timedelta(hours=1)
        doings: dict[Deed, Callable[[], Awaitable[object]]] = {
            Deed.CLASSIFY: lambda: house.classify.run(number, MARIA, kind),
            Deed.NOTE: lambda: house.add_note.run(number, MARIA, "Noterat", key),
            Deed.REPLY: lambda: house.reply.run(number, MARIA, "Hej", key),
            Deed.CLOSE: lambda: house.close.run(number, MARIA, resolution=ends),
            Deed.HAND_OVER: lambda: house.hand_over.run(number, MARIA, request_id=key, to="bostadsbolag"),
            Deed.PARK: lambda: house.deeds.park.run(number, MARIA, until=until),
            Deed.REOPEN: lambda: house.reopen.run(number, MARIA),
            Deed.PEOPLE: lambda: house.deeds.add_person.run(number, MARIA, About(PersonRole.CITIZEN, name="N"), key),
            Deed.UNMERGE: lambda: house.deeds.unmerge.run(number, MARIA),
        }
        await doings[deed]()
        if allowed and not (deed is Deed.CLOSE and case.state is CaseState.CLOSED):
            self.lead(case, deed)
        return allowed or (deed is Deed.CLOSE and case.state is CaseState.CLOSED)  # the same close again is nothing

    async def do_with_others(self, case: Known, deed: Deed) -> bool:
        house, number, key = self.room.casework, case.number, f"turn-{self.turn}"
        allowed = self.allowed(case, deed)
        if deed in {Deed.LINK, Deed.MERGE}:
            other = self.chance.choice([one for one in self.cases if one is not case])
            return await (self.link(case, other) if deed is Deed.LINK else self.merge(case, other))
        if deed is Deed.SPLIT:
            shown = await house.read_case.run(number, MARIA)
            await self.know(await house.deeds.split.run(number, MARIA, self.chance.choice(shown.contacts).id, key))
        elif deed is Deed.ANSWER:
            held = (await house.read_case.run(number, MARIA)).handover
            assert held is not None
            await house.answer.run(held.id, PER, "Per Dahl", "Det är lagat")
            self.lead(case, deed)
        elif deed is Deed.FOLLOW_UP:
            await house.follow_contacts.run([self.room.followed(key, case.id)])
            self.lead(case.goes_on, deed)
            return True
        else:
            self.room.time.move(hours=2)
            await house.deeds.wake.run()
            for one in self.cases:
                one.state = CaseState.OPEN if one.state is CaseState.PARKED else one.state
            return True
        return allowed

    async def link(self, case: Known, other: Known) -> bool:
        await self.room.casework.deeds.link.run(case.number, other.number, LinkKind.RELATED, MARIA)
        return self.allowed(case, Deed.LINK)

    async def merge(self, case: Known, other: Known) -> bool:
        allowed = self.allowed(case, Deed.MERGE) and self.allowed(other, Deed.ABSORB)
        await self.room.casework.deeds.merge.run(case.number, other.number, MARIA)
        if case.into is other:
            return True  # merged again: nothing new
        case.was, case.into, case.state = case.state, other, CaseState.CLOSED
        return allowed

    def lead(self, case: Known, deed: Deed) -> None:
        if deed is Deed.UNMERGE:
            case.into, case.state = None, CaseState.CLOSED if case.was is CaseState.CLOSED else CaseState.OPEN
        else:
            case.state = TRANSITIONS[case.state, deed]

    async def written(self) -> list[object]:
        """What must not change when a deed is refused."""
        tables = ("outbox", "case_history", "notes", "messages", "contacts", "mails_out", "case_links", "case_people")
        counted = " UNION ALL ".join(f"SELECT count(*) AS n FROM casework.{table}" for table in tables)  # noqa: S608 - our tables
        versions = await self.room.rows("SELECT number, state, version FROM casework.cases ORDER BY number")
        return [await self.room.rows(counted), versions]

    async def check(self) -> None:
        """The database says what the model says; no contact is lost, and each is in a case that goes on."""
        rows = {
            row["number"]: row for row in await self.room.rows("SELECT number, state, merged_into FROM casework.cases")
        }
        assert len(rows) == len(self.cases)
        for one in self.cases:
            assert rows[one.number]["state"] == one.state, one
            assert rows[one.number]["merged_into"] == (one.into.id if one.into else None), one
        lost = await self.room.rows(
            "SELECT c.id FROM casework.contacts AS c LEFT JOIN casework.cases AS k ON k.id = c.case_id "
            "WHERE k.id IS NULL OR k.merged_into IS NOT NULL"
        )
        assert not lost


async def refusal(model: Model, case: Known, deed: Deed) -> DomainError | None:
    """Do a deed as the table says: the reason when it is refused."""
    try:
        assert await model.do(case, deed), (model.turn, case, deed)
    except DomainError as error:
        return error
    return None


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
async def test_every_sequence_of_deeds_goes_by_the_table(room: Room, seed: int):
    model = Model(room, random.Random(seed))
    for _ in range(3):
        await model.open()
    refused = 0
    for model.turn in range(STEPS):
        case, deed = model.chance.choice(model.cases), model.chance.choice(DEEDS)
        if deed is Deed.ANSWER and case.state is not CaseState.HANDED_OVER:
            continue
        if deed is Deed.SPLIT and len(model.cases) > 6:
            continue
        before = await model.written()
        room.time.move(seconds=7)
        error = await refusal(model, case, deed)
        if error is not None:
            refused += 1
            assert (error.status, bool(error.detail)) == (409, True), (model.turn, case, deed, error)
            assert await model.written() == before, (model.turn, case, deed)
        await model.check()
    assert refused > STEPS // 10
    numbers = [one.number for one in model.cases]
    assert len(set(numbers)) == len(numbers)
    ended = [one["value"]["case_number"] for one in await room.events("case.merged.v1")]
    assert set(ended) <= set(numbers)
