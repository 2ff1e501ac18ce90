"""The directory: taken in from a file after its report, found by what one types, and who is away set by hand.

What somebody looks up is kept nowhere: not with the citizen's case, not in a log.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import orjson

from services.casework.domain.directory import Entry, asked_terms
from services.casework.domain.search import read_query
from services.casework.store.directory import entry_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.files.directory_csv import read_directory
from services.casework.usecases.views.directory import ChangedEntry, EntryView, Report, StandIn
from shared.clock import Clock, local
from shared.errors import DomainError, FieldError, NotFoundError

FOUND = 8
"""Hits that a search returns unless it asks for fewer."""
_AWAY = ("away_until", "stand_in")
_REPORTED = ("kind", *(name for name in Entry.__dataclass_fields__ if name not in {"id", "kind"}))


class ReportChangedError(DomainError):
    """Between the report and the word to take the file in the directory has changed, or the file is gone."""

    type = "report-changed"
    status = 409
    title = "Katalogen har ändrats sedan rapporten. Läs upp filen en gång till."


class AwayFactsError(DomainError):
    """What is said of somebody's absence does not fit together; `errors` say where."""

    type = "away-facts"
    status = 422
    title = "Något om frånvaron stämmer inte."


NO_STAND_IN = "Ersättaren finns inte i katalogen."
OWN_STAND_IN = "Ingen kan ersätta sig själv."
PAST_DAY = "Dagen har redan varit."
TEXTS = (NO_STAND_IN, OWN_STAND_IN, PAST_DAY)
"""The Swedish texts of this module, for the test of the translations."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a file would do: lines to write, ids to hide, and what is said of it."""

    rows: Sequence[dict[str, Any]]
    gone: Sequence[str]
    report: Report


@dataclass(frozen=True, slots=True)
class ImportDirectory:
    """Take a file in as a sync: what is not in it is hidden. Nothing is done before its report has been seen."""

    uow: UnitOfWork
    clock: Clock

    async def report(self, data: bytes, by: str = "") -> Report:
        """Return what a file would do, and keep it for `by`; RejectedFileError with everything that is wrong."""
        async with self.uow.begin() as work:
            plan = await _plan(work, data)
            if by:
                await work.directory.keep_file(by, data, self.clock())
        return plan.report

    async def run(self, data: bytes, seen: str = "") -> Report:
        """Do it; ReportChangedError when `seen` is the mark of another report than that of now."""
        async with self.uow.begin() as work:
            return await self._run(work, data, seen)

    async def take(self, by: str, seen: str) -> Report:
        """Do what the kept file of an administrator says."""
        async with self.uow.begin() as work:
            data = await work.directory.take_file(by, self.clock())
            if data is None:
                raise ReportChangedError
            return await self._run(work, data, seen)

    async def _run(self, work: Work, data: bytes, seen: str) -> Report:
        await work.directory.hold()
        plan = await _plan(work, data)
        if seen and seen != plan.report.mark:
            raise ReportChangedError
        await work.directory.put(plan.rows)
        if plan.gone:
            await work.directory.hide(plan.gone, self.clock())
        units = {row["id"]: row["name"] for row in await work.catalogue.units()}
        await work.directory.index([entry_of(row) for row in plan.rows], units)
        return plan.report


async def _plan(work: Work, data: bytes) -> _Plan:
    units = {row["name"]: row["id"] for row in await work.catalogue.units()}
    entries = read_directory(data, units)
    before = {row["id"]: row for row in await work.directory.all()}
    names = {row["id"]: row["name"] for row in before.values()} | {one.id: one.name for one in entries}
    rows, added, changed = [], [], []
    for entry in entries:
        line, old = _line(entry), before.get(entry.id)
        if old is None or old["gone_at"]:
            rows.append(_row(entry, line))
            added.append(entry.name)
        elif other := [name for name in _REPORTED if line[name] != old["imported"].get(name)]:
            rows.append(_row(entry, line, old if not set(other) & set(_AWAY) else None))
            changed.append(ChangedEntry(entry.name, tuple(other)))
    here = {entry.id for entry in entries}
    gone = [row["id"] for row in before.values() if not row["gone_at"] and row["id"] not in here]
    told = {"rows": [row["imported"] | {"id": row["id"]} for row in rows], "gone": gone}
    mark = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
    called = tuple(sorted(names[one] for one in gone))
    return _Plan(rows, gone, Report(len(entries), tuple(sorted(added)), tuple(changed), called, mark))


def _line(entry: Entry) -> dict[str, Any]:
    """Return an entry as the file has it, as JSON can say it."""
    plain = {name: value for name, value in asdict(entry).items() if name != "id"}
    until = entry.away_until.isoformat() if entry.away_until else None
    return plain | {"kind": entry.kind.value, "keywords": list(entry.keywords), "away_until": until}


def _row(entry: Entry, line: Mapping[str, Any], old: Row | None = None) -> dict[str, Any]:
    """Return the row of an entry; what was set by hand (in `old`) stays unless the file says something new of it."""
    away = {name: old[name] for name in _AWAY} if old else {"away_until": entry.away_until, "stand_in": entry.stand_in}
    return {**line, "id": entry.id, **away, "imported": dict(line), "gone_at": None}


@dataclass(frozen=True, slots=True)
class ReadDirectory:
    """Find who a caller asks for; everybody who works here may."""

    uow: UnitOfWork
    clock: Clock

    async def find(self, text: str, limit: int = FOUND) -> tuple[EntryView, ...]:
        """Return the best hits of what somebody is typing; none for a single letter or a personnummer."""
        query = read_query(text)
        if query.personal_number:
            return ()
        asked = asked_terms(query.terms, query.phone)
        if not asked:
            return ()
        async with self.uow.read() as work:
            return await self._views(work, await work.directory.find(asked, limit))

    async def one(self, entry_id: str) -> EntryView:
        """Return an entry; NotFoundError when it is not there, or no longer."""
        async with self.uow.read() as work:
            row = await work.directory.entry(entry_id)
            if row is None:
                raise NotFoundError
            return (await self._views(work, [row]))[0]

    async def away(self) -> tuple[EntryView, ...]:
        """Return who is away today, by name."""
        async with self.uow.read() as work:
            return await self._views(work, await work.directory.away(self._today()))

    async def count(self) -> int:
        """Return how many there are."""
        async with self.uow.read() as work:
            return await work.directory.count()

    async def _views(self, work: Work, rows: Sequence[Row]) -> tuple[EntryView, ...]:
        if not rows:
            return ()
        units = {row["id"]: row["name"] for row in await work.catalogue.units()}
        meant = {row["stand_in"] for row in rows} - {""}
        stand_ins = await work.directory.present(meant) if meant else {}
        today = self._today()
        return tuple(_view(entry_of(row), units, stand_ins, today) for row in rows)

    def _today(self) -> date:
        return local(self.clock()).date()


def _view(entry: Entry, units: Mapping[str, str], stand_ins: Mapping[str, Row], today: date) -> EntryView:
    away = entry.away(today)
    other = entry_of(stand_ins[entry.stand_in]) if away and entry.stand_in in stand_ins else None
    return EntryView(
        id=entry.id,
        kind=entry.kind,
        name=entry.name,
        title=entry.title,
        unit=entry.unit,
        unit_name=units.get(entry.unit, entry.unit),
        **entry.shown,
        keywords=entry.keywords,
        protected=entry.protected,
        dials=entry.dials,
        away_until=entry.away_until if away else None,
        stand_in=StandIn(other.id, other.name, other.dials, other.away(today)) if other else None,
    )


@dataclass(frozen=True, slots=True)
class SetEntryAway:
    """Say by hand that somebody in the directory is away; the next file changes that only if it says something new."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, entry_id: str, until: date | None, stand_in: str = "") -> None:
        """Set the last day away and the stand-in; no day is here again."""
        async with self.uow.begin() as work:
            await work.directory.hold()
            if await work.directory.entry(entry_id) is None:
                raise NotFoundError
            wrong = []
            if until is not None and until < local(self.clock()).date():
                wrong.append(FieldError("/until", PAST_DAY))
            if stand_in == entry_id:
                wrong.append(FieldError("/stand_in", OWN_STAND_IN))
            elif stand_in and await work.directory.entry(stand_in) is None:
                wrong.append(FieldError("/stand_in", NO_STAND_IN))
            if wrong:
                raise AwayFactsError(errors=wrong)
            await work.directory.set_away(entry_id, until, stand_in if until else "")
