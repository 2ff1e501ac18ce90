"""What Qmatic says of its visits is taken in, in any order and however often: they are visits of ours from then on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.qmatic import Happened, Outcome, Said, is_old
from services.intake.domain.visit import Visit, VisitState
from services.intake.store.database import transaction
from services.intake.store.qmatic import QmaticVisits
from services.intake.store.tables import OUTBOX
from services.intake.store.visits import Visits
from services.intake.usecases.entrances import Entrances
from shared import outbox
from shared.clock import Clock, local
from shared.events import ContactAnswered, ContactEnded, ContactGivenBack, ContactReceived, Event
from shared.ids import natural_contact_id, natural_event_id
from shared.publish import Message, message
from shared.records import AgentProfile, EntranceRecord
from shared.vocabulary import Channel, EntranceKind

OWNER = "qmatic"
"""Whose queue it is: the router offers its visits to nobody."""
SETTLED = timedelta(minutes=2)
"""Who has waited for less may have been called while the list was read."""
_ENDS = {
    Happened.NO_SHOW: (VisitState.NO_SHOW, "no_show"),
    Happened.SERVED: (VisitState.DONE, "served"),
    Happened.REMOVED: (VisitState.LEFT, "left"),
}


class Agents(Protocol):
    """The agents' profiles."""

    def values(self) -> Iterable[Event]: ...


@dataclass(frozen=True, slots=True)
class FollowQmatic:
    """Follow the visits of the branches that are desks of ours; `branches` says which (else the desk's own value)."""

    engine: AsyncEngine
    entrances: Entrances
    agents: Agents
    visits: Visits
    followed: QmaticVisits
    clock: Clock
    branches: Mapping[str, str]
    _missed: dict[str, set[str]] = field(default_factory=dict)
    """Who was not in a branch's queues when it was compared last: once may have been a bad moment there."""

    async def tell(self, said: Said) -> Outcome:
        """Take one event in; each says enough to open its visit by itself, and what is older than known is history."""
        desk = self._desk(said.branch)
        if desk is None:
            return Outcome.NO_DESK
        contact_id = natural_contact_id(OWNER, said.branch, said.visit)
        async with transaction(self.engine) as connection:
            known = await self.followed.hold(connection, contact_id, said)
            if known is not None and is_old(said, *known):
                return Outcome.OLD
            if known is None:
                await self._open(connection, contact_id, said, desk)
            else:
                await self.followed.told(connection, contact_id, said)
            await self._follow(connection, contact_id, said)
        return Outcome.TAKEN

    async def compare(self, branch: str, waiting: Iterable[Said]) -> int:
        """Take in who waits in a branch and was not said to; return how many differed.

        Who is missing there twice in a row waits no more. Of whom we heard no end we do not know it: somebody there has
        served her.
        """
        now, differed = self.clock(), 0
        there: set[str] = set()
        for said in waiting:
            there.add(said.visit)
            async with transaction(self.engine) as connection:
                known = await self.visits.lock(connection, natural_contact_id(OWNER, branch, said.visit))
            if known is None:
                differed += await self.tell(said) is Outcome.TAKEN
        missing = await self.followed.waiting(branch, now - SETTLED) - there
        before, self._missed[branch] = self._missed.get(branch, set()), missing
        for visit in sorted(missing & before):
            await self.tell(Said(Happened.CALLED, now, branch, visit))
            await self.tell(Said(Happened.SERVED, now + timedelta(milliseconds=1), branch, visit))
            differed += 1
        return differed

    async def _open(self, connection: AsyncConnection, contact_id: str, said: Said, desk: EntranceRecord) -> None:
        day, ticket = local(said.at).date(), said.ticket or said.visit
        if await self.visits.has_ticket(connection, day, desk.id, ticket):
            ticket = f"{ticket}-{said.visit}"
        visit = Visit(contact_id, day, desk.id, ticket, said.service, None, VisitState.WAITING, registered_at=said.at)
        try:
            async with connection.begin_nested():
                await self.visits.add(connection, visit, _came(visit, desk))
        except IntegrityError:  # our own desk gave the same number meanwhile
            visit = replace(visit, ticket=f"{ticket}-{said.visit}")
            await self.visits.add(connection, visit, _came(visit, desk))

    async def _follow(self, connection: AsyncConnection, contact_id: str, said: Said) -> None:
        match said.happened:
            case Happened.CALLED:
                agent = self._agent(said.user)
                await self.visits.call(connection, contact_id, said.at, agent)
                told = ContactAnswered(contact_id=contact_id, answered_at=said.at, agent_id=agent, takes_over=True)
                await self._say(connection, told, said.at)
            case Happened.WAITS_AGAIN:
                await self.visits.wait_again(connection, contact_id)
                back = ContactGivenBack(contact_id=contact_id, given_back_at=said.at, queue_owner=OWNER)
                await self._say(connection, back, said.at)
            case Happened.NO_SHOW | Happened.SERVED | Happened.REMOVED as end:
                state, reason = _ENDS[end]
                if await self.visits.over(connection, contact_id, state, said.at):
                    await self._say(connection, ContactEnded(contact_id=contact_id, ended_at=said.at, reason=reason))
            case Happened.CAME:
                pass

    async def _say(self, connection: AsyncConnection, event: Event, at: datetime | None = None) -> None:
        parts = (event.key, at.isoformat()) if at else (event.key,)
        await outbox.add(connection, OUTBOX, message(event, event_id=natural_event_id(event.event_type, *parts)))

    def _desk(self, branch: str) -> EntranceRecord | None:
        value = self.branches.get(branch, branch)
        by_id = self.entrances.entrance(value)
        if by_id is not None and by_id.kind is EntranceKind.DESK:
            return by_id
        found, exact = self.entrances.entrance_for(EntranceKind.DESK, value)
        return found if exact else None

    def _agent(self, user: str) -> str | None:
        """Return the agent whom Orchestra calls so; None for somebody who is none of ours."""
        called = user.casefold()
        for one in self.agents.values() if called else ():
            if not isinstance(one, AgentProfile) or not one.active:
                continue
            if called in {one.id.casefold(), *(login.casefold() for login in one.logins)}:
                return one.id
        return None


def _came(visit: Visit, desk: EntranceRecord) -> Message:
    event = ContactReceived(
        contact_id=visit.contact_id,
        channel=Channel.VISIT,
        entrance=desk.id,
        unit=desk.unit,
        received_at=visit.registered_at,
        text=visit.matter,
        full_text=visit.matter,
        ticket=visit.ticket,
        queue_owner=OWNER,
    )
    return message(event, event_id=natural_event_id(event.event_type, visit.contact_id))
