"""The visits of Qmatic: whose they are there, and how far we have followed each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.qmatic import Happened, Said
from services.intake.domain.visit import VisitState
from services.intake.store.database import transaction
from services.intake.store.tables import QMATIC_VISITS, VISITS


@dataclass(frozen=True, slots=True)
class QmaticVisits:
    """The visits in intake's schema."""

    engine: AsyncEngine

    async def hold(self, connection: AsyncConnection, contact_id: str, said: Said) -> tuple[datetime, Happened] | None:
        """Hold a visit until the transaction ends; return the newest that is known of it, None for a new one."""
        row = {"contact_id": contact_id, "branch": said.branch, "visit": said.visit, **_newest(said)}
        fresh = insert(QMATIC_VISITS).values(row).on_conflict_do_nothing().returning(QMATIC_VISITS.c.contact_id)
        if (await connection.execute(fresh)).first():
            return None
        newest = select(QMATIC_VISITS.c.told_at, QMATIC_VISITS.c.happened)
        mine = newest.where(QMATIC_VISITS.c.contact_id == contact_id).with_for_update()
        known = (await connection.execute(mine)).one()
        return known.told_at, Happened(known.happened)

    async def told(self, connection: AsyncConnection, contact_id: str, said: Said) -> None:
        """Note how far we have followed."""
        mine = update(QMATIC_VISITS).where(QMATIC_VISITS.c.contact_id == contact_id)
        await connection.execute(mine.values(**_newest(said)))

    async def waiting(self, branch: str, before: datetime) -> set[str]:
        """Return Orchestra's ids of those who wait here since before a moment."""
        together = QMATIC_VISITS.join(VISITS, VISITS.c.contact_id == QMATIC_VISITS.c.contact_id)
        here = (QMATIC_VISITS.c.branch == branch) & (VISITS.c.state == VisitState.WAITING)
        asked = select(QMATIC_VISITS.c.visit).select_from(together).where(here & (QMATIC_VISITS.c.told_at < before))
        async with transaction(self.engine) as connection:
            return set((await connection.execute(asked)).scalars())

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many."""
        async with transaction(self.engine) as connection:
            return (await connection.execute(delete(QMATIC_VISITS).where(QMATIC_VISITS.c.told_at < moment))).rowcount


def _newest(said: Said) -> dict[str, Any]:
    return {"told_at": said.at, "happened": said.happened.value}
