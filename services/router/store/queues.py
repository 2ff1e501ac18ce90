"""Who waits, what is offered and who holds what: every change is one Redis Function, atomic and fenced by an epoch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from services.router.domain.contact import contact_of
from services.router.domain.ending import UNSAID, End
from services.router.domain.order import CLASSES
from services.router.domain.skills import Terms
from services.router.store.domain import Argument, Domain
from services.router.store.rows import enqueue_row, milliseconds
from services.router.store.watermark import Watermark
from shared.errors import ConflictError, NotFoundError, TransientError
from shared.publish import Message
from shared.records import OpenContact
from shared.vocabulary import Presence, Priority, WorkKind, WrapUpMode

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
    why: tuple[str, ...] = ()
    kind: WorkKind = WorkKind.CONTACT


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a contact goes that its agent gives back: a queue, first to a colleague, not before a time."""

    queue: str | None = None
    agent_id: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class WrappingUp:
    """The after-work that an agent is in."""

    contact_id: str
    mode: WrapUpMode
    until: datetime


@dataclass(frozen=True, slots=True)
class Availability:
    """What an agent is available for, in units."""

    presence: Presence
    capacity: int
    used: int
    wrap_up: WrappingUp | None = None
    on_hold: int = 0
    """Mails and e-services that she has left for a live contact."""
    sent_away: bool = False
    """A supervisor has set her away, and she has not chosen to be ready since."""


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

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message | None]) -> None:
        """Let `contacts` wait, each with its own `contact.routed` (if any); a known contact is left as it is.

        `contacts[i]` belongs to `routed[i]`; `state` and `epoch` of the contacts are ignored (the store gives them).
        One pipelined round trip; returns when the events of the batch are in Kafka, so that offsets may be committed.
        Raises a TransientError when Redis or Kafka does not answer, or when the state is being rebuilt.
        """
        rows = [enqueue_row(contact, event) for contact, event in zip(contacts, routed, strict=True)]
        await self._lasting("enqueue", rows)

    async def cancel(
        self, contact_id: str, reason: str, talk_seconds: float | None = None, *, end: End = UNSAID
    ) -> None:
        """Take note that the citizen is gone: a contact that nobody has accepted is abandoned.

        One that is not known yet is abandoned when it comes. Of one that somebody has accepted it is told how it ended.
        """
        said = (_or_nothing(talk_seconds), _truth(end.abandoned), _truth(end.short), _or_nothing(end.waited_seconds))
        await self._lasting("cancel", [(contact_id, reason, *said)])

    async def through(self, contact_id: str, epoch: int, at: datetime | None = None) -> None:
        """Take note that telephony says that the call is through, `at` then (or now).

        What has moved on meanwhile stays as it is.
        """
        await self._lasting("connected", [(contact_id, epoch, _ms_or_nothing(at))])

    async def not_answered(self, contact_id: str, epoch: int) -> None:
        """Let a call wait again, at its old place, whose agent's phone was busy or silent; she is asked later."""
        await self._lasting("not_answered", [(contact_id, epoch)])

    async def claim(self, contact_id: str, agent_id: str | None, at: datetime, *, takes_over: bool = False) -> None:
        """Take note that a live contact was answered outside: by this agent, or (None) by somebody who is none of ours.

        It is hers at once and offered to nobody; who holds it keeps it unless the answer `takes_over`. Of several
        answers the one that was given last counts. One that comes before its contact waits for it.
        """
        await self._lasting("claim", [(contact_id, agent_id or "", milliseconds(at), int(takes_over))])

    async def take_back(self, contact_id: str, owner: str, at: datetime) -> None:
        """Take note that who had answered outside has given it back: it waits again in the queue of `owner`.

        An answer or a giving back of after `at` stands.
        """
        await self._lasting("take_back", [(contact_id, owner, milliseconds(at))])

    async def purge(self, contact_id: str) -> None:
        """Forget everything known of the contact, ending it first if it is open."""
        await self._lasting("purge", [(contact_id,)])

    async def end_cases(self, ended: Sequence[EndedCase]) -> None:
        """End the contacts of cases that have ended, whoever holds them and even before they have come here."""
        rows = [(case.contact_id, 0, case.agent_id or "", case.case_type or "") for case in ended]
        await self._lasting("complete", rows)

    async def pull(self, agent_id: str, terms: Terms, *, wait: float) -> Offered | None:
        """Return the agent's open offer, or offer her the best contact; else let her wait for `wait` seconds."""
        answer = await self._domain.call("pull", agent_id, *_terms(terms), round(max(wait, 0) * 1000))
        if answer[0] == b"none":
            return None
        _, contact_id, epoch, expires, waited, queue, body, priority, _, why, kind = answer
        return Offered(
            contact_id.decode(),
            int(epoch),
            _moment(expires),
            int(waited) / 1000,
            queue.decode(),
            body,
            priority.decode(),
            tuple(filter(None, why.decode().split(","))),
            WorkKind(kind.decode()),
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
        await self._answered("connected", contact_id, epoch, "")

    async def decline(self, offer_id: str, epoch: int, reason: str, agent_id: str | None = None) -> None:
        """Give an offer back at its old place; it is not offered to her again for a while."""
        await self._answered("decline", contact_of(offer_id), epoch, agent_id or "", reason, self._cooldown_ms)

    async def complete(self, contact_id: str, epoch: int, case_type: str | None, agent_id: str | None = None) -> None:
        """The agent is done: her capacity is free at once."""
        await self._answered("complete", contact_id, epoch, agent_id or "", case_type or "")

    async def wrap_end(self, contact_id: str, agent_id: str | None = None) -> None:
        """End after-work before its time; NoLongerYoursError when it is mandatory or not hers."""
        await self._answered("wrap_end", contact_id, agent_id or "")

    async def requeue(
        self, contact_id: str, epoch: int, to: Destination, *, reason: str, agent_id: str | None = None
    ) -> None:
        """Let an accepted contact wait again, at its old place."""
        where = (to.queue or "", reason, self._cooldown_ms, to.agent_id or "", _ms_or_nothing(to.not_before))
        await self._answered("requeue", contact_id, epoch, agent_id or "", *where)

    async def return_call(
        self,
        contact_id: str,
        *,
        at: datetime | None,
        epoch: int | None = None,
        agent_id: str | None = None,
        command_id: str = "",
    ) -> None:
        """Call back instead of being waited for: asked for while waiting, or promised by who holds it (by `epoch`)."""
        said = (_ms_or_nothing(at), "" if epoch is None else epoch, agent_id or "", command_id)
        await self._answered("return_call", contact_id, *said)

    async def transfer(
        self, contact_id: str, epoch: int, consult_id: str, agent_id: str | None = None
    ) -> tuple[str, int]:
        """Give the contact to the colleague who has accepted the question `consult_id`; return its new epoch."""
        new, _ = await self._answered("transfer", contact_id, epoch, agent_id or "", consult_id)
        return contact_id, new

    async def conference(self, contact_id: str, epoch: int, officer_id: str, agent_id: str | None = None) -> None:
        """Ask for an officer to be brought into the call."""
        await self._answered("conference", contact_id, epoch, agent_id or "", officer_id)

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
        """Move a waiting contact to another queue or class, as a supervisor."""
        number = "" if priority is None else CLASSES.index(priority)
        await self._answered("rearrange", contact_id, queue or "", number, by, reason, command_id)

    async def release(self, contact_id: str, *, by: str, reason: str, command_id: str = "") -> None:
        """Take a contact from its agent, back at its old place, as a supervisor."""
        await self._answered("release", contact_id, by, reason, command_id)

    async def note_act(
        self,
        act: str,
        by: str,
        reason: str,
        *,
        contact_id: str | None = None,
        agent_id: str | None = None,
        queue: str | None = None,
    ) -> None:
        """Say that a supervisor has acted in a way that is not the store's."""
        await self._domain.call("note_act", act, by, reason, contact_id or "", agent_id or "", queue or "")

    async def hasten(self, cursor: str = "0") -> tuple[int, str]:
        """Open the rings of one page of waiting contacts; return how many, and the cursor (`0`: that was all)."""
        done, following, _ = await self._domain.call("hasten", cursor)
        return int(done), following.decode()

    async def let_in(self, queue: str, channel: str, since: datetime, cursor: str = "0") -> tuple[int, str]:
        """Let one page of those that waited for `since` in this queue be offered at once; return as `hasten`."""
        line = f"{queue}|{channel}"
        done, following, _ = await self._domain.call("let_in", line, cursor, milliseconds(since))
        return int(done), following.decode()

    async def presence(
        self,
        agent_id: str,
        presence: Presence,
        reason: str | None,
        terms: Terms,
        *,
        by: str | None = None,
        chosen: bool = False,
    ) -> Availability:
        """Set, or repeat as a heartbeat, what an agent is available for; `by` is a supervisor who does it for her.

        Sent away by a supervisor, she is ready again only when she has `chosen` it.
        """
        state, total, used, _, wrapping, on_hold, sent = await self._domain.call(
            "presence", agent_id, presence.value, reason or "", *_terms(terms), by or "", int(chosen)
        )
        return Availability(
            Presence(state.decode()), int(total), int(used), _wrapping(wrapping), int(on_hold), bool(sent)
        )

    async def expire(self, limit: int = 16) -> tuple[int, float | None]:
        """Let at most `limit` passed deadlines take effect; return how many, and seconds until the next one."""
        done, following, _ = await self._domain.call("expire", limit)
        return int(done), None if int(following) < 0 else int(following) / 1000

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


def _terms(terms: Terms) -> tuple[Argument, ...]:
    return terms.capacity, terms.profile.channel_words, terms.profile.skill_words, terms.words


def _ms_or_nothing(moment: datetime | None) -> Argument:
    return "" if moment is None else milliseconds(moment)


def _or_nothing(value: float | None) -> Argument:
    return "" if value is None else value


def _truth(said: bool | None) -> Argument:
    return "" if said is None else int(said)


def _moment(ms: bytes | str) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


def _wrapping(words: bytes) -> WrappingUp | None:
    if not words:
        return None
    contact_id, mode, until = words.decode().rsplit("|", 2)
    return WrappingUp(contact_id, WrapUpMode(mode), _moment(until))


def _sortable(stream_id: str) -> tuple[int, int]:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds or 0), int(number or 0)
