"""How a run of practice is shown: as the case that it would be, and afterwards as what was right and what was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.checklist import Run
from services.casework.domain.practice import walk
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases import views
from services.casework.usecases.practice.walk import done_of, good_of, mine
from services.casework.usecases.reading import checklist_view
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Channel, EntranceKind, TakenOver
from shared.web.access import Person, visible_units

_KINDS: Mapping[Channel, EntranceKind] = {
    Channel.PHONE: EntranceKind.NUMBER,
    Channel.EMAIL: EntranceKind.ADDRESS,
    Channel.VISIT: EntranceKind.DESK,
    Channel.E_SERVICE: EntranceKind.FORM,
}


@dataclass(frozen=True, slots=True)
class WayStep:
    """A step on the way of a good run, and the answer there."""

    text: str
    option: str
    obligatory: bool


@dataclass(frozen=True, slots=True)
class ResultView:
    """How a run went."""

    id: str
    exercise_id: str
    unit: str
    unit_name: str
    agent_name: str
    channel: str
    name: str
    passed: bool
    right: Mapping[str, bool]
    """`case_type`, `obligatory`, `end`, `note`."""
    left: tuple[str, ...]
    unfit: tuple[str, ...]
    refused: int
    chosen: str
    wanted: str
    ended_as: str
    resolution: str
    good_end: views.EndView | None
    came_to: views.EndView | None
    """The end that she had come to, if any."""
    way: tuple[WayStep, ...]
    lesson: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class ReadPractice:
    """Show a run to her who has it, as a case at her desk."""

    uow: UnitOfWork
    clock: Clock

    async def case(self, run_id: str, person: Person) -> views.CaseView:
        """Return it; NotFoundError when it is not hers."""
        async with self.uow.read() as work:
            row = await mine(work, run_id, person)
            exercise = await work.practice.exercise(row["exercise_id"])
            if exercise is None:
                raise NotFoundError
            return await self._view(work, row, exercise, person)

    async def ended(self, run_id: str, person: Person) -> bool:
        """Tell whether her run is over."""
        async with self.uow.read() as work:
            return (await mine(work, run_id, person))["ended_at"] is not None

    async def result(self, run_id: str, person: Person, *, leads: bool = False) -> ResultView:
        """Return how it went; to who leads the unit, also another's. NotFoundError before its end."""
        async with self.uow.read() as work:
            row = await work.practice.run(run_id) if leads else await mine(work, run_id, person)
            exercise = await work.practice.exercise(row["exercise_id"]) if row else None
            if row is None or exercise is None or row["ended_at"] is None:
                raise NotFoundError
            within = visible_units(person) if leads else None
            if within is not None and row["unit"] not in within:
                raise NotFoundError
            chosen = await work.catalogue.case_type(row["case_type"]) if row["case_type"] else None
            return await _result(work, row, exercise, chosen)

    async def _view(self, work: Work, row: Row, exercise: Row, person: Person) -> views.CaseView:
        entrance = await _entrance(work, exercise)
        kind = await work.catalogue.case_type(row["case_type"]) if row["case_type"] else None
        path = tuple(kind["path"]) if kind else ()
        units = {one["id"]: one["name"] for one in await work.catalogue.units()}
        unit = str(kind["unit"]) if kind else str(entrance.get("unit", exercise["unit"]))
        channel = Channel(exercise["channel"])
        return views.CaseView(
            **_nothing(),
            id=row["id"],
            number=row["id"],
            state=CaseState.OPEN,
            channel=channel,
            entrance=str(entrance.get("id", "")),
            entrance_name=str(entrance.get("name", "")),
            greeting=str(entrance.get("greeting", "")).replace("{agent}", person.first_name),
            unit=unit,
            unit_name=units.get(unit, unit),
            case_type=row["case_type"],
            path=path,
            area=" / ".join(path[1:-1]),
            question=path[-1] if path else "",
            classified_how="confirmed" if kind else None,
            agent_id=person.id,
            agent_name=person.name,
            opened_at=row["started_at"],
            candidates=tuple(_candidate(one, units) for one in row["candidates"]),
            checklist=await self._checklist(work, row),
            contacts=(_contact(row, exercise, entrance, channel),),
            draft=row["note"],
            can=frozenset({"classify", "step", "note", "close", "hand_over"}),
        )

    async def _checklist(self, work: Work, row: Row) -> views.ChecklistView | None:
        if row["checklist_id"] is None:
            return None
        published = await work.runs.version(row["checklist_id"], row["checklist_version"])
        return checklist_view(published, done_of(row), self.clock()) if published else None


def _nothing() -> dict[str, Any]:
    """Return what a case would have that a run of practice has not."""
    absent = ("priority", "due_at", "parked_until", "resolution", "cause", "closed_at", "draft_saved_at", "handover")
    empty = ("messages", "notes", "handovers", "earlier", "earlier_handovers")
    return {
        **dict.fromkeys((*absent, "reply_to")),
        **dict.fromkeys(empty, ()),
        "language": "sv",
        "first_contact": False,
        "handling_seconds": 0.0,
        "taken_over": TakenOver.TAKEN,
        "forward_to": "",
    }


def _candidate(one: Mapping[str, Any], units: Mapping[str, str]) -> views.CandidateView:
    names = ("case_type", "unit", "area", "question", "confidence")
    return views.CandidateView(**{name: one[name] for name in names}, unit_name=units.get(one["unit"], one["unit"]))


async def _entrance(work: Work, exercise: Row) -> Row:
    """Return the way that somebody with this matter would come in by: her unit's own, else everybody's."""
    kind = _KINDS[Channel(exercise["channel"])]
    rows = [one for one in await work.catalogue.entrances() if one["kind"] == kind]
    own = [one for one in rows if one["unit"] == exercise["unit"]]
    return next(iter((*own, *(one for one in rows if one["is_default"]))), {})


def _contact(row: Row, exercise: Row, entrance: Row, channel: Channel) -> views.ContactView:
    return views.ContactView(
        ticket=None,
        accepted_at=None,
        ended_at=None,
        id=row["id"],
        channel=channel,
        entrance=str(entrance.get("id", "")),
        entrance_name=str(entrance.get("name", "")),
        received_at=row["started_at"],
        sender_name=exercise["name"],
        sender_email=exercise["email"] or None,
        sender_phone=exercise["phone"] or None,
        subject=exercise["subject"],
        text=exercise["body"],
        full_text=exercise["body"],
        language="sv",
        fields={},
        attachments=(),
        flags=(),
        unreadable=False,
        automatic=False,
        queue=exercise["unit"],
        waited_seconds=0.0,
        epoch=0,
        agent_id=row["agent_id"],
        purged=False,
        current=True,
    )


async def _result(work: Work, row: Row, exercise: Row, chosen: Row | None) -> ResultView:
    said = row["verdict"]
    published = await work.runs.version(exercise["list_id"], exercise["list_version"]) if exercise["list_id"] else None
    way = walk(published.checklist, good_of(exercise).answers) if published else None
    seen = checklist_view(published, way.done, row["ended_at"]) if published and way else None
    used = await work.runs.version(row["checklist_id"], row["checklist_version"]) if row["checklist_id"] else None
    hers = checklist_view(used, done_of(row), row["ended_at"]) if used else None
    same = ("id", "exercise_id", "unit", "agent_name", "passed", "refused", "resolution", "started_at", "ended_at")
    return ResultView(
        **{name: row[name] for name in same},
        unit_name=exercise["unit_name"],
        channel=exercise["channel"],
        name=exercise["name"],
        right={name: said[name] for name in ("case_type", "obligatory", "end", "note")},
        left=tuple(said["left"]),
        unfit=tuple(said["unfit"]),
        chosen=str(chosen["question"]) if chosen else "",
        wanted=exercise["question"] or "",
        ended_as=row["kind"],
        good_end=seen.end if seen else None,
        came_to=hers.end if hers else None,
        way=_way(way) if way else (),
        lesson=exercise["lesson"],
    )


def _way(run: Run) -> tuple[WayStep, ...]:
    fill = run.checklist.fill
    steps = [(run.checklist.step(done.step), done) for done in run.done]
    return tuple(WayStep(fill(step.text), fill(done.option or ""), step.obligatory) for step, done in steps if step)
