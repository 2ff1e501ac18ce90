"""*Lokala uppgifter*: what a unit's checklists are filled with, filled in once, and who changed it when.

A text is filled with the value at the time it is read: a changed value shows at once, in runs that have begun too. What
was written in a case meanwhile stays as it was written.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.checklist import used_params
from services.casework.domain.lifecycle import IN_WORK, LIVE, Version
from services.casework.domain.local_facts import FactMovedError, Measure, sound
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.checklists.going_live import tell_record
from shared.clock import Clock
from shared.errors import ForbiddenError, NotFoundError
from shared.web.access import Action, Person, allow, visible_units


@dataclass(frozen=True, slots=True)
class Past:
    """A value that a fact had from `at`."""

    value: str
    measure: str
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A local fact: its value now, the checklists that use it, and its history, the latest first."""

    name: str
    value: str = ""
    measure: str = Measure.TEXT.value
    fallback: str = ""
    """What a checklist's own file says, used until the unit has said it."""
    changed_at: datetime | None = None
    changed_by_name: str = ""
    used_by: tuple[str, ...] = ()
    """Ids of checklists that are live or in work."""
    history: tuple[Past, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether a checklist waits for it."""
        return bool(self.used_by) and not self.value and not self.fallback


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The local facts of a unit, those that are missing first."""

    unit: str
    unit_name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ListFacts:
    """The local facts of the person's units."""

    uow: UnitOfWork

    async def run(self, person: Person, unit: str | None = None) -> tuple[UnitFacts, ...]:
        """Return them by unit (only one if asked), of every unit that has a checklist or a fact."""
        async with self.uow.read() as work:
            seen = visible_units(person)
            versions = await work.versions.listed(seen, LIVE | IN_WORK)
            rows = await work.params.of(seen)
            names = {row["id"]: row["name"] for row in await work.catalogue.units()}
            wanted = {one.unit for one in versions} | {row["unit"] for row in rows}
            if unit is not None:
                wanted = {unit} & (set(names) if seen is None else seen)
                if not wanted:
                    raise NotFoundError
            found = [
                UnitFacts(one, names[one], await _facts(work, one, versions, rows))
                for one in sorted(wanted, key=names.__getitem__)
            ]
        return tuple(found)


async def _facts(work: Work, unit: str, versions: Iterable[Version], rows: Iterable[Row]) -> tuple[Fact, ...]:
    mine = [one for one in versions if one.unit == unit]
    uses: dict[str, set[str]] = defaultdict(set)
    own: dict[str, str] = {}
    for version in mine:
        for name in used_params(version.checklist) | set(version.checklist.params):
            uses[name].add(version.id)
            own.setdefault(name, version.checklist.params.get(name, ""))
    set_ = {row["name"]: row for row in rows if row["unit"] == unit}
    past = await work.params.history(unit)
    found = [_fact(name, set_.get(name), own.get(name, ""), uses[name], past.get(name, ())) for name in {*uses, *set_}]
    return tuple(sorted(found, key=lambda one: (not one.missing, one.name)))


def _fact(name: str, row: Row | None, own: str, uses: Iterable[str], past: Iterable[Row]) -> Fact:
    history = tuple(Past(one["value"], one["measure"], one["at"], one["by_name"]) for one in past)
    used_by = tuple(sorted(uses))
    if row is None:
        return Fact(name, fallback=own, used_by=used_by, history=history)
    known = {"changed_at": row["changed_at"], "changed_by_name": row["changed_by_name"]}
    return Fact(name, row["value"], row["measure"], own, used_by=used_by, history=history, **known)


@dataclass(frozen=True, slots=True)
class SetFact:
    """Fill in a local fact of a unit of the person's."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, person: Person, unit: str, name: str, value: str, measure: str = "text", was: str | None = None
    ) -> bool:
        """Return whether that is news; FactMovedError when it is not `was` any more and somebody else changed it."""
        plain, kind = sound(name, value, measure)
        async with self.uow.begin() as work:
            if await work.catalogue.unit(unit) is None:
                raise NotFoundError
            if not allow(person, Action.EDIT_CHECKLISTS, unit):
                raise ForbiddenError
            await work.versions.hold(f"facts {unit}")
            now = (await work.params.values(unit)).get(name, "")
            if was is not None and now not in {was, plain}:
                raise FactMovedError(value=now)
            return await put_facts(work, unit, {name: (plain, kind.value)}, self.clock(), person)


async def put_facts(
    work: Work, unit: str, facts: Mapping[str, tuple[str, str]], now: datetime, person: Person | None
) -> bool:
    """Write values (and their measures) of a unit; the live checklists that use what is new are told anew."""
    by, by_name = (person.id, person.name) if person else ("", "Inläst från fil")
    news = {
        name
        for name, (value, measure) in facts.items()
        if await work.params.put(unit, name, value=value, measure=measure, by=by, by_name=by_name, at=now)
    }
    if news:
        for version in await work.versions.listed(frozenset({unit}), LIVE):
            if news & set(version.checklist.params):
                await tell_record(work, version)
    return bool(news)
