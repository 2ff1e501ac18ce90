"""What telephony says of the agent's phone: the call is through, or she has not answered. Each is told once."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from services.intake.domain.call_life import Line
from services.intake.store.call_life import CallLife
from shared.clock import Clock
from shared.events import CallConnected, CallNotAnswered
from shared.ids import natural_event_id
from shared.publish import Message, message

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowCall:
    """Take in what becomes of a phone that was rung; a word that comes again, or too late, changes nothing."""

    life: CallLife
    clock: Clock

    async def connected(self, call_id: str, *, exact: bool = True) -> bool:
        """Agent and caller hear each other; not `exact` when telephony only says that it did not fail."""
        at = self.clock() if exact else None

        def told(line: Line) -> Message:
            return _connected(line, at or line.connected_at or self.clock(), exact=exact)

        return await self.life.through(call_id, at, told)

    async def not_answered(self, call_id: str, reason: str, *, unrung: int | None = None) -> bool:
        """The agent's phone was `busy` or `failed`, or (`no_phone`) who has epoch `unrung` has none: she waits."""
        now = self.clock()
        news = await self.life.not_answered(call_id, lambda line: _unanswered(line, now, reason), unrung=unrung)
        if news:
            log.info("agent_did_not_answer", call_id=call_id, reason=reason)
        return news


def _connected(line: Line, at: datetime, *, exact: bool) -> Message:
    event = CallConnected(contact_id=line.contact_id, epoch=line.epoch, at=at, exact=exact)
    return message(event, event_id=natural_event_id(event.event_type, line.contact_id, str(line.epoch)))


def _unanswered(line: Line, at: datetime, reason: str) -> Message:
    attempt = line.unanswered + 1
    event = CallNotAnswered(contact_id=line.contact_id, epoch=line.epoch, at=at, attempt=attempt, reason=reason)
    return message(event, event_id=natural_event_id(event.event_type, line.contact_id, str(attempt)))
