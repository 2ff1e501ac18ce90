"""What an exchange says of a call is taken in: it rings, somebody has answered, it is over; in any order, once each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.call import Call, CallState
from services.intake.domain.call_life import Line, ending
from services.intake.domain.exchange import ELSEWHERE, Colleague, Happened, News, colleague, who_answered
from services.intake.store.call_life import CallLife
from services.intake.usecases import entrances
from services.intake.usecases.entrances import UNKNOWN, Entrances
from services.intake.usecases.publishing import Log
from shared.clock import Clock
from shared.errors import LogUnavailableError
from shared.events import ContactAnswered, ContactEnded, ContactReceived, Event, Sender
from shared.ids import natural_contact_id, natural_event_id
from shared.metrics import EXCHANGE
from shared.person import person_key
from shared.publish import Message, message
from shared.records import AgentProfile, EntranceRecord
from shared.vocabulary import Channel, EntranceKind

log = structlog.get_logger(__name__)


class Calls(Protocol):
    """Where calls are kept."""

    async def open(self, call: Call) -> Call: ...
    async def published(self, call_id: str) -> None: ...
    async def spool(self, call_id: str, event: Message) -> None: ...


class Answers(Protocol):
    """Who has answered which call (`store.exchange.ExchangeAnswers`)."""

    async def answered(self, call_id: str, who: str, now: datetime, told: Callable[[datetime], Message]) -> bool: ...


class Agents(Protocol):
    """The agents' profiles."""

    def values(self) -> Iterable[Event]: ...


@dataclass(frozen=True, slots=True)
class FollowExchange:
    """Follow the calls of an exchange; never waits for Kafka longer than `timeout`."""

    entrances: Entrances
    agents: Agents
    calls: Calls
    life: CallLife
    answers: Answers
    log: Log
    clock: Clock
    person_secret: bytes
    timeout: float = 2.0
    only_entrances: bool = False
    """The exchange reports every call of the house: those to no entrance of ours are only counted."""
    short_seconds: float = 5.0
    """A caller who leaves before this could not have been answered: counted apart."""

    async def tell(self, news: News) -> None:
        """Take in what is said; the same again changes nothing. Each news says enough to open the call by itself."""
        entrance, flags = entrances.find_first(
            self.entrances, EntranceKind.NUMBER, news.dialled, news.dialled[0] if news.dialled else ""
        )
        if left_alone := self._left_alone(news, flags):
            EXCHANGE.labels(news.happened.value, left_alone).inc()
            log.info("exchange_call_left_alone", why=left_alone)
            return
        call = await self._taken_in(news, entrance, flags)
        match news.happened:
            case Happened.RINGS:
                EXCHANGE.labels(news.happened.value, "taken").inc()
            case Happened.ANSWERED:
                await self._answered(call, who_answered(news, self._colleagues()))
            case Happened.ENDED:
                await self._ended(call, news)

    def _left_alone(self, news: News, flags: tuple[str, ...]) -> str:
        """Say why a call is no contact; empty: it is one."""
        unknown = UNKNOWN in flags
        if not news.incoming:
            return "outgoing"
        if unknown and news.internal:
            return "internal"
        return "no_entrance" if unknown and self.only_entrances else ""

    async def _taken_in(self, news: News, entrance: EntranceRecord, flags: tuple[str, ...]) -> Call:
        call = await self.calls.open(
            Call(
                call_id=news.key,
                contact_id=natural_contact_id(news.provider, news.call_id),
                entrance=entrance.id,
                dialled=news.dialled[0],
                caller=news.caller,
                state=CallState.WAITING,
                received_at=self.clock(),
            )
        )
        if not call.published:
            await self._publish(call, self._event(call, news, entrance, flags))
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

    def _event(self, call: Call, news: News, entrance: EntranceRecord, flags: tuple[str, ...]) -> ContactReceived:
        hidden = "internal_number" if news.internal else "withheld_number"
        return ContactReceived(
            contact_id=call.contact_id,
            channel=Channel.PHONE,
            entrance=call.entrance,
            unit=entrance.unit,
            received_at=call.received_at,
            sender=Sender(phone=call.caller),
            person_key=person_key(self.person_secret, call.received_at, phone=call.caller),
            call_id=call.call_id,
            flags=(*flags, hidden) if call.caller is None else flags,
            queue_owner=entrance.queue_owner or None,
        )

    async def _answered(self, call: Call, who: str) -> None:
        def told(at: datetime) -> Message:
            agent = None if who == ELSEWHERE else who
            event = ContactAnswered(contact_id=call.contact_id, answered_at=at, agent_id=agent, takes_over=True)
            return message(event, event_id=natural_event_id(event.event_type, call.contact_id, who, at.isoformat()))

        news = await self.answers.answered(call.call_id, who, self.clock(), told)
        what = "elsewhere" if who == ELSEWHERE else "claimed"
        EXCHANGE.labels(Happened.ANSWERED.value, what if news else "repeated").inc()

    async def _ended(self, call: Call, news: News) -> None:
        if news.forwarded and call.connected_at is None:
            await self._answered(call, ELSEWHERE)
        now = self.clock()

        def told(line: Line) -> Sequence[Message]:
            # An exchange tells of a phone only when it has been answered: who is connected is through.
            end = ending(replace(line, through_at=line.connected_at), now, (), self.short_seconds)
            event = ContactEnded(
                contact_id=line.contact_id,
                ended_at=now,
                reason=news.reason,
                talk_seconds=end.talk_seconds,
                abandoned=end.abandoned,
                short=end.short,
                waited_seconds=end.waited_seconds,
            )
            return (message(event, event_id=natural_event_id(event.event_type, line.contact_id)),)

        done = await self.life.end(call.call_id, now, told)
        EXCHANGE.labels(Happened.ENDED.value, "taken" if done else "repeated").inc()

    def _colleagues(self) -> Iterable[Colleague]:
        profiles = (one for one in self.agents.values() if isinstance(one, AgentProfile) and one.active)
        return [colleague(one.id, one.name, one.phone or "", *one.logins) for one in profiles]
