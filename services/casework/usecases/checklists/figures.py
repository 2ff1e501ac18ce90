"""The owner's view: which checklists are overdue, corrected, ill-fitting, long, or hand over to the wrong place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.casework.domain.checklist_figures import Answered, StepFigures, Sums, steps_of
from services.casework.domain.lifecycle import Version
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.web.access import Person, visible_units

DAYS = (30, 90, 365)
"""How far back one may look."""
MOST_OF_EACH = 1_000
"""The latest cases of each checklist that the list counts."""
MOST_OF_ONE = 5_000
"""The latest cases of a checklist that its own page counts."""


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """A live checklist and what it has led to."""

    checklist: str
    version: int
    case_type: str
    question: str
    unit: str
    sums: Sums
    corrected: int
    """Versions that have become live since, but for its very first."""
    review_by: datetime | None
    overdue: bool
    worst_step: int | None = None
    """The number, from 1, of the step that most reports are about, in the live version."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A case type that no checklist fitted, so many times; no type when the case had none."""

    case_type: str
    question: str
    unit: str
    reports: int


@dataclass(frozen=True, slots=True)
class OwnersView:
    """Every live checklist of her units, and the types without one that were missed."""

    since: datetime
    lines: tuple[ChecklistLine, ...]
    without: tuple[Unfit, ...]


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """What one version has led to, step by step."""

    version: int
    phase: str
    published_at: datetime | None
    sums: Sums
    steps: tuple[StepFigures, ...]
    causes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadFigures:
    """Count, for who owns or edits, as far as she sees the units."""

    uow: UnitOfWork
    clock: Clock

    async def overview(self, person: Person, days: int) -> OwnersView:
        """Return the figures of the live checklists of her units, by name."""
        units, now = visible_units(person), self.clock()
        since = now - timedelta(days=days)
        async with self.uow.read() as work:
            versions = await work.versions.listed(units)
            live = [one for one in versions if one.current]
            rows = await work.figures.sums([one.id for one in live], since, MOST_OF_EACH)
            reports = await work.figures.reports(units, since)
            types = {one["id"]: one["question"] for one in await work.catalogue.case_types()}
        made = [_line(one, versions, rows, reports, now=now, since=since, types=types) for one in live]
        covered = {one.case_type for one in made}
        lines = tuple(sorted(made, key=lambda one: (one.question, one.checklist)))
        return OwnersView(since, lines, _without(reports, covered, types))

    async def of_one(self, person: Person, checklist_id: str, days: int) -> tuple[VersionFigures, ...]:
        """Return each version of a checklist that is or has been live, the newest first."""
        units, since = visible_units(person), self.clock() - timedelta(days=days)
        async with self.uow.read() as work:
            versions = await work.versions.listed(units, checklist_id=checklist_id)
            if not versions:
                raise NotFoundError
            sums = await work.figures.sums([checklist_id], since, MOST_OF_ONE)
            steps = await work.figures.steps(checklist_id, since, MOST_OF_ONE)
            causes = await work.figures.causes(checklist_id, since, MOST_OF_ONE)
            reports = [one for one in await work.figures.reports(units, since) if one["checklist_id"] == checklist_id]
        return tuple(_version(one, sums, steps, causes, reports) for one in versions if one.published_at)


def _sums(rows: Sequence[Row]) -> Sums:
    names = ("cases", "ended", "closed", "sent", "returned", "seconds")
    return sum((Sums(**{name: row[name] for name in names}) for row in rows), Sums())


def _line(  # noqa: PLR0913 - what a line is made of, each by name
    version: Version,
    versions: Sequence[Version],
    rows: Sequence[Row],
    reports: Sequence[Row],
    *,
    now: datetime,
    since: datetime,
    types: Mapping[str, str],
) -> ChecklistLine:
    case_type = version.checklist.case_type
    wrong = [one for one in reports if one["checklist_id"] == version.id]
    missing = sum(one["reports"] for one in reports if one["kind"] == "missing" and one["case_type"] == case_type)
    told = Sums(wrong=sum(one["reports"] for one in wrong), missing=missing)
    published = sorted(one.published_at for one in versions if one.id == version.id and one.published_at)
    return ChecklistLine(
        checklist=version.id,
        version=version.number,
        case_type=case_type,
        question=types.get(case_type, version.id),
        unit=version.unit,
        sums=_sums([row for row in rows if row["id"] == version.id]) + told,
        corrected=sum(one >= since for one in published[1:]),
        review_by=version.review_by,
        overdue=version.review_by is not None and version.review_by < now,
        worst_step=_worst(version, wrong),
    )


def _worst(version: Version, wrong: Sequence[Row]) -> int | None:
    steps = [step.id for step in version.checklist.steps]
    found = _by_step([one for one in wrong if one["step"] in steps])
    worst = max(found, key=lambda one: (found[one], -steps.index(one)), default=None)
    return steps.index(worst) + 1 if worst is not None else None


def _by_step(reports: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in reports:
        found[one["step"]] = found.get(one["step"], 0) + one["reports"]
    return found


def _without(reports: Sequence[Row], covered: set[str], types: Mapping[str, str]) -> tuple[Unfit, ...]:
    found: dict[tuple[str, str], int] = {}
    for one in reports:
        case_type = one["case_type"] or ""
        if one["kind"] == "missing" and case_type not in covered:
            found[case_type, one["unit"]] = found.get((case_type, one["unit"]), 0) + one["reports"]
    made = [Unfit(key, types.get(key, ""), unit, reports=count) for (key, unit), count in found.items()]
    return tuple(sorted(made, key=lambda one: (-one.reports, one.question, one.unit)))


def _version(
    version: Version, sums: Sequence[Row], steps: Sequence[Row], causes: Sequence[Row], reports: Sequence[Row]
) -> VersionFigures:
    number = version.number
    told = [one for one in reports if one["version"] == number]
    total = _sums([row for row in sums if row["version"] == number])
    answers = [
        Answered(row["step"], row["option"], row["done"], row["last"]) for row in steps if row["version"] == number
    ]
    return VersionFigures(
        version=number,
        phase=version.phase.value,
        published_at=version.published_at,
        sums=total + Sums(wrong=sum(one["reports"] for one in told)),
        steps=steps_of(version.checklist, answers, total.ended, _by_step(told)),
        causes={row["cause"]: row["cases"] for row in causes if row["version"] == number},
    )
