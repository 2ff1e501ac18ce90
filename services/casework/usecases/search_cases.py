"""Finding cases by whatever somebody remembers of them: a number, a name, a phone number, words."""

from dataclasses import dataclass

from services.casework.domain.search import Query, read_query
from services.casework.domain.search_hits import Marker
from services.casework.store.search import Found, Seeker
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases import reading, views
from services.casework.usecases.disclosure import disclosed
from services.casework.usecases.protection import protects
from services.casework.usecases.views.search import HitView, SearchView
from shared.clock import Clock
from shared.web.access import ALL_UNITS, Person, visible_units

PAGE = 20
_DISCLOSED = frozenset({"name", "mail", "phone", "field", "reference", "handover"})
"""The kinds of text that another legal person may read of a case that was handed over to it."""
_NAMING = frozenset({"name", "mail", "phone", "reply"})
"""The kinds that say who somebody is who is to be anonymous; a reply greets her by name."""


async def found_rows(
    work: Work, query: Query, seeker: Seeker, clock: Clock, cursor: str | None, limit: int
) -> tuple[Found, list[Row], Query]:
    """Return what a query finds, the rows of the cases in its order, and the query that found them.

    An address that nobody has is looked for as the words it consists of.
    """
    found = await work.search.find(query, seeker, clock(), cursor, limit)
    if not found.ids and not cursor and (loose := query.by_pieces):
        query = loose
        found = await work.search.find(query, seeker, clock(), cursor, limit)
    return found, await rows_of_found(work, found), query


async def rows_of_found(work: Work, found: Found) -> list[Row]:
    """Return the rows of what was found, in its order."""
    rows = {row["id"]: row for row in await work.reads.by_ids(found.ids)}
    return [rows[one] for one in found.ids if one in rows]


def seeker_of(person: Person, state: str | None = None) -> Seeker:
    """Return what bounds a person's search."""
    return Seeker(visible_units(person), person.units - {ALL_UNITS}, person.id, state)


@dataclass(frozen=True, slots=True)
class SearchCases:
    """Find the cases that a person may see, best first, and say why each was found."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, person: Person, text: str, *, state: str | None = None, cursor: str | None = None, limit: int = PAGE
    ) -> SearchView:
        """Return one page of hits; a cursor is only good for the same text."""
        query = read_query(text)
        if not (query.terms or query.numbers or query.phone):
            return SearchView((), None, personal_number=query.personal_number, empty=True)
        async with self.uow.read() as work:
            found, rows, query = await found_rows(work, query, seeker_of(person, state), self.clock, cursor, limit)
            texts = await work.index.parts([row["id"] for row in rows]) if rows else []
            unread = await disclosed(work, rows, person)
        nameless = {row["id"] for row in rows if row["anonymous"]}
        parts: dict[str, list[tuple[str, str]]] = {}
        for part in texts:
            if part["case_id"] in unread and part["kind"] not in _DISCLOSED:
                continue
            if part["case_id"] in nameless and part["kind"] in _NAMING:
                continue
            parts.setdefault(part["case_id"], []).append((part["kind"], part["body"]))
        marker = Marker(query)
        hits = [_hit(marker, row, parts.get(row["id"], []), row["id"] in found.near, person) for row in rows]
        return SearchView(tuple(hits), found.next, found.unknown, query.personal_number)


def _hit(marker: Marker, row: Row, parts: list[tuple[str, str]], near: bool, person: Person) -> HitView:
    listed = reading.case_row(row, hidden=protects(row, person))
    return HitView(listed, marker.why(row["number"], [*parts, ("type", listed.question)], slips=near), near)


@dataclass(frozen=True, slots=True)
class ListFound:
    """The same as a plain list of cases: what the API gives."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, text: str, state: str | None, cursor: str | None, limit: int) -> views.CasePage:
        """Return one page; without a text all cases that the person may see, the newest first."""
        query, seeker = read_query(text), seeker_of(person, state)
        async with self.uow.read() as work:
            if text:
                found, rows, _ = await found_rows(work, query, seeker, self.clock, cursor, limit)
            else:
                found = await work.search.newest(seeker, self.clock(), cursor, limit)
                rows = await rows_of_found(work, found)
        listed = (reading.case_row(row, hidden=protects(row, person)) for row in rows)
        return views.CasePage(tuple(listed), found.next)
