"""Filling the catalogue from files: every error with its line, nothing half-imported, and only changes published."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.casework.domain.checklist import Checklist
from services.casework.domain.deadline import review_by
from services.casework.domain.lifecycle import Act, InWorkError, Phase, Version
from services.casework.store.catalogue import agent_profile, case_type_record, entrance_record, unit_record
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.store.versions import hash_of
from services.casework.usecases.checklists.acting import acted, noted
from services.casework.usecases.checklists.going_live import step_aside, tell_live
from services.casework.usecases.checklists.local_facts import put_facts
from services.casework.usecases.checklists.write import begin
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.usecases.files.catalogue_csv import CaseTypeLine, read_catalogue
from services.casework.usecases.files.checklists_yaml import Known, read_checklists, read_lines
from services.casework.usecases.files.examples_jsonl import read_examples
from services.casework.usecases.files.lists_yaml import read_entrances, read_people
from services.casework.usecases.files.params_yaml import read_params
from shared.clock import Clock
from shared.errors import ForbiddenError
from shared.ids import slug
from shared.web.access import Action, Person, allow


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import did: how many the file held, how many of them were news."""

    read: int
    changed: int


@dataclass(frozen=True, slots=True)
class ImportCatalogue:
    """Take in case types and their units; what the file does not name stays as it is."""

    uow: UnitOfWork
    mail_domain: str

    async def run(self, data: bytes) -> Counts:
        """Import a CSV file."""
        lines = read_catalogue(data)
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            named = any(line.handover_address for line in lines)
            changed_units = await work.catalogue.put_units(self._units(lines), overwrite=named)
            changed = await work.catalogue.put_case_types([_case_type(line) for line in lines])
            for row in changed_units:
                work.tell(unit_record(row))
            for row in changed:
                work.tell(case_type_record(row))
        return Counts(len(lines), len(changed))

    def _units(self, lines: Sequence[CaseTypeLine]) -> list[dict[str, Any]]:
        found = {}
        for line in lines:
            unit = slug(line.unit)
            address = line.handover_address or f"{unit}@{self.mail_domain}"
            found[unit] = {"id": unit, "name": line.unit, "handover_address": address}
        return list(found.values())


def _case_type(line: CaseTypeLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "path": list(line.path),
        "unit": slug(line.unit),
        "area": line.area,
        "question": line.question,
        "typical_outcome": line.typical_outcome,
        "share": line.share,
    }


async def _known(work: Work) -> tuple[Known, dict[str, str]]:
    """Return case types by path, and the ids of units by name."""
    await work.catalogue.hold()
    known = {tuple(row["path"]): row["id"] for row in await work.catalogue.case_types()}
    return known, {row["name"]: row["id"] for row in await work.catalogue.units()}


@dataclass(frozen=True, slots=True)
class ImportChecklists:
    """Take in checklists and publish them unread: a changed one is its next version, an unchanged one stays.

    For a demonstration, a test, or a house that has decided about them elsewhere; otherwise `ImportDrafts`.
    """

    uow: UnitOfWork
    clock: Clock

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            known, units = await _known(work)
            checklists = read_checklists(data, known, units)
            now = self.clock()
            changed = [await self._publish(work, one, units[one.owner_unit], now) for one in checklists]
        return Counts(len(checklists), sum(changed))

    async def _publish(self, work: Work, checklist: Checklist, unit: str, now: datetime) -> bool:
        await work.versions.hold(checklist.id)
        old = await work.versions.live(checklist.id)
        if old is not None and hash_of(old.checklist) == hash_of(checklist):
            return False
        fresh = Version(
            replace(checklist, version=await work.versions.next_number(checklist.id)),
            Phase.PUBLISHED,
            unit,
            based_on=old.number if old else None,
            changed_at=now,
            published_at=now,
            review_by=review_by(now, checklist.review_months),
            current=True,
        )
        await step_aside(work, fresh, now)
        await work.versions.add(fresh)
        await noted(work, fresh, "import", None, now)
        await tell_live(work, fresh)
        return True


@dataclass(frozen=True, slots=True)
class ImportDrafts:
    """Take in checklists as drafts that are marked as examples: nothing is published that nobody has read."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, data: bytes, person: Person | None = None) -> Counts:
        """Import a YAML file; a checklist that somebody works on is an error, one that is live so already stays.

        `person` has to be one who may write for every unit in it, and is the author.
        """
        async with self.uow.begin() as work:
            known, units = await _known(work)
            lines = read_lines(data, known, units)
            now, errors, changed = self.clock(), [], 0
            for line, one in lines:
                try:
                    changed += await self._draft(work, one, units[one.owner_unit], person or _FILE, now)
                except InWorkError as error:
                    number = error.params["version"]
                    errors.append(LineError(line, f"Någon arbetar redan med {one.id}, version {number}."))
                except ForbiddenError:
                    errors.append(
                        LineError(line, f"Du får inte skriva checklistan {one.id}: den är en annan verksamhets.")
                    )
            if errors:
                raise RejectedFileError(errors)
        return Counts(len(lines), changed)

    async def _draft(self, work: Work, checklist: Checklist, unit: str, person: Person, now: datetime) -> bool:
        await work.versions.hold(checklist.id)
        working, live = await work.versions.in_work(checklist.id), await work.versions.live(checklist.id)
        owners = {unit, *(one.unit for one in (working, live) if one is not None)}
        if person is not _FILE and not all(allow(person, Action.EDIT_CHECKLISTS, one) for one in owners):
            raise ForbiddenError
        if hash_of(checklist) in {hash_of(one.checklist) for one in (working, live) if one is not None}:
            return False
        if working is None:
            await begin(work, checklist, unit, person, now, example=True)
            return True
        if not working.example or working.phase is not Phase.DRAFT:
            raise InWorkError(version=working.number)
        written = replace(working, checklist=replace(checklist, version=working.number), unit=unit)
        hers: dict[str, Any] = {"author": person.id, "author_name": person.name}
        await acted(work, written, Act.WRITE, person, now, content=True, **hers)
        return True


_FILE = Person("", "Inläst från fil", frozenset(), frozenset())
"""Who has written what a file says."""


@dataclass(frozen=True, slots=True)
class ImportParams:
    """Take in local facts of units; what the file does not name stays as it is."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            _, units = await _known(work)
            facts = read_params(data, units)
            before = {unit: dict(await work.params.values(unit)) for unit in facts}
            for unit, mine in facts.items():
                await put_facts(work, unit, mine, self.clock(), None)
        pairs = [(before[unit].get(name), value) for unit, mine in facts.items() for name, (value, _) in mine.items()]
        return Counts(len(pairs), sum(old != new for old, new in pairs))


@dataclass(frozen=True, slots=True)
class ImportExamples:
    """Take in how residents put each case type; what matching starts from."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a JSON-lines file, plain or gzipped."""
        lines = read_examples(data)
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            known = {row["id"] for row in await work.catalogue.case_types()}
            errors = [
                LineError(one.line, f"Okänd ärendetyp: {one.path}") for one in lines if one.case_type not in known
            ]
            if errors:
                raise RejectedFileError(errors)
            by_type: dict[str, list[str]] = defaultdict(list)
            for one in lines:
                by_type[one.case_type].append(one.text)
            changed = await work.catalogue.put_examples(by_type)
            for row in changed:
                work.tell(case_type_record(row))
        return Counts(len(lines), len(changed))


@dataclass(frozen=True, slots=True)
class ImportEntrances:
    """Take in numbers, addresses, forms and desks."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            units = {row["name"]: row["id"] for row in await work.catalogue.units()}
            known = {" | ".join(row["path"]): row["id"] for row in await work.catalogue.case_types()}
            rows = read_entrances(data, units, known)
            changed = await work.catalogue.put_entrances(rows)
            for row in changed:
                work.tell(entrance_record(row))
        return Counts(len(rows), len(changed))


@dataclass(frozen=True, slots=True)
class ImportPeople:
    """Take in people; those who are agents are told to the router."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            rows = read_people(data, {row["name"]: row["id"] for row in await work.catalogue.units()})
            changed = await work.catalogue.put_people(rows)
            for row in changed:
                work.tell(agent_profile(row))
        return Counts(len(rows), len(changed))
