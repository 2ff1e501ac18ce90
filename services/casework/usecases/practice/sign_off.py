"""Who may take a unit's contacts: results, signing an agent off and taking it back, and what a unit asks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from services.casework.domain.practice import SignOff
from services.casework.store.catalogue import agent_profile, unit_record
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, ForbiddenError, NotFoundError
from shared.ids import new_id
from shared.vocabulary import Role
from shared.web.access import Action, Person, allow, visible_units

log = structlog.get_logger(__name__)


class OwnSignOffError(DomainError):
    """Nobody signs herself off."""

    type = "own-sign-off"
    status = 409
    title = "Ingen godkänner sig själv. Be en annan arbetsledare."


class NobodySignedOffError(DomainError):
    """Nobody could take the unit's contacts."""

    type = "nobody-signed-off"
    status = 409
    title = "Ingen är godkänd för {unit} än, så ingen skulle få dess kontakter."


@dataclass(frozen=True, slots=True)
class HeldView:
    """A sign-off, as it holds or has held."""

    by_name: str
    at: datetime
    ended_name: str = ""
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentResults:
    """What an agent has practised in a unit."""

    agent_id: str
    name: str
    runs: int = 0
    passed: int = 0
    different: int = 0
    last_at: datetime | None = None
    held: HeldView | None = None


@dataclass(frozen=True, slots=True)
class UnitResults:
    """A unit, what it asks, and how its agents do."""

    unit: str
    name: str
    asks: str
    exercises: int
    agents: tuple[AgentResults, ...]

    @property
    def signed_off(self) -> int:
        """How many are signed off."""
        return sum(one.held is not None for one in self.agents)


@dataclass(frozen=True, slots=True)
class ReadResults:
    """Read how it goes: for who leads, in her units."""

    uow: UnitOfWork

    async def run(self, person: Person) -> tuple[UnitResults, ...]:
        """Return every unit with exercises or sign-offs, and every agent in it."""
        within = visible_units(person)
        async with self.uow.read() as work:
            exercises = [row["unit"] for row in await work.practice.exercises()]
            agents, results = await work.practice.agents(), await work.practice.results(within)
            held, units = await work.sign_offs.held(within), await work.catalogue.units()
        done = {(row["agent_id"], row["unit"]): row for row in results}
        signed = {(row["agent_id"], row["unit"]): row for row in held}
        known = {*exercises, *(row["unit"] for row in held)}
        return tuple(
            UnitResults(
                unit["id"],
                unit["name"],
                unit["sign_off"],
                exercises.count(unit["id"]),
                tuple(_agent(one, unit["id"], done, signed) for one in agents),
            )
            for unit in units
            if unit["id"] in known and (within is None or unit["id"] in within)
        )

    async def agent(self, agent_id: str, unit: str, person: Person) -> tuple[list[Row], tuple[HeldView, ...]]:
        """Return an agent's runs of a unit, and what was decided of her there; NotFoundError outside one's units."""
        async with self.uow.read() as work:
            await _agent_of(work, agent_id, unit, person)
            runs = await work.practice.runs_of(agent_id, unit)
            return runs, tuple(_held(row) for row in await work.sign_offs.history(agent_id, unit))


def _agent(
    one: Row, unit: str, done: Mapping[tuple[str, str], Row], signed: Mapping[tuple[str, str], Row]
) -> AgentResults:
    names = ("runs", "passed", "different", "last_at")
    row, held = done.get((one["id"], unit)), signed.get((one["id"], unit))
    counts: dict[str, Any] = {name: row[name] for name in names} if row else {}
    return AgentResults(one["id"], one["name"], **counts, held=_held(held) if held else None)


def _held(row: Row) -> HeldView:
    return HeldView(row["by_name"], row["at"], row["ended_name"], row["ended_at"], row["reason"])


async def _agent_of(work: Work, agent_id: str, unit: str, person: Person) -> Row:
    """Return the agent; NotFoundError when she or the unit is not there, or not one of the reader's."""
    within = visible_units(person)
    row, known = await work.catalogue.person(agent_id), await work.catalogue.unit(unit)
    if row is None or known is None or Role.AGENT not in row["roles"] or (within is not None and unit not in within):
        raise NotFoundError
    return row


@dataclass(frozen=True, slots=True)
class SignAgents:
    """Sign an agent off for a unit, or take it back; her profile says so to the router at once."""

    uow: UnitOfWork
    clock: Clock

    async def off(self, agent_id: str, unit: str, person: Person) -> None:
        """Sign her off; again is nothing. OwnSignOffError: nobody does it for herself."""
        if agent_id == person.id:
            raise OwnSignOffError
        async with self.uow.begin() as work:
            await _agent_of(work, agent_id, unit, person)
            row = {"id": new_id(), "agent_id": agent_id, "unit": unit, "by": person.id, "by_name": person.name}
            if await work.sign_offs.add({**row, "at": self.clock()}):
                await _told(work, agent_id)
                log.info("signed_off", agent=agent_id, unit=unit, by=person.id)

    async def back(self, agent_id: str, unit: str, person: Person, reason: str) -> None:
        """Take it back, and say why; what is not there any more is nothing."""
        why = wanted(reason)
        async with self.uow.begin() as work:
            await _agent_of(work, agent_id, unit, person)
            now = self.clock()
            if await work.sign_offs.end(agent_id, unit, by=person.id, name=person.name, at=now, reason=why):
                await _told(work, agent_id)
                log.info("sign_off_taken_back", agent=agent_id, unit=unit, by=person.id)


async def _told(work: Work, agent_id: str) -> None:
    row = await work.sign_offs.write_profile(agent_id)
    if row is not None:
        work.tell(agent_profile(row))


@dataclass(frozen=True, slots=True)
class AskForSignOff:
    """Say what a unit, or every unit, asks of who takes its contacts."""

    uow: UnitOfWork

    async def run(self, units: Sequence[str], asks: SignOff, person: Person) -> None:
        """Set it, for these units; NobodySignedOffError where it would lock everybody out."""
        if not all(allow(person, Action.SUPERVISE, unit) for unit in units):
            raise ForbiddenError
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            names = {row["id"]: row["name"] for row in await work.catalogue.units()}
            if not set(units) <= set(names):
                raise NotFoundError
            working = {row["id"] for row in await work.practice.agents()}
            able = {row["unit"] for row in await work.sign_offs.held() if row["agent_id"] in working}
            if asks is SignOff.REQUIRED and (lacking := [names[unit] for unit in units if unit not in able]):
                raise NobodySignedOffError(unit=", ".join(lacking))
            for row in await work.sign_offs.ask(units, asks.value):
                work.tell(unit_record(row))
                log.info("sign_off_asked", unit=row["id"], asks=asks.value, by=person.id)
