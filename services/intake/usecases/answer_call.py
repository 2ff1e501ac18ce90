"""A call is taken in once, and each of its turns is what the router's last word makes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.call import Call, CallState, Heard, Ring, Turn, message_again, next_turn
from services.intake.usecases import entrances
from services.intake.usecases.entrances import Entrances
from shared.clock import Clock
from shared.errors import LogUnavailableError
from shared.events import ContactReceived, Event, Sender
from shared.ids import natural_contact_id, natural_event_id
from shared.person import person_key
from shared.publish import Message, message
from shared.records import AgentProfile, PeakRecord
from shared.vocabulary import Channel, EntranceKind

log = structlog.get_logger(__name__)


class Log(Protocol):
    """Where events are published."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's


class Calls(Protocol):
    """Where calls are kept."""

    async def open(self, call: Call) -> Call: ...
    async def published(self, call_id: str) -> None: ...
    async def spool(self, call_id: str, event: Message) -> None: ...
    async def connecting(self, call: Call, at: datetime) -> None: ...
    async def not_answered(self, call_id: str) -> None: ...


class Records(Protocol):
    """A whole table: of the agents' profiles, or of what the router's supervisors have decided."""

    def get(self, key: str) -> Event | None: ...


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer telephony's question about a call; never waits for Kafka longer than `timeout`."""

    entrances: Entrances
    agents: Records
    rules: Records
    calls: Calls
    log: Log
    clock: Clock
    person_secret: bytes
    timeout: float = 2.0

    async def answer(self, ring: Ring, after: Turn | None) -> Heard:
        """Take the call in unless it is, and return its next turn; `after` is the turn that it comes from."""
        call = await self._taken_in(ring)
        now = self.clock()
        turn = next_turn(call, after=after, result=ring.result, again=self._storm(now) and message_again(call, now))
        if after is Turn.CONNECT and turn is Turn.HOLD:
            await self.calls.not_answered(call.call_id)
        number = self._phone(call) if turn is Turn.CONNECT else None
        if turn is Turn.CONNECT and number is None:
            turn = Turn.HOLD
        if number:
            await self.calls.connecting(call, now)
        entrance = self.entrances.entrance(call.entrance)
        message = entrance.queue_message_url if entrance and turn is Turn.MESSAGE else ""
        return Heard(turn, recordings=(message,) if message else (), number=number or "", caller=call.caller)

    async def _taken_in(self, ring: Ring) -> Call:
        entrance, flags = entrances.find(self.entrances, EntranceKind.NUMBER, ring.dialled)
        call = await self.calls.open(
            Call(
                call_id=ring.call_id,
                contact_id=natural_contact_id("call", ring.call_id),
                entrance=entrance.id,
                dialled=ring.dialled,
                caller=ring.caller,
                state=CallState.WAITING,
                received_at=self.clock(),
            )
        )
        if not call.published:
            await self._publish(call, self._event(call, entrance.unit, flags))
        return call

    async def _publish(self, call: Call, event: ContactReceived) -> None:
        told = message(event, event_id=natural_event_id(event.event_type, event.contact_id))
        try:
            await self.log.publish(told, timeout=self.timeout)
        except LogUnavailableError:
            log.warning("call_spooled", contact_id=call.contact_id)
            await self.calls.spool(call.call_id, told)
        else:
            await self.calls.published(call.call_id)

    def _event(self, call: Call, unit: str, flags: tuple[str, ...]) -> ContactReceived:
        return ContactReceived(
            contact_id=call.contact_id,
            channel=Channel.PHONE,
            entrance=call.entrance,
            unit=unit,
            received_at=call.received_at,
            sender=Sender(phone=call.caller),
            person_key=person_key(self.person_secret, call.received_at, phone=call.caller),
            call_id=call.call_id,
            flags=(*flags, "withheld_number") if call.caller is None else flags,
        )

    def _storm(self, now: datetime) -> bool:
        """Say whether a peak (*toppläge*) holds in which callers hear the queue message while they wait."""
        peak = self.rules.get("peak")
        return isinstance(peak, PeakRecord) and peak.queue_message and peak.until > now

    def _phone(self, call: Call) -> str | None:
        """Return the phone of the agent who accepted; without one the caller waits on and operations must know."""
        profile = self.agents.get(call.agent_id or "")
        if isinstance(profile, AgentProfile) and profile.phone:
            return profile.phone
        log.error("agent_has_no_phone", contact_id=call.contact_id, agent_id=call.agent_id)
        return None
