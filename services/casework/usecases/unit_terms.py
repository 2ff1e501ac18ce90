"""The terms of units: read, set by an administrator, taken in from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from services.casework.domain.unit_terms import FIELDS, terms_of
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files.unit_terms_yaml import read_unit_terms
from services.casework.usecases.imports import Counts
from shared.errors import NotFoundError
from shared.web.access import Action, Person, allow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TermsView:
    """How a unit works with what it gets."""

    unit: str
    calendar: dict[str, Any]
    """As docs/deadlines.md says it; what is not named is as usual."""
    delivery_times: tuple[str, ...]
    """When it is handed what is not urgent; empty is at once."""
    has_login: bool
    """Whether its officers use the inbox; otherwise they get signed links by mail."""
    escalation_address: str
    """Who is told when a promise was broken; empty is the unit's own address."""
    sender_name: str
    sender_address: str
    repeat_days: int
    """Within so many days the same person on the same case type has not been solved in the first contact."""
    webhook_url: str | None
    """Only an administrator sees it."""


@dataclass(frozen=True, slots=True)
class ReadUnitTerms:
    """Read the terms of a unit."""

    uow: UnitOfWork

    async def run(self, unit: str, person: Person) -> TermsView:
        """Return them, as usual where the unit has said nothing; NotFoundError when there is no such unit."""
        async with self.uow.read() as work:
            if await work.catalogue.unit(unit) is None:
                raise NotFoundError
            terms = dict(await work.unit_terms.of(unit))
        return _view(unit, terms, person)


@dataclass(frozen=True, slots=True)
class SetUnitTerms:
    """Set the terms of a unit, all of them: what is left out is as usual."""

    uow: UnitOfWork

    async def run(self, unit: str, given: Mapping[str, Any], person: Person) -> TermsView:
        """Return them as they are kept; NotFoundError, BadTermsError. Promises that were given stay as they are."""
        terms = terms_of(given)
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            if await work.catalogue.unit(unit) is None:
                raise NotFoundError
            await work.unit_terms.set(unit, **terms)
        log.info("unit_terms_set", unit=unit, by=person.id)
        return _view(unit, terms, person)


def _view(unit: str, terms: Mapping[str, Any], person: Person) -> TermsView:
    stated = {name: terms[name] for name in FIELDS}
    seen = stated["webhook_url"] if allow(person, Action.ADMIN) else None
    return TermsView(**{**stated, "unit": unit, "delivery_times": tuple(terms["delivery_times"]), "webhook_url": seen})


@dataclass(frozen=True, slots=True)
class ImportUnitTerms:
    """Take in the terms of units; those of units that the file does not name stay."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            rows = read_unit_terms(data, {row["name"]: row["id"] for row in await work.catalogue.units()})
            before = await work.unit_terms.all()
            changed = [row for row in rows if dict(before.get(row["unit"], {})) != row]
            for row in changed:
                await work.unit_terms.set(row["unit"], **{name: row[name] for name in FIELDS})
        return Counts(len(rows), len(changed))
