"""The caller has hung up, or the conversation is over: said once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.call import Call, CallState, HangUp, talk_seconds
from services.intake.usecases import entrances
from services.intake.usecases.call_told import contact_of
from services.intake.usecases.entrances import Entrances
from shared.clock import Clock
from shared.events import ContactEnded
from shared.ids import natural_event_id
from shared.publish import Message, message
from shared.vocabulary import EntranceKind

log = structlog.get_logger(__name__)


class Calls(Protocol):
    """Where calls are kept."""

    async def find(self, call_id: str) -> Call | None: ...
    async def end(self, call: Call, at: datetime, *events: Message) -> bool: ...


@dataclass(frozen=True, slots=True)
class EndCall:
    """End a call; telephony repeats itself, and may speak of a call that never reached us."""

    calls: Calls
    entrances: Entrances
    clock: Clock
    person_secret: bytes

    async def end(self, hang_up: HangUp) -> None:
        """Write the end and its event in one transaction.

        Who hung up before anybody was told of her is told of now; who called when it was closed had nobody to be told.
        """
        call = await self.calls.find(hang_up.call_id)
        if call is None:
            log.warning("unknown_call_ended", call_id=hang_up.call_id)
            return
        now = self.clock()
        if call.state is CallState.CLOSED:
            await self.calls.end(call, now)
            return
        event = ContactEnded(
            contact_id=call.contact_id,
            ended_at=now,
            reason="hung_up" if hang_up.state in {"success", "unknown"} else hang_up.state,
            talk_seconds=talk_seconds(call, now, hang_up.leg_seconds),
        )
        told = message(event, event_id=natural_event_id(event.event_type, call.contact_id))
        await self.calls.end(call, now, *self._untold(call), told)

    def _untold(self, call: Call) -> tuple[Message, ...]:
        if call.published:
            return ()
        entrance, flags = entrances.find(self.entrances, EntranceKind.NUMBER, call.dialled)
        return (contact_of(call, entrance.unit, flags, self.person_secret),)
