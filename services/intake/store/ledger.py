"""The ledger of mails: a line for every mail seen, before it is moved, and never two that claim one contact.

Which of two mails of one contact came first is decided here, by a unique index, whoever reads them at the same time.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, TableValuedAlias, and_, any_, bindparam, column, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.outcome import Entry, Line, Outcome, Spot
from services.intake.store.database import transaction
from services.intake.store.tables import MAILS

__all__ = ["Count", "Ledger", "Line"]

PAGE = 1_000
"""Lines that are in memory at the same time while many are gone through."""
_PLACE = (MAILS.c.mailbox, MAILS.c.folder, MAILS.c.uidvalidity, MAILS.c.uid)
_WRITTEN = (*_PLACE, MAILS.c.day, MAILS.c.received_at, MAILS.c.message_hash, MAILS.c.contact_id, MAILS.c.why)


def _array(name: str) -> Any:
    return bindparam(f"all_{name}", type_=ARRAY(MAILS.c[name].type))


def _rows(*names: str) -> TableValuedAlias:
    """Rows that come as an array for each column: the same statement however many they are, so it is compiled once."""
    columns = (column(name, MAILS.c[name].type) for name in names)
    return func.unnest(*map(_array, names)).table_valued(*columns).render_derived(name="given")


def _here(rows: TableValuedAlias) -> ColumnElement[bool]:
    return and_(*(one == rows.c[one.name] for one in _PLACE))


_PLACES = _rows(*(one.name for one in _PLACE))
_LINES = _rows(*(one.name for one in _WRITTEN), "outcome")
_INSERT = (
    insert(MAILS).from_select([*(one.name for one in _WRITTEN), "outcome"], select(_LINES)).on_conflict_do_nothing()
)
_FIND = select(*_PLACE, MAILS.c.outcome).where(_here(_PLACES))
_MOVED = update(MAILS).where(_here(_PLACES) & MAILS.c.moved_at.is_(None)).values(moved_at=bindparam("at"))
_LYING = (
    select(*_PLACE, MAILS.c.contact_id)
    .where(
        (MAILS.c.mailbox == any_(_array("mailbox")))
        & (MAILS.c.contact_id == any_(_array("contact_id")))
        & MAILS.c.moved_at.is_(None)
    )
    .order_by(MAILS.c.seen_at)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many mails of a mailbox and day came to an outcome."""

    mailbox: str
    day: date
    outcome: Outcome
    count: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger in intake's schema."""

    engine: AsyncEngine

    async def write(self, entries: Sequence[Entry]) -> dict[Spot, Outcome]:
        """Write what is new; return what became of each mail. A mail read again keeps what was written."""
        if not entries:
            return {}
        ordered = sorted(entries, key=lambda one: (one.contact_id, one.spot.mailbox, one.spot.uid))
        places = _arrays([one.spot for one in ordered])
        lines = places | {
            "all_day": [one.day for one in ordered],
            "all_received_at": [one.received_at for one in ordered],
            "all_message_hash": [one.message_hash for one in ordered],
            "all_contact_id": [one.contact_id for one in ordered],
            "all_why": [one.why for one in ordered],
        }
        outcomes = [one.outcome for one in ordered]
        async with transaction(self.engine) as connection:
            await _renumber(connection, ordered)
            # Of each contact the first stays, by the unique index …
            new = await connection.execute(_INSERT, lines | {"all_outcome": outcomes})
            if new.rowcount == len(ordered):
                return {one.spot: one.outcome for one in ordered}
            # … and the rest are repetitions, or were written before.
            await connection.execute(_INSERT, lines | {"all_outcome": [Outcome.DUPLICATE] * len(ordered)})
            rows = await connection.execute(_FIND, places)
        return {_spot(row): Outcome(row.outcome) for row in rows}

    async def moved(self, spots: Collection[Spot], at: datetime) -> None:
        """Note that mails lie among the processed now."""
        if spots:
            async with transaction(self.engine) as connection:
                await connection.execute(_MOVED, _arrays(sorted(spots, key=_place)) | {"at": at})

    async def settle(self, entry: Entry, *, spot: Spot) -> None:
        """Write what a mail in quarantine has become, at the place where it stands."""
        values = {"contact_id": entry.contact_id, "message_hash": entry.message_hash}
        first = update(MAILS).where(_at(spot)).values(**values, outcome=entry.outcome, why=entry.why)
        taken = select(MAILS.c.uid).where(
            (MAILS.c.contact_id == entry.contact_id) & (MAILS.c.outcome != Outcome.DUPLICATE) & ~_at(spot)
        )
        async with transaction(self.engine) as connection:
            another = (await connection.execute(taken)).first()
            await connection.execute(first.values(outcome=Outcome.DUPLICATE) if another else first)

    async def of_contact(self, contact_id: str) -> Line | None:
        """Return the first mail of a contact."""
        first = (MAILS.c.contact_id == contact_id) & (MAILS.c.outcome != Outcome.DUPLICATE)
        found = await self._lines(first)
        return found[0] if found else None

    async def lying(self, mailbox: str, uidvalidity: int) -> frozenset[int]:
        """Return the numbers of what has an outcome and, as far as is known, lies in the inbox still."""
        here = (MAILS.c.mailbox == mailbox) & (MAILS.c.folder == "") & (MAILS.c.uidvalidity == uidvalidity)
        question = select(MAILS.c.uid).where(here & MAILS.c.moved_at.is_(None))
        async with transaction(self.engine) as connection:
            return frozenset((await connection.scalars(question)).all())

    async def pages(self, mailbox: str, day: date) -> AsyncGenerator[list[Line], None]:
        """Yield what a mailbox got since a day, and of earlier days what lies in the inbox still, some at a time."""
        mine, recent = MAILS.c.mailbox == mailbox, MAILS.c.day >= day
        for which in (mine & recent, mine & ~recent & MAILS.c.moved_at.is_(None)):
            async with transaction(self.engine) as connection:
                rows = await connection.stream(select(MAILS).where(which))
                async for page in rows.partitions(PAGE):
                    yield [_line(row) for row in page]

    async def quarantined(self, limit: int = 200) -> list[Line]:
        """Return what is in quarantine, newest first."""
        return await self._lines(MAILS.c.outcome == Outcome.QUARANTINED, limit=limit)

    async def counts(self, first: date, last: date) -> list[Count]:
        """Return how many mails came to each outcome, by mailbox and day, newest day first."""
        groups = (MAILS.c.mailbox, MAILS.c.day, MAILS.c.outcome)
        question = select(*groups, func.count()).where(MAILS.c.day.between(first, last)).group_by(*groups)
        async with transaction(self.engine) as connection:
            rows = await connection.execute(question.order_by(MAILS.c.day.desc(), MAILS.c.mailbox))
        return [Count(mailbox, day, Outcome(outcome), number) for mailbox, day, outcome, number in rows]

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many. What lies in the inbox or in quarantine stays."""
        old = (MAILS.c.seen_at < moment) & MAILS.c.moved_at.is_not(None) & (MAILS.c.outcome != Outcome.QUARANTINED)
        async with transaction(self.engine) as connection:
            return (await connection.execute(delete(MAILS).where(old))).rowcount

    async def _lines(self, which: ColumnElement[bool], *, limit: int | None = None) -> list[Line]:
        question = select(MAILS).where(which).order_by(MAILS.c.seen_at.desc()).limit(limit)
        async with transaction(self.engine) as connection:
            return [_line(row) for row in await connection.execute(question)]


async def _renumber(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Give a mail that lies where it lay its new number after UIDVALIDITY changed: it is not another one."""
    wanted = {
        "all_mailbox": sorted({one.spot.mailbox for one in entries}),
        "all_contact_id": [one.contact_id for one in entries],
    }
    found = list(await connection.execute(_LYING, wanted))
    for one in entries:
        old = next((row for row in found if row.contact_id == one.contact_id and _renumbered(row, one.spot)), None)
        if old is not None:
            found.remove(old)
            number = {"uidvalidity": one.spot.uidvalidity, "uid": one.spot.uid}
            free = ~select(MAILS.c.uid).where(_at(one.spot)).exists().correlate(None)
            await connection.execute(update(MAILS).where(_at(_spot(old)) & free).values(**number))


def _renumbered(row: Any, spot: Spot) -> bool:
    there = (row.mailbox, row.folder) == (spot.mailbox, spot.folder)
    return there and row.uidvalidity != spot.uidvalidity


def _arrays(spots: Sequence[Spot]) -> dict[str, Any]:
    columns = list(zip(*map(_place, spots), strict=True))
    return {f"all_{one.name}": list(values) for one, values in zip(_PLACE, columns, strict=True)}


def _place(spot: Spot) -> tuple[str, str, int, int]:
    return (spot.mailbox, spot.folder, spot.uidvalidity, spot.uid)


def _spot(row: Any) -> Spot:
    return Spot(row.mailbox, row.uidvalidity, row.uid, row.folder)


def _at(spot: Spot) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(_PLACE, _place(spot), strict=True)))


def _line(row: Any) -> Line:
    entry = Entry(_spot(row), row.received_at, row.contact_id, row.message_hash, Outcome(row.outcome), row.why)
    return Line(entry, row.seen_at, row.moved_at)
