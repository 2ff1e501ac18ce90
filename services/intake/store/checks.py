"""What the last comparison of each mailbox with the ledger found, and since when one cannot be made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.outcome import Spot
from services.intake.domain.reconciliation import Difference, Kind
from services.intake.store.database import transaction
from services.intake.store.tables import MAIL_CHECKS, MAIL_DIFFERENCES

_AT_ONCE = 1_000
"""Rows of one statement."""


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison: since which day, how much lay in each folder, and what kept it from being made since when."""

    mailbox: str
    checked_at: datetime
    since: date | None = None
    inbox: int = 0
    processed: int = 0
    problem: str | None = None
    problem_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """How many mails of a mailbox and day differ in one way."""

    mailbox: str
    kind: Kind
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Checks:
    """The comparisons in intake's schema."""

    engine: AsyncEngine

    async def write(self, check: Check, differences: Sequence[Difference]) -> None:
        """Put a comparison in the place of the one before; a difference keeps when it was first found."""
        values = {name: getattr(check, name) for name in Check.__slots__}
        done = insert(MAIL_CHECKS).values(values).on_conflict_do_update(index_elements=["mailbox"], set_=values)
        ours = MAIL_DIFFERENCES.c.mailbox == check.mailbox
        over = delete(MAIL_DIFFERENCES).where(ours & MAIL_DIFFERENCES.c.id.not_in([one.id for one in differences]))
        async with transaction(self.engine) as connection:
            await connection.execute(done)
            await connection.execute(over)
            for start in range(0, len(differences), _AT_ONCE):
                page = [_values(one) for one in differences[start : start + _AT_ONCE]]
                await connection.execute(insert(MAIL_DIFFERENCES).values(page).on_conflict_do_nothing())

    async def failed(self, mailbox: str, problem: str, at: datetime) -> None:
        """Note that a mailbox cannot be compared; what was found before stays."""
        first = {"mailbox": mailbox, "checked_at": at, "problem": problem, "problem_since": at}
        since = func.coalesce(MAIL_CHECKS.c.problem_since, at)
        again = {"problem": problem, "problem_since": since}
        write = insert(MAIL_CHECKS).values(first).on_conflict_do_update(index_elements=["mailbox"], set_=again)
        async with transaction(self.engine) as connection:
            await connection.execute(write)

    async def all(self) -> list[Check]:
        """Return the last comparison of each mailbox."""
        async with transaction(self.engine) as connection:
            rows = await connection.execute(select(MAIL_CHECKS).order_by(MAIL_CHECKS.c.mailbox))
        return [Check(**row) for row in rows.mappings()]

    async def counts(self) -> list[Differing]:
        """Return how many mails differ now, by mailbox, kind and day."""
        groups = (MAIL_DIFFERENCES.c.mailbox, MAIL_DIFFERENCES.c.kind, MAIL_DIFFERENCES.c.day)
        async with transaction(self.engine) as connection:
            rows = await connection.execute(select(*groups, func.count()).group_by(*groups))
        return [Differing(mailbox, Kind(kind), day, number) for mailbox, kind, day, number in rows]

    async def differences(self, limit: int = 500) -> list[Difference]:
        """Return what is different now, the oldest first."""
        question = select(MAIL_DIFFERENCES).order_by(MAIL_DIFFERENCES.c.received_at, MAIL_DIFFERENCES.c.id)
        async with transaction(self.engine) as connection:
            return [_difference(row) for row in await connection.execute(question.limit(limit))]

    async def unknown(self, mailbox: str, folder: str, uidvalidity: int) -> list[Difference]:
        """Return what was found in a folder that nobody had taken in."""
        table = MAIL_DIFFERENCES.c
        place = (table.mailbox == mailbox) & (table.folder == folder) & (table.uidvalidity == uidvalidity)
        question = select(MAIL_DIFFERENCES).where(place & (table.kind == Kind.UNKNOWN)).order_by(table.uid)
        async with transaction(self.engine) as connection:
            return [_difference(row) for row in await connection.execute(question)]

    async def difference(self, difference_id: str) -> Difference | None:
        """Return one difference."""
        question = select(MAIL_DIFFERENCES).where(MAIL_DIFFERENCES.c.id == difference_id)
        async with transaction(self.engine) as connection:
            row = (await connection.execute(question)).first()
        return _difference(row) if row else None

    async def repaired(self, difference_id: str) -> None:
        """Forget a difference that is one no more."""
        async with transaction(self.engine) as connection:
            await connection.execute(delete(MAIL_DIFFERENCES).where(MAIL_DIFFERENCES.c.id == difference_id))


def _values(one: Difference) -> dict[str, Any]:
    spot = one.spot
    return {
        "id": one.id,
        "kind": one.kind,
        "mailbox": spot.mailbox,
        "folder": spot.folder,
        "uidvalidity": spot.uidvalidity,
        "uid": spot.uid,
        "day": one.day,
        "received_at": one.received_at,
        "contact_id": one.contact_id,
    }


def _difference(row: Any) -> Difference:
    spot = Spot(row.mailbox, row.uidvalidity, row.uid, row.folder)
    return Difference(Kind(row.kind), spot, row.received_at, row.contact_id, row.found_at)
