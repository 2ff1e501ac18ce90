"""Asking the team leader for help while the caller waits: she reads the case beside, and writes a line or takes over.

She takes nothing by force: what she offers to take over is given by the agent, by the doors that give a contact away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.casework.domain.case import Case
from services.casework.store.bell import HELP
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import guard, hidden, hold, protects
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import ConflictError
from shared.ids import natural_event_id, new_id
from shared.vocabulary import CaseState
from shared.web.access import Action, Person, allow, visible_units

LASTS = timedelta(minutes=15)
"""How long an asking stands unless somebody answers; each answer gives it as long again."""
ASKED, ANSWERED, OFFERED, ENDED = "help_asked", "help_answered", "help_offered", "help_ended"
"""What the history of the case calls it."""


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line of a leader's."""

    by_name: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HelpView:
    """An asking, as the agent and the leader see it."""

    id: str
    agent_id: str
    agent_name: str
    text: str
    at: datetime
    until: datetime
    taker: str = ""
    taker_name: str = ""
    lines: tuple[HelpLine, ...] = ()
    number: str = ""
    question: str = ""
    channel: str = ""


def _view(row: Row, lines: Sequence[Row], *, protected: bool = False) -> HelpView:
    mine = [one for one in lines if one["ask_id"] == row["id"]]
    shown = tuple(
        HelpLine(one["by_name"], hidden(one["body"]) if protected else one["body"], one["at"]) for one in mine
    )
    return HelpView(
        id=row["id"],
        agent_id=row["agent_id"],
        agent_name=row["agent_name"],
        text=hidden(row["text"]) if protected else row["text"],
        at=row["at"],
        until=row["until"],
        taker=row["taker"],
        taker_name=row["taker_name"],
        lines=shown,
        number=row.get("number") or "",
        question=row.get("question") or "",
        channel=row.get("channel") or "",
    )


async def _over(work: Work, case: Case, row: Row, person: Person, now: datetime) -> None:
    await work.helps.change(row["id"], ended_at=min(now, row["until"]), ended_by=person.id)
    await work.history.write(case.id, now, by=person.id, by_name=person.name, what=ENDED, facts={"help": row["id"]})
    work.ring(HELP, row["agent_id"])


@dataclass(frozen=True, slots=True)
class AskHelp:
    """Show the case that one has to the team leader; asking twice is asking once."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, text: str = "") -> HelpView:
        """Ask; ConflictError when the case is not the person's."""
        async with self.uow.begin() as work:
            case, now = await hold(work, number, person), self.clock()
            if case.agent_id != author(person, case) or case.state not in {CaseState.OPEN, CaseState.PARKED}:
                raise ConflictError
            row = await work.helps.of_case(case.id, now)
            if row is not None:
                return _view(row, await work.helps.lines([row["id"]]))
            if (old := await work.helps.unended(case.id)) is not None:
                await work.helps.change(old["id"], ended_at=min(now, old["until"]))
            names = {"agent_id": case.agent_id, "agent_name": person.name, "text": text.strip()}
            made = {"id": new_id(), "case_id": case.id, **names, "at": now, "until": now + LASTS}
            await work.helps.add(**made)
            facts = {"help": made["id"]}
            await work.history.write(case.id, now, by=person.id, by_name=person.name, what=ASKED, facts=facts)
            work.ring(HELP, case.agent_id)
        return _view({**made, "taker": "", "taker_name": ""}, ())


@dataclass(frozen=True, slots=True)
class EndHelp:
    """End an asking: the agent who asks, or a leader; one that is over already stays so."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """End it; ConflictError for anybody else."""
        async with self.uow.begin() as work:
            case, now = await hold(work, number, person), self.clock()
            row = await work.helps.unended(case.id)
            if row is None:
                return
            if row["agent_id"] != person.id and not allow(person, Action.SUPERVISE):
                raise ConflictError
            await _over(work, case, row, person, now)


@dataclass(frozen=True, slots=True)
class AnswerHelp:
    """Write a line to the agent who asks, or offer to take the contact over."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, ask_id: str, person: Person, text: str, request_id: str) -> None:
        """Write the line, once per `request_id`; ConflictError when she does not ask any more."""
        async with self.uow.begin() as work:
            case, row, now = await self._open(work, ask_id, person)
            line = {"id": natural_event_id("help", ask_id, request_id), "ask_id": ask_id, "body": text.strip()}
            if await work.helps.say(**line, by=person.id, by_name=person.name, at=now):
                await self._note(work, case, row, person, ANSWERED, now)

    async def offer(self, ask_id: str, person: Person) -> None:
        """Offer to take it over: one key at the agent's desk then gives it to this leader."""
        async with self.uow.begin() as work:
            case, row, now = await self._open(work, ask_id, person)
            if row["taker"] != person.id:
                await work.helps.change(ask_id, taker=person.id, taker_name=person.name)
                await self._note(work, case, row, person, OFFERED, now)

    async def _open(self, work: Work, ask_id: str, person: Person) -> tuple[Case, Row, datetime]:
        case = await work.cases.lock(await work.helps.case_of(ask_id), visible_units(person))
        guard(person, case)
        now = self.clock()
        row = await work.helps.of_case(case.id, now)
        if row is None or row["id"] != ask_id:
            raise ConflictError
        return case, row, now

    @staticmethod
    async def _note(work: Work, case: Case, row: Row, person: Person, what: str, now: datetime) -> None:
        await work.helps.change(row["id"], until=now + LASTS)
        facts = {"help": row["id"]}
        await work.history.write(case.id, now, by=person.id, by_name=person.name, what=what, facts=facts)
        work.ring(HELP, row["agent_id"])


@dataclass(frozen=True, slots=True)
class ReadHelp:
    """Read who asks: for the leaders of a case's units, and for the agent herself."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person) -> tuple[HelpView, ...]:
        """Return what is open, who has waited longest first; without words where the citizen is protected."""
        async with self.uow.read() as work:
            rows = await work.helps.listed(visible_units(person), self.clock())
            lines = await work.helps.lines([row["id"] for row in rows])
        return tuple(_view(row, lines, protected=protects(row, person)) for row in rows)

    async def of_case(self, case_id: str, person: Person) -> HelpView | None:
        """Return the person's own open asking about a case."""
        async with self.uow.read() as work:
            row = await work.helps.of_case(case_id, self.clock())
            if row is None or row["agent_id"] != person.id:
                return None
            return _view(row, await work.helps.lines([row["id"]]))

    async def number_of(self, ask_id: str) -> str:
        """Return the number of the case that an asking is about; NotFoundError when there is none."""
        async with self.uow.read() as work:
            return await work.helps.case_of(ask_id)
