"""Closed queues: what is new goes to another queue, or waits until the queue is opened, by the clock or by somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.router.domain.closing import marked, until_opened
from services.router.usecases.decided import Decided
from shared.clock import Clock, utc_now
from shared.errors import DomainError, NotFoundError
from shared.records import QueueClosure
from shared.vocabulary import Channel

HOPS = 3
"""How many closed queues a contact is sent on from."""


class ClosureEndError(DomainError):
    """A queue is closed until a time that lies ahead."""

    type = "closure-end"
    title = "Kön måste vara stängd till en tid som ligger framåt."


class ClosureCircleError(DomainError):
    """Contacts would be sent round in a circle, or on and on."""

    type = "closure-circle"
    title = "Kön {queue} kan inte skickas till {instead}: kontakterna skulle skickas runt mellan stängda köer."


class NotClosedError(NotFoundError):
    """The queue is open."""

    type = "queue-not-closed"
    title = "Kön {queue} är inte stängd."


class Gate(Protocol):
    """Where contacts wait (`store.queues.Queues`)."""

    async def let_in(self, queue: str, channel: str, since: datetime, cursor: str = "0") -> tuple[int, str]:
        """Let in one page of those who wait until exactly that moment; return how many, and where to go on (`0`)."""

    async def note_act(self, act: str, by: str, reason: str, *, queue: str | None = None) -> None:
        """Say on the log that a supervisor has acted."""


@dataclass(frozen=True, slots=True)
class Closures:
    """Closes and opens queues, and says where a contact of a closed queue goes; who waits in it already is served."""

    decided: Decided
    gate: Gate
    clock: Clock = utc_now

    async def close(
        self, queue: str, *, until: datetime | None = None, instead: str | None = None, by: str, reason: str
    ) -> QueueClosure:
        """Let the queue take nothing new until then, or until it is opened; what comes goes to `instead`, or waits."""
        now = self.clock()
        if until is not None and (until.tzinfo is None or until <= now):
            raise ClosureEndError
        end = None if until is None else marked(until)
        closure = QueueClosure(queue=queue, until=end, instead=instead, by=by, reason=reason, at=now)
        if instead is not None:
            self._refuse_circles(closure, now)
        await self.decided.say(closure)
        await self.gate.note_act("queue_closed", by, reason, queue=queue)
        return closure

    async def open(self, queue: str, by: str, reason: str) -> None:
        """Let the queue take what is new again, and let in those who wait for that; NotClosedError when it is open."""
        closure = self._closure(queue, self.clock())
        if closure is None:
            raise NotClosedError(queue=queue)
        await self.decided.unsay(closure.key)
        await self.gate.note_act("queue_opened", by, reason, queue=queue)
        await self.let_in(queue, _moment(closure))

    async def let_in(self, queue: str, moment: datetime) -> int:
        """Let those of a queue wait no longer who wait until exactly this moment; return how many."""
        total = 0
        for channel in Channel:
            cursor = "0"
            while True:
                done, cursor = await self.gate.let_in(queue, channel.value, moment, cursor)
                total += done
                if cursor == "0":
                    break
        return total

    def place(self, queue: str, at: datetime) -> tuple[str, datetime | None]:
        """Return where a new contact of a queue waits, and before which moment it is offered to nobody (None: now)."""
        here = queue
        for _ in range(HOPS):
            closure = self._closure(here, at)
            if closure is None or closure.instead is None:
                break
            here = closure.instead
        last = self._closure(here, at)
        return here, None if last is None else _moment(last)

    def closed(self, at: datetime | None = None) -> list[QueueClosure]:
        """Return the closures that hold at a moment (now), by queue."""
        when = at or self.clock()
        found = [one for one in self.decided.table.values() if isinstance(one, QueueClosure) and _holds(one, when)]
        return sorted(found, key=lambda closure: closure.queue)

    def _closure(self, queue: str, at: datetime) -> QueueClosure | None:
        found = self.decided.table.get(f"closed:{queue}")
        return found if isinstance(found, QueueClosure) and _holds(found, at) else None

    def _refuse_circles(self, new: QueueClosure, at: datetime) -> None:
        """Raise ClosureCircleError unless every closed queue leads, within HOPS, to one that keeps its contacts."""
        onward = {one.queue: one.instead for one in (*self.closed(at), new)}
        for start in onward:
            here: str | None = start
            for _ in range(HOPS + 1):
                here = onward.get(here) if here is not None else None
            if here is not None:
                raise ClosureCircleError(queue=new.queue, instead=new.instead)


def _holds(closure: QueueClosure, at: datetime) -> bool:
    return closure.until is None or closure.until > at


def _moment(closure: QueueClosure) -> datetime:
    return closure.until or until_opened(closure.queue)
