"""Who waits, what is offered and who holds what: every change is one Redis Function, atomic and fenced by an epoch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from services.router.domain.contact import contact_of
from services.router.domain.order import place_of
from services.router.domain.skills import Profile, requirement_of
from services.router.store.domain import Argument, Domain
from services.router.store.watermark import Watermark
from shared.errors import ConflictError, NotFoundError, TransientError
from shared.publish import Message
from shared.records import OpenContact
from shared.vocabulary import Presence

CHANGING = {"state", "epoch", "queue", "agent_id", "accepted_at"}
"""What the store itself knows of an open contact; the rest of its record never changes and is kept as it came."""

_RELAY_SECONDS = 2.0
_COURTESY_SECONDS = 0.5


class NoLongerYoursError(ConflictError):
    """The offer or contact has moved on: answered, expired, withdrawn, ended, or with somebody else."""

    type = "no-longer-yours"
    title = "Kontakten är inte längre din."


@dataclass(frozen=True, slots=True)
class Offered:
    """An open offer, as the store has it; `body` is the contact's unchanging JSON."""

    contact_id: str
    epoch: int
    expires_at: datetime
    waited_seconds: float
    queue: str
    body: bytes
    priority: str


@dataclass(frozen=True, slots=True)
class Availability:
    """What an agent is available for, in units."""

    presence: Presence
    capacity: int
    used: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Where leases, what agents hold and contacts contradict each other (`named`: the first few), and what is held."""

    wrong: int
    offered: int
    held: int
    named: str


@dataclass(frozen=True, slots=True)
class EndedCase:
    """A case that is over: its contact, and who ended it as what."""

    contact_id: str
    agent_id: str | None
    case_type: str | None


class Queues:
    """The commands of one domain. Each is safe to repeat; events are in the out-stream when it returns."""

    def __init__(self, domain: Domain, watermark: Watermark, *, cooldown: float = 60, connecting: float = 0) -> None:
        self._domain = domain
        self._watermark = watermark
        self._cooldown_ms = round(cooldown * 1000)
        self._connecting_ms = round(connecting * 1000)

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message]) -> None:
        """Let `contacts` wait, each with its own `contact.routed`; a contact already known is left as it is.

        `contacts[i]` belongs to `routed[i]`; `state` and `epoch` of the contacts are ignored (the store gives them).
        One pipelined round trip; returns when the events of the batch are in Kafka, so that offsets may be committed.
        Raises a TransientError when Redis or Kafka does not answer, or when the state is being rebuilt.
        """
        rows = [enqueue_row(contact, event) for contact, event in zip(contacts, routed, strict=True)]
        await self._lasting("enqueue", rows)

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None) -> None:
        """Take note that the citizen is gone: a contact that nobody has accepted is abandoned."""
        await self._lasting("cancel", [(contact_id, reason, "" if talk_seconds is None else talk_seconds)])

    async def purge(self, contact_id: str) -> None:
        """Forget everything known of the contact, ending it first if it is open."""
        await self._lasting("purge", [(contact_id,)])

    async def end_cases(self, ended: Sequence[EndedCase]) -> None:
        """End the contacts of cases that have ended, whoever holds them and even before they have come here."""
        rows = [(case.contact_id, 0, case.agent_id or "", case.case_type or "") for case in ended]
        await self._lasting("complete", rows)

    async def pull(self, agent_id: str, profile: Profile, capacity: int, *, wait: float) -> Offered | None:
        """Return the agent's open offer, or offer her the best contact; else let her wait for `wait` seconds."""
        answer = await self._domain.call(
            "pull", agent_id, capacity, profile.channel_words, profile.skill_words, round(max(wait, 0) * 1000)
        )
        if answer[0] == b"none":
            return None
        _, contact_id, epoch, expires, waited, queue, body, priority, _ = answer
        return Offered(
            contact_id.decode(),
            int(epoch),
            datetime.fromtimestamp(int(expires) / 1000, UTC),
            int(waited) / 1000,
            queue.decode(),
            body,
            priority.decode(),
        )

    async def stop_waiting(self, agent_id: str) -> None:
        """Nobody listens for this agent any more: she is woken for nothing until she pulls again."""
        await self._domain.call("stop_waiting", agent_id)

    async def accept(self, offer_id: str, epoch: int, agent_id: str | None = None) -> tuple[str, int]:
        """Take an offer and return the contact and its new epoch; NoLongerYoursError when it has moved on.

        With `agent_id` only she may. Returns when Kafka knows it, or soon after: an answer is worth more than that.
        """
        contact_id = contact_of(offer_id)
        new, last = await self._answered("accept", contact_id, epoch, agent_id or "", self._connecting_ms)
        with suppress(TransientError):
            await self._watermark.passed(last, _COURTESY_SECONDS)
        return contact_id, new

    async def connected(self, contact_id: str, epoch: int) -> None:
        """The call of an accepted contact is through to its agent."""
        await self._answered("connected", contact_id, epoch)

    async def decline(self, offer_id: str, epoch: int, reason: str, agent_id: str | None = None) -> None:
        """Give an offer back at its old place; it is not offered to her again for a while."""
        await self._answered("decline", contact_of(offer_id), epoch, agent_id or "", reason, self._cooldown_ms)

    async def complete(self, contact_id: str, epoch: int, case_type: str | None, agent_id: str | None = None) -> None:
        """The agent is done: her capacity is free at once."""
        await self._answered("complete", contact_id, epoch, agent_id or "", case_type or "")

    async def requeue(
        self, contact_id: str, epoch: int, *, queue: str | None, reason: str, agent_id: str | None = None
    ) -> None:
        """Let an accepted contact wait again, at its old place, for somebody else."""
        await self._answered("requeue", contact_id, epoch, agent_id or "", queue or "", reason, self._cooldown_ms)

    async def presence(
        self, agent_id: str, presence: Presence, reason: str | None, profile: Profile, capacity: int
    ) -> Availability:
        """Set, or repeat as a heartbeat, what an agent is available for."""
        words = (profile.channel_words, profile.skill_words)
        state, total, used, _ = await self._domain.call(
            "presence", agent_id, presence.value, reason or "", capacity, *words
        )
        return Availability(Presence(state.decode()), int(total), int(used))

    async def expire(self, limit: int = 100) -> tuple[int, float | None]:
        """Let at most `limit` passed deadlines take effect; return how many, and seconds until the next one."""
        done, following, _ = await self._domain.call("expire", limit)
        return int(done), None if int(following) < 0 else int(following) / 1000

    async def drift(self, depth: int = 1000) -> Drift:
        """Compare leases, what agents hold and contacts, in each line to a depth; nothing is changed."""
        wrong, offered, held, named = await self._domain.call("drift", depth)
        return Drift(int(wrong), int(offered), int(held), named.decode())

    async def _answered(self, command: str, contact_id: str, *args: Argument) -> tuple[int, str]:
        outcome, epoch, last = await self._domain.call(command, contact_id, *args)
        if outcome == b"unknown":
            raise NotFoundError
        if outcome != b"ok":
            raise NoLongerYoursError
        return int(epoch), last.decode()

    async def _lasting(self, command: str, rows: Sequence[Sequence[Argument]]) -> None:
        """Run a command for each row, and return when Kafka has its events: then offsets may be committed."""
        if not rows:
            return
        generation = self._domain.generation
        answers = await self._domain.call_many(command, rows)
        newest = max((answer[2].decode() for answer in answers), key=_sortable, default="")
        if newest:
            await self._watermark.passed(newest, _RELAY_SECONDS)
            await self._domain.still(generation)


def enqueue_row(contact: OpenContact, routed: Message) -> tuple[Argument, ...]:
    """Return a contact and its `contact.routed` as the arguments of `enqueue`."""
    return (
        *placed(contact),
        routed.value or b"",
        routed.id,
        routed.time.isoformat(),
        routed.traceparent or "",
        contact.priority.value,
    )


def placed(contact: OpenContact) -> tuple[Argument, ...]:
    """Return id, line, turn, arrival, queue, channel, preferred agent and unchanging body of a contact."""
    place = place_of(contact.priority, contact.received_at, contact.due_at)
    requirement = requirement_of(contact.channel, contact.skills, contact.language)
    body: bytes = contact.__pydantic_serializer__.to_json(contact, exclude=CHANGING, exclude_none=True)
    return (
        contact.contact_id,
        requirement.signature(place.number),
        _milliseconds(place.turn),
        _milliseconds(place.arrived),
        contact.queue,
        contact.channel.value,
        contact.preferred_agent or "",
        body,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _sortable(stream_id: str) -> tuple[int, int]:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds or 0), int(number or 0)
