"""The calls that came while Kafka was silent, in intake's outbox."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import OUTBOX
from shared.events import ContactReceived


@dataclass(frozen=True, slots=True)
class Spool:
    """What of the outbox is a contact that came in."""

    engine: AsyncEngine

    async def is_empty(self) -> bool:
        """Say whether every contact that was spooled is in Kafka."""
        waiting = select(exists().where(OUTBOX.c.type == ContactReceived.event_type))
        async with transaction(self.engine) as connection:
            return not await connection.scalar(waiting)
