"""A supervisor intervenes: every act has a reason, is done once, and stands on the log with who did it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from services.router.domain.acts import REASONS, Act
from services.router.domain.skills import Terms
from services.router.store.floor import AgentView
from services.router.store.look import HeldView
from services.router.store.queues import NoLongerYoursError
from shared.errors import ConflictError, DomainError, NotFoundError
from shared.vocabulary import Presence, Priority

log = structlog.get_logger(__name__)


class UnknownContactError(NotFoundError):
    """No such contact is open, or it belongs to a unit that the supervisor does not see."""

    type = "unknown-contact"
    title = "Det finns ingen öppen kontakt med det id:t."


class UnknownQueueError(NotFoundError):
    """No unit, no rule and no contact names that queue."""

    type = "unknown-queue"
    title = "Det finns ingen kö som heter {queue}."


class UnknownReasonError(DomainError):
    """The reason is not one of the codes of this act."""

    type = "unknown-reason"
    title = "Skälet {reason} går inte att ange här. Välj bland: {reasons}."


class NotWaitingError(ConflictError):
    """The contact has been accepted, or has ended."""

    type = "not-waiting"
    title = "Kontakten väntar inte längre: någon har tagit den, eller så är den slut."


class NotHeldError(ConflictError):
    """No agent has the contact."""

    type = "not-held"
    title = "Ingen kommunvägledare har kontakten just nu."


class AgentGoneError(ConflictError):
    """The agent is not logged in: there is nobody to set away."""

    type = "agent-gone"
    title = "Kommunvägledaren är inte inloggad."


@dataclass(frozen=True, slots=True)
class Order:
    """Who acts, why, and under which command id; `note` is for the router's own log alone."""

    by: str
    reason: str
    note: str = ""
    command_id: str = ""
    units: Collection[str] | None = None
    """The units whose contacts she sees; None is all."""


class Stage(Protocol):
    """Where contacts wait and agents work (`store.queues.Queues`)."""

    async def rearrange(
        self,
        contact_id: str,
        *,
        queue: str | None = None,
        priority: Priority | None = None,
        by: str,
        reason: str,
        command_id: str = "",
    ) -> None:
        """Move a waiting contact to another queue or class."""

    async def release(self, contact_id: str, *, by: str, reason: str, command_id: str = "") -> None:
        """Take a contact from its agent."""

    async def presence(
        self, agent_id: str, presence: Presence, reason: str | None, terms: Terms, *, by: str | None = None
    ) -> Any:
        """Set what an agent is available for."""


class Doorkeeper(Protocol):
    """What closes and opens queues (`usecases.closures.Closures`)."""

    async def close(
        self, queue: str, *, until: datetime | None = None, instead: str | None = None, by: str, reason: str
    ) -> Any:
        """Let a queue take nothing new."""

    async def open(self, queue: str, by: str, reason: str) -> None:
        """Let it take what is new again."""


class Storm(Protocol):
    """What begins and ends a peak (`usecases.peak.Peak`)."""

    async def begin(  # noqa: PLR0913 - each measure can be left out by name
        self,
        until: datetime,
        by: str,
        reason: str,
        *,
        mail_waits: bool = True,
        rings_open: bool = True,
        reserves: bool = True,
        queue_message: bool = True,
    ) -> Any:
        """Let a peak hold."""

    async def end(self, by: str, reason: str) -> None:
        """End it before its time."""


class Memory(Protocol):
    """What knows which commands have been done (`store.once.Once`)."""

    def first(self, command_id: str) -> AbstractAsyncContextManager[bool]:
        """Say whether an act is to be done."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What a peak consists of."""

    mail_waits: bool = True
    rings_open: bool = True
    reserves: bool = True
    queue_message: bool = True


@dataclass(frozen=True, slots=True)
class Supervise:
    """One verb per act; each raises UnknownReasonError for a reason that its act does not have."""

    stage: Stage
    doorkeeper: Doorkeeper
    storm: Storm
    memory: Memory
    terms_of: Callable[[str], Terms]
    held: Callable[[str], Awaitable[HeldView | None]]
    agents: Callable[[], Awaitable[list[AgentView]]]
    queues: Callable[[], Awaitable[Collection[str]]]

    async def move(self, contact_id: str, queue: str, order: Order) -> None:
        """Let a waiting contact wait in another queue, at its place; UnknownQueueError, NotWaitingError."""
        await self._known(queue)
        async with self._contact(Act.MOVE, contact_id, order, NotWaitingError, queue=queue) as command:
            await self.stage.rearrange(contact_id, queue=queue, by=order.by, reason=order.reason, command_id=command)

    async def raise_(self, contact_id: str, priority: Priority, order: Order) -> None:
        """Give a waiting contact another class of urgency, higher or lower; NotWaitingError."""
        async with self._contact(Act.RAISE, contact_id, order, NotWaitingError, priority=priority.value) as command:
            await self.stage.rearrange(
                contact_id, priority=priority, by=order.by, reason=order.reason, command_id=command
            )

    async def release(self, contact_id: str, order: Order) -> None:
        """Take a contact from its agent, back at its old place; NotHeldError."""
        async with self._contact(Act.RELEASE, contact_id, order, NotHeldError) as command:
            await self.stage.release(contact_id, by=order.by, reason=order.reason, command_id=command)

    async def away(self, agent_id: str, order: Order) -> None:
        """Let an agent be offered nothing until she says that she is ready; UnknownAgentError, AgentGoneError."""
        terms = self.terms_of(agent_id)
        async with self._once(Act.AWAY, agent_id, order) as wanted:
            if wanted:
                present = {view.agent_id for view in await self.agents() if view.presence is not Presence.OFFLINE}
                if agent_id not in present:
                    raise AgentGoneError
                await self.stage.presence(agent_id, Presence.AWAY, order.reason, terms, by=order.by)
                _say(Act.AWAY, order, agent_id=agent_id)

    async def close(
        self, queue: str, order: Order, *, until: datetime | None = None, instead: str | None = None
    ) -> None:
        """Let a queue take nothing new until then, or until it is opened; UnknownQueueError."""
        for name in (queue, instead):
            if name is not None:
                await self._known(name)
        async with self._once(Act.CLOSE, queue, order) as wanted:
            if wanted:
                await self.doorkeeper.close(queue, until=until, instead=instead, by=order.by, reason=order.reason)
                _say(Act.CLOSE, order, queue=queue, instead=instead)

    async def open(self, queue: str, order: Order) -> None:
        """Let a queue take what is new again; UnknownQueueError."""
        await self._known(queue)
        async with self._once(Act.OPEN, queue, order) as wanted:
            if wanted:
                await self.doorkeeper.open(queue, order.by, order.reason)
                _say(Act.OPEN, order, queue=queue)

    async def begin_peak(self, until: datetime, measures: Measures, order: Order) -> None:
        """Let a peak hold until then."""
        async with self._once(Act.PEAK, "all", order) as wanted:
            if wanted:
                await self.storm.begin(
                    until,
                    order.by,
                    order.reason,
                    mail_waits=measures.mail_waits,
                    rings_open=measures.rings_open,
                    reserves=measures.reserves,
                    queue_message=measures.queue_message,
                )
                _say(Act.PEAK, order, until=until.isoformat())

    async def end_peak(self, order: Order) -> None:
        """End the peak before its time."""
        async with self._once(Act.PEAK_END, "all", order) as wanted:
            if wanted:
                await self.storm.end(order.by, order.reason)
                _say(Act.PEAK_END, order)

    async def _known(self, queue: str) -> None:
        if queue not in await self.queues():
            raise UnknownQueueError(queue=queue)

    @asynccontextmanager
    async def _contact(
        self, act: Act, contact_id: str, order: Order, moved_on: type[ConflictError], **said: str
    ) -> AsyncIterator[str]:
        """Give the command id that the store knows the act by; tell its refusals in a supervisor's words."""
        _check(act, order)
        await self._sees(contact_id, order)
        try:
            yield _command(act, contact_id, order)
        except NoLongerYoursError as error:
            raise moved_on from error
        except NotFoundError as error:
            raise UnknownContactError from error
        _say(act, order, contact_id=contact_id, **said)

    async def _sees(self, contact_id: str, order: Order) -> None:
        if order.units is None:
            return
        found = await self.held(contact_id)
        unit = found.body.get("unit") if found else None
        if found is None or (unit and unit not in order.units):
            raise UnknownContactError

    @asynccontextmanager
    async def _once(self, act: Act, target: str, order: Order) -> AsyncIterator[bool]:
        _check(act, order)
        async with self.memory.first(_command(act, target, order)) as wanted:
            yield wanted


def _check(act: Act, order: Order) -> None:
    if order.reason not in REASONS[act]:
        raise UnknownReasonError(reason=order.reason or "–", reasons=", ".join(REASONS[act]))


def _command(act: Act, target: str, order: Order) -> str:
    """Return the id for this act on this target: the same id on something else is another command."""
    return f"{act}:{target}:{order.by}:{order.command_id}" if order.command_id else ""


def _say(act: Act, order: Order, **target: str | None) -> None:
    log.info("supervisor_acted", act=act.value, by=order.by, reason=order.reason, note=order.note, **target)
