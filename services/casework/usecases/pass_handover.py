"""Who has a hand-over: an officer of the unit or her substitute, another function or unit, or nobody after all."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Deed
from services.casework.domain.case import after as case_after
from services.casework.domain.deadline import RECEIVE_DEFAULT, due
from services.casework.domain.handover import (
    CONVERSATION,
    STORED,
    Field,
    HandoverDeed,
    Preview,
    Why,
    Withheld,
    after,
    clock_time,
)
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.hand_over import send
from services.casework.usecases.handover_content import filled
from services.casework.usecases.handover_parts import (
    Held,
    held,
    noted,
    other_controller,
    receiver,
    ring_centre,
    standing,
    tell_received,
    works,
)
from services.casework.usecases.overtaken import not_overtaken
from services.casework.usecases.protection import guard
from services.casework.usecases.receive_handover import back_at_desk, tell_reopened
from services.casework.usecases.tell_unit import TellUnit
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, FieldError, NotFoundError
from shared.events import HandoverAssigned, HandoverDelivered, HandoverWithdrawn
from shared.vocabulary import Role
from shared.web.access import ALL_UNITS, Person, visible_units

_PLANLESS = {"planned_for": None, "performer": "", "progress": "", "progress_at": None, "external_ref": None}
"""What another unit has planned and called it, which is no news of the next one's."""
_CHAIN = 5
"""So many substitutes are asked in turn before we say that everybody is away."""


class UnknownOfficerError(DomainError):
    """She is no officer of the unit."""

    type = "unknown-officer"
    status = 422
    title = "Välj en handläggare som hör till verksamheten."


class OfficerAwayError(DomainError):
    """She is away and nobody stands in for her."""

    type = "officer-away"
    status = 409
    title = "{name} är borta till {when} och har ingen ersättare som är här. Välj någon annan."


class BadAwayError(DomainError):
    """The time is over, or the substitute cannot be one."""

    type = "bad-away"
    status = 422
    title = "Det går inte att vara borta så."


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who has it now."""

    officer: str
    name: str
    substitute_for: str | None = None
    """The name of the one who is away."""


@dataclass(frozen=True, slots=True)
class AssignHandover:
    """Give a hand-over to an officer of its unit; while she is away her substitute gets it, and that is said."""

    uow: UnitOfWork
    tell: TellUnit
    clock: Clock

    async def run(
        self, handover_id: str, person: Person, by: str, officer: str, *, seen: int | None = None
    ) -> Assigned:
        """Assign; whoever assigns has also received it; `seen` as in progress."""
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.ASSIGN, self.clock())
            await not_overtaken(work, one.case, person, seen, one.now)
            wished = await _officer(work, officer, one.row["unit"])
            if wished is None:
                raise UnknownOfficerError(errors=[FieldError("/officer", UnknownOfficerError.title)])
            here = await _present(work, wished, one)
            stands_for = wished if here["id"] != wished["id"] else None
            await work.handovers.change(one.id, state=one.stored, assignee=here["id"], **one.received(by))
            tell_received(work, one, person)
            if here["id"] not in {person.id, one.row["assignee"]}:
                await self.tell.assigned(work, one.row, one.case.number, here, one.now)
            facts = {"officer": here["name"], "substitute_for": stands_for["name"] if stands_for else ""}
            await noted(work, one, person, by, HandoverDeed.ASSIGN, **facts)
            work.tell(
                HandoverAssigned(
                    **one.facts(person),
                    officer=here["id"],
                    substitute_for=stands_for["id"] if stands_for else None,
                )
            )
            return Assigned(here["id"], here["name"], stands_for["name"] if stands_for else None)


async def _officer(work: Work, person_id: str | None, unit: str) -> Row | None:
    """Return an active officer who sees the unit, None when there is no such."""
    row = await work.catalogue.person(person_id) if person_id else None
    if row is None or not row["active"] or Role.OFFICER.value not in row["roles"]:
        return None
    return row if {unit, ALL_UNITS} & set(row["units"]) else None


def _away(row: Row, now: datetime) -> bool:
    return row["away_until"] is not None and row["away_until"] > now


async def _present(work: Work, wished: Row, one: Held) -> Row:
    """Return her, or the first of her substitutes who is here; OfficerAwayError when nobody is."""
    at = wished
    for _ in range(_CHAIN):
        if not _away(at, one.now):
            return at
        following = await _officer(work, at["substitute"], one.row["unit"])
        if following is None:
            break
        at = following
    raise OfficerAwayError(name=wished["name"], when=f"{clock_time(wished['away_until'], one.now)}")


@dataclass(frozen=True, slots=True)
class ReassignHandover:
    """Pass a hand-over on to another unit or function: received anew, answered by the time that was promised."""

    uow: UnitOfWork
    letters: Letters
    clock: Clock

    async def run(self, handover_id: str, person: Person, to: str, text: str = "", by: str = "") -> None:
        """Reassign, with a mail to the new receiver; it is delivered at once, since it has waited already."""
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.REASSIGN, self.clock())
            unit, label = await receiver(work, to, one.row["unit"])
            receive_by = await self._receive_by(work, one, unit["id"])
            had = {*one.row["passed_by"], one.row["unit"]} - {unit["id"]}
            other = await other_controller(work, one.case, unit)
            given = {"unit": unit["id"], "to_label": label, "address": unit["handover_address"]}
            changed = {**given, "withheld": _kept(one.row, other)}
            anew = {"acknowledged_at": None, "acknowledged_by": None, "acknowledge_by": receive_by, "assignee": None}
            again = {"acknowledge_missed": False, "acknowledge_reminded_at": None, "reason": text.strip()}
            await work.handovers.change(one.id, state=one.stored, passed_by=sorted(had), **changed, **anew, **again)
            if unit["id"] != one.row["unit"]:
                await work.handovers.change(one.id, **_PLANLESS)
            row = {**one.row, **changed, **anew, "message": "\n".join(filter(None, (one.row["message"], text.strip())))}
            await self._send(work, one, row, unit["name"])
            facts = {"to": label, "to_unit": unit["id"], "external_ref": one.row["external_ref"] or ""}
            if other:
                disclosed = [field["name"] for field in one.row["fields"] if field["value"]]
                facts |= {"disclosed_to": other, "disclosed": disclosed}
            await noted(work, one, person, by or person.name, HandoverDeed.REASSIGN, **facts)
            work.tell(HandoverDelivered(**one.facts(person), to=unit["id"]))
            ring_centre(work, one)

    async def _receive_by(self, work: Work, one: Held, unit: str) -> datetime:
        """Return when the new receiver has to confirm: by its own calendar, before the citizen's answer is due."""
        run = await work.runs.of(one.case)
        within = filled(run, run.end.receive_within) if run and run.end else None
        calendar, _ = await works(work, unit)
        anew = due(one.now, within, RECEIVE_DEFAULT, calendar)
        return min(anew, one.row["answer_by"]) if one.row["answer_by"] > one.now else anew

    async def _send(self, work: Work, one: Held, row: Row, unit_name: str) -> None:
        plan = plan_of(row, unit_name)
        await send(work, self.letters, one.case, plan, row, one.now, again=True)


def _kept(row: Row, other: str) -> list[dict[str, str]]:
    """Return what is withheld from the next receiver: the conversation too when it is another legal person."""
    kept = list(row["withheld"])
    if other and CONVERSATION not in {one["field"] for one in kept}:
        kept.append({"field": CONVERSATION, "why": Why.OTHER_CONTROLLER.value})
    return kept


def plan_of(row: Row, unit_name: str) -> Preview:
    """Return what goes along with a hand-over that was made: as it was decided then."""
    kept = tuple(Withheld(one["field"], Why(one["why"])) for one in row["withheld"])
    return Preview(
        to=row["to_label"],
        unit=row["unit"],
        unit_name=unit_name,
        address=row["address"],
        mode=row["mode"],
        priority=row["priority"],
        fields=tuple(Field(**one) for one in row["fields"]),
        warnings=(),
        acknowledge_by=row["acknowledge_by"],
        answer_by=row["answer_by"],
        with_conversation=not kept,
        withheld=kept,
    )


@dataclass(frozen=True, slots=True)
class WithdrawHandover:
    """Take a hand-over back as long as nobody has received it: it went to the wrong unit, or was solved after all."""

    uow: UnitOfWork
    tell: TellUnit
    clock: Clock

    async def run(self, handover_id: str, person: Person, reason: str) -> None:
        """Withdraw; the case is open again at its agent's desk."""
        why = wanted(reason)
        async with self.uow.begin() as work:
            units = visible_units(person)
            found = await work.handovers.find(handover_id, units, hold=False)
            case = await work.cases.lock_id(found["case_id"], units)
            guard(person, case)
            row, now = await work.handovers.find(handover_id, units), self.clock()
            one = Held(row, case, after(standing(row), HandoverDeed.WITHDRAW, now), now)
            lives = case_after(case.state, Deed.RETURN)
            ended = {"ended_at": now, "ended_by": person.name, "reason": why, "deliver_at": None}
            await work.handovers.change(one.id, state=STORED[one.state], **ended)
            await back_at_desk(work, one, lives.value)
            await noted(work, one, person, person.name, HandoverDeed.WITHDRAW)
            await self.tell.withdrawn(work, row, case, now)
            work.tell(HandoverWithdrawn(**one.facts(person)))
            tell_reopened(work, one, person)


@dataclass(frozen=True, slots=True)
class SetAway:
    """Say that one is away until a moment, and who stands in meanwhile; or that one is here again."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, until: datetime | None, substitute: str | None = None) -> None:
        """Write it for oneself; `until` None is here again."""
        async with self.uow.begin() as work:
            if until is not None and until <= self.clock():
                raise BadAwayError(errors=[FieldError("/until", "Tiden har redan varit.")])
            if until is not None and substitute and not await self._may(work, person, substitute):
                raise BadAwayError(errors=[FieldError("/substitute", "Välj en annan handläggare i verksamheten.")])
            if not await work.catalogue.set_away(person.id, until, substitute if until else None):
                raise NotFoundError

    async def _may(self, work: Work, person: Person, substitute: str) -> bool:
        if substitute == person.id:
            return False
        row = await work.catalogue.person(substitute)
        shares = row is not None and (ALL_UNITS in {*person.units, *row["units"]} or person.units & set(row["units"]))
        return bool(shares and row and row["active"] and Role.OFFICER.value in row["roles"])
