"""Who has answered a call of an exchange, as it last said: the same again is no news, and a later one is later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.exchange import ELSEWHERE, after
from services.intake.store.database import transaction
from services.intake.store.tables import CALLS, EXCHANGE_ANSWERS, OUTBOX
from shared import outbox
from shared.publish import Message


@dataclass(frozen=True, slots=True)
class ExchangeAnswers:
    """The answers in intake's schema."""

    engine: AsyncEngine

    async def answered(self, call_id: str, who: str, now: datetime, told: Callable[[datetime], Message]) -> bool:
        """Note who has a call now and say so, unless that is known or the call is over; return whether it was news.

        The time of talking begins with the first of our agents, else with whoever answered.
        """
        async with transaction(self.engine) as connection:
            open_call = select(CALLS.c.connected_at).where(CALLS.c.call_id == call_id, CALLS.c.ended_at.is_(None))
            call = (await connection.execute(open_call.with_for_update())).one_or_none()
            known = select(EXCHANGE_ANSWERS).where(EXCHANGE_ANSWERS.c.call_id == call_id)
            last = (await connection.execute(known)).one_or_none()
            if call is None or (last is not None and last.who == who):
                return False
            at = after(now, last.answered_at if last else None)
            said = {"who": who, "answered_at": at}
            write = insert(EXCHANGE_ANSWERS).values(call_id=call_id, **said)
            await connection.execute(write.on_conflict_do_update(index_elements=["call_id"], set_=said))
            if call.connected_at is None or (last is not None and last.who == ELSEWHERE):
                await connection.execute(update(CALLS).where(CALLS.c.call_id == call_id).values(connected_at=at))
            await outbox.add(connection, OUTBOX, told(at))
        return True

    async def forget_before(self, moment: datetime) -> int:
        """Forget who answered before a moment; return how many were."""
        async with transaction(self.engine) as connection:
            done = await connection.execute(delete(EXCHANGE_ANSWERS).where(EXCHANGE_ANSWERS.c.answered_at < moment))
        return done.rowcount
