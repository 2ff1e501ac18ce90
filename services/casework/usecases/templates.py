"""Templates of replies: taken in from a file, listed, and those that fit a case with their fields filled in."""

from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files.templates_yaml import read_templates
from services.casework.usecases.imports import Counts
from services.casework.usecases.reply_draft import Drafted, TemplateView
from shared.clock import Clock
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class ImportTemplates:
    """Take in templates; what the file does not name stays as it is."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            units = {row["name"]: row["id"] for row in await work.catalogue.units()}
            types = {" | ".join(row["path"]): row["id"] for row in await work.catalogue.case_types()}
            now = self.clock()
            rows = [{**row, "changed_at": now} for row in read_templates(data, units, types)]
            changed = await work.templates.put(rows)
        return Counts(len(rows), len(changed))


@dataclass(frozen=True, slots=True)
class ReadTemplates:
    """List templates: all of them as they are written, or those that fit a case as they would read there."""

    uow: UnitOfWork
    drafted: Drafted

    async def run(self) -> tuple[TemplateView, ...]:
        """Return every template in use, with its fields in braces."""
        async with self.uow.read() as work:
            rows = await work.templates.living()
        names = ("id", "name", "kind", "language", "unit", "case_type", "subject", "body")
        return tuple(TemplateView(**{name: row[name] for name in names}) for row in rows)

    async def fitting(self, number: str, person: Person, kind: str) -> tuple[TemplateView, ...]:
        """Return the templates that fit a case, most specific first, filled in; blanks are marked."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            return await self.drafted.templates(work, case, person, kind)
