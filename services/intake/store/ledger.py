"""The ledger of mails: a line for every mail seen, before it is moved, and never two that claim one contact.

Which of two mails of one contact came first is decided here, by a unique index, whoever reads them at the same time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.outcome import Entry, Line, Outcome, Spot
from services.intake.store.database import transaction
from services.intake.store.tables import MAILS

__all__ = ["Count", "Ledger", "Line"]

_PLACE = (MAILS.c.mailbox, MAILS.c.folder, MAILS.c.uidvalidity, MAILS.c.uid)


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
        async with transaction(self.engine) as connection:
            await _renumber(connection, ordered)
            await _insert(connection, ordered)  # of each contact the first stays, by the unique index …
            await _insert(connection, [replace(one, outcome=Outcome.DUPLICATE) for one in ordered])  # … and the rest
            places = [_place(one.spot) for one in ordered]
            rows = await connection.execute(select(*_PLACE, MAILS.c.outcome).where(tuple_(*_PLACE).in_(places)))
        return {_spot(row): Outcome(row.outcome) for row in rows}

    async def moved(self, spots: Collection[Spot], at: datetime) -> None:
        """Note that mails lie among the processed now."""
        if spots:
            places = sorted(_place(spot) for spot in spots)
            here = tuple_(*_PLACE).in_(places) & MAILS.c.moved_at.is_(None)
            async with transaction(self.engine) as connection:
                await connection.execute(update(MAILS).where(here).values(moved_at=at))

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

    async def not_moved(self, mailbox: str) -> list[Line]:
        """Return what has an outcome and, as far as is known, lies in the inbox still."""
        return await self._lines((MAILS.c.mailbox == mailbox) & MAILS.c.moved_at.is_(None))

    async def since(self, mailbox: str, day: date) -> list[Line]:
        """Return what a mailbox got since a day."""
        return await self._lines((MAILS.c.mailbox == mailbox) & (MAILS.c.day >= day))

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
    who = (MAILS.c.mailbox, MAILS.c.folder, MAILS.c.contact_id)
    wanted = [(one.spot.mailbox, one.spot.folder, one.contact_id) for one in entries]
    lying = select(*_PLACE, MAILS.c.contact_id).where(tuple_(*who).in_(wanted) & MAILS.c.moved_at.is_(None))
    found = list(await connection.execute(lying.order_by(MAILS.c.seen_at).with_for_update()))
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


async def _insert(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    await connection.execute(insert(MAILS).values([_values(one) for one in entries]).on_conflict_do_nothing())


def _values(entry: Entry) -> dict[str, Any]:
    spot = entry.spot
    return {
        "mailbox": spot.mailbox,
        "folder": spot.folder,
        "uidvalidity": spot.uidvalidity,
        "uid": spot.uid,
        "day": entry.day,
        "received_at": entry.received_at,
        "message_hash": entry.message_hash,
        "contact_id": entry.contact_id,
        "outcome": entry.outcome,
        "why": entry.why,
    }


def _place(spot: Spot) -> tuple[str, str, int, int]:
    return (spot.mailbox, spot.folder, spot.uidvalidity, spot.uid)


def _spot(row: Any) -> Spot:
    return Spot(row.mailbox, row.uidvalidity, row.uid, row.folder)


def _at(spot: Spot) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(_PLACE, _place(spot), strict=True)))


def _line(row: Any) -> Line:
    entry = Entry(_spot(row), row.received_at, row.contact_id, row.message_hash, Outcome(row.outcome), row.why)
    return Line(entry, row.seen_at, row.moved_at)
