"""Filling the catalogue from files: every error with its line, nothing half-imported, and only changes published."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from services.casework.domain.checklist import Checklist
from services.casework.domain.deadline import review_by
from services.casework.store.bodies import body_of, record_of
from services.casework.store.catalogue import agent_profile, case_type_record, entrance_record, unit_record
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.usecases.files.catalogue_csv import CaseTypeLine, read_catalogue
from services.casework.usecases.files.checklists_yaml import read_checklists
from services.casework.usecases.files.examples_jsonl import read_examples
from services.casework.usecases.files.lists_yaml import read_entrances, read_people
from shared.clock import Clock
from shared.ids import slug


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


@dataclass(frozen=True, slots=True)
class ImportChecklists:
    """Take in checklists: a changed one is published as its next version, an unchanged one stays."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            known = {tuple(row["path"]): row["id"] for row in await work.catalogue.case_types()}
            units = {row["name"] for row in await work.catalogue.units()}
            checklists = read_checklists(data, known, units)
            published = await work.catalogue.current_versions()
            changed = [await self._publish(work, one, published) for one in checklists]
        return Counts(len(checklists), sum(changed))

    async def _publish(self, work: Work, checklist: Checklist, published: Mapping[str, tuple[int, str]]) -> bool:
        version, old_hash = published.get(checklist.id, (0, ""))
        new_hash = _hash(checklist)
        if new_hash == old_hash:
            return False
        fresh = replace(checklist, version=version + 1)
        now = self.clock()
        review = review_by(now, fresh.review_months)
        moved = await work.catalogue.unname(fresh.id, fresh.case_type)
        named = await work.catalogue.publish_version(fresh, new_hash, now, review)
        work.tell(record_of(fresh, now, review))
        for row in (*moved, named):
            work.tell(case_type_record(row))
        return True


def _hash(checklist: Checklist) -> str:
    return hashlib.sha256(orjson.dumps(body_of(checklist), option=orjson.OPT_SORT_KEYS)).hexdigest()


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
