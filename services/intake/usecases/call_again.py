"""A visitor who was called does not come: her ticket is called again, and then her visit is over."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.visit import CalledAgain, VisitState, missed
from services.intake.store.answers import Answers, Asked
from services.intake.store.database import transaction
from services.intake.store.visits import Visits
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError


class NotCalledError(ConflictError):
    """The visitor has not been called, or has gone."""

    type = "not-called"
    title = "Besökaren är inte uppropad."


@dataclass(frozen=True, slots=True)
class CallAgain:
    """Take note that a called visitor did not come; she is called again at most `recalls` times."""

    engine: AsyncEngine
    visits: Visits
    answers: Answers
    clock: Clock
    recalls: int = 2

    async def missed(self, contact_id: str, asked: Asked) -> CalledAgain:
        """Call again, or end the visit; the same key again is the same answer."""
        async with transaction(self.engine) as connection:
            before = await self.answers.recall(connection, asked)
            if before:
                return CalledAgain(**before)
            visit = await self.visits.lock(connection, contact_id)
            if visit is None:
                raise NotFoundError
            if visit.state is VisitState.NO_SHOW:
                return CalledAgain(again=False, calls=visit.calls)
            if visit.state is not VisitState.WITH_AGENT:
                raise NotCalledError
            follows, now = missed(visit.calls, self.recalls), self.clock()
            if follows.again:
                await self.visits.call_again(connection, contact_id, now, follows.calls)
            else:
                await self.visits.over(connection, contact_id, VisitState.NO_SHOW, now)
            await self.answers.remember(connection, asked, {"again": follows.again, "calls": follows.calls})
        return follows
