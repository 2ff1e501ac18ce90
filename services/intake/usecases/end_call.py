"""The caller has hung up, or the conversation is over: said once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.call import Call, CallState, HangUp, ReturnCall
from services.intake.domain.call_life import Ending, Line, ending
from services.intake.store.call_life import CallLife
from services.intake.usecases import entrances
from services.intake.usecases.call_told import contact_of
from services.intake.usecases.entrances import Entrances
from shared.clock import Clock
from shared.events import ContactEnded
from shared.ids import natural_event_id
from shared.metrics import CALLS_ENDED
from shared.publish import Message, message
from shared.vocabulary import EntranceKind

log = structlog.get_logger(__name__)
_OF_ITSELF = frozenset({"success", "unknown"})
"""States that say no more than that it is over."""


class Calls(Protocol):
    """Where calls are kept."""

    async def find(self, call_id: str) -> Call | None: ...


@dataclass(frozen=True, slots=True)
class EndCall:
    """End a call; telephony repeats itself, and may speak of a call that has not reached us, or never will."""

    calls: Calls
    life: CallLife
    entrances: Entrances
    clock: Clock
    person_secret: bytes
    short_seconds: float = 5.0
    """A caller who leaves before this could not have been answered: counted apart."""

    async def end(self, hang_up: HangUp) -> bool:
        """Write the end and its event in one transaction; return whether it was news.

        Who hung up before anybody was told of her is told of now; who called when it was closed had nobody to be told.
        """
        now = self.clock()
        call = await self._known(hang_up.call_id, now)

        def told(line: Line) -> Sequence[Message]:
            if call is None or line.state is CallState.CLOSED:
                return ()
            return (*self._untold(call), self._ended(call, self._figures(line, hang_up, now), hang_up, now))

        line = await self.life.end(hang_up.call_id, now, told)
        if line is None:
            log.info("call_ended_again_or_unknown", call_id=hang_up.call_id)
            return False
        if line.state is not CallState.CLOSED:
            CALLS_ENDED.labels(_how(self._figures(line, hang_up, now))).inc()
        return True

    async def _known(self, call_id: str, now: datetime) -> Call | None:
        """Return the call; one that is unknown is remembered as ended, unless it comes in at this very moment."""
        call = await self.calls.find(call_id)
        if call is None and not await self.life.remember(call_id, now):
            return await self.calls.find(call_id)
        return call

    def _figures(self, line: Line, hang_up: HangUp, now: datetime) -> Ending:
        return ending(line, now, hang_up.leg_seconds, self.short_seconds)

    def _ended(self, call: Call, end: Ending, hang_up: HangUp, now: datetime) -> Message:
        promised = call.return_call is ReturnCall.PROMISED
        event = ContactEnded(
            contact_id=call.contact_id,
            ended_at=now,
            reason="hung_up" if hang_up.state in _OF_ITSELF else hang_up.state,
            talk_seconds=end.talk_seconds,
            abandoned=end.abandoned and not promised,
            short=end.short and not promised,
            waited_seconds=end.waited_seconds,
        )
        return message(event, event_id=natural_event_id(event.event_type, call.contact_id))

    def _untold(self, call: Call) -> tuple[Message, ...]:
        if call.published:
            return ()
        entrance, flags = entrances.find(self.entrances, EntranceKind.NUMBER, call.dialled)
        return (contact_of(call, entrance.unit, flags, self.person_secret),)


def _how(end: Ending) -> str:
    return "abandoned_short" if end.short else "abandoned" if end.abandoned else "talked"
