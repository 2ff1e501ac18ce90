"""A contact has reached us: what it is about, where it waits, until when, and why. Nothing personal leaves here."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

from services.router.domain.matching.matcher import Match, Query
from services.router.domain.rules import Decision, Facts
from services.router.usecases.rulebook import Rulebook
from services.router.usecases.teach import Knowledge, Taught
from shared.catalogue import Catalogue
from shared.consume import Received
from shared.events import Candidate, ContactEnded, ContactFollowedUp, ContactPurged, ContactReceived, ContactRouted
from shared.ids import natural_event_id
from shared.publish import Message, message
from shared.records import OpenContact
from shared.vocabulary import Channel, ContactState

_AT_ONCE = 50
"""Contacts scored before others get a turn on the event loop: about 15 ms."""

Arrival = Received[ContactReceived]


class Line(Protocol):
    """Where contacts wait (`store.queues.Queues`)."""

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message]) -> None:
        """Let contacts wait, each with its `contact.routed`; known ones are left as they are."""

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None) -> None:
        """Take note that the citizen is gone."""

    async def purge(self, contact_id: str) -> None:
        """Forget the contact."""


class Owners(Protocol):
    """Whose case it is (`store.case_agents.CaseAgents`)."""

    async def of(self, cases: Sequence[str]) -> dict[str, str]:
        """Return the agent of each case that has one."""


@dataclass(frozen=True, slots=True)
class RouteContact:
    """Routes a batch in one round trip; the same contact again changes nothing."""

    catalogue: Catalogue
    taught: Taught
    rules: Rulebook
    queues: Line
    owners: Owners

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Let those who came wait, then take out those who left or are to be forgotten."""
        arrived = {each.event.contact_id: each for each in batch if isinstance(each.event, ContactReceived)}
        if arrived:
            await self._let_wait(list(arrived.values()))
        for each in batch:
            match each.event:
                case ContactEnded() as ended:
                    await self.queues.cancel(ended.contact_id, ended.reason, ended.talk_seconds)
                case ContactPurged() as purged:
                    await self.queues.purge(purged.contact_id)
                case _:
                    continue

    async def _let_wait(self, arrived: Sequence[Arrival]) -> None:
        followed = [each.event.follows for each in arrived if isinstance(each.event, ContactFollowedUp)]
        owners = await self.owners.of(followed)
        contacts: list[OpenContact] = []
        routed: list[Message] = []
        waiting = iter(arrived)
        while part := list(islice(waiting, _AT_ONCE)):
            for contact, fact in self._route(part, owners):
                contacts.append(contact)
                routed.append(fact)
            await asyncio.sleep(0)
        await self.queues.enqueue(contacts, routed)

    def _route(self, arrived: Sequence[Arrival], owners: Mapping[str, str]) -> Iterable[tuple[OpenContact, Message]]:
        knowledge, table = self.taught.now, self.rules.current()
        queries = [self._query(each.event) for each in arrived]
        for each, matches in zip(arrived, knowledge.matcher.rank(queries), strict=True):
            event = each.event
            decision = table.decide(_facts(event, matches))
            fact = _fact(event, matches, decision, knowledge, table.version)
            owner = owners.get(fact.follows) if fact.follows else None
            event_id = natural_event_id(fact.event_type, fact.contact_id)
            yield _open(fact, owner), replace(message(fact, event_id=event_id), traceparent=each.traceparent)

    def _query(self, event: ContactReceived) -> Query:
        """Return what matching reads; an entrance that takes everything says nothing about the unit."""
        text = words_of(event)
        entrance = self.catalogue.entrance(event.entrance)
        if entrance is None or entrance.default:
            return Query(text)
        return Query(text, entrance.unit, entrance.area)


def words_of(event: ContactReceived) -> str:
    """Return the citizen's own words; the subject is hers only in a mail, elsewhere it is the entrance's name."""
    text = event.text or " ".join(event.fields.values())
    return f"{event.subject}. {text}" if event.subject and event.channel is Channel.EMAIL else text


def _facts(event: ContactReceived, matches: Sequence[Match]) -> Facts:
    best = matches[0] if matches else None
    return Facts(
        channel=event.channel,
        entrance=event.entrance,
        unit=event.unit,
        received_at=event.received_at,
        language=event.language,
        case_type=best.case_type.id if best else "",
        case_unit=best.case_type.unit if best else "",
        confidence=best.confidence if best else 0.0,
        flags=frozenset(event.flags),
        automatic=event.automatic,
        unreadable=event.unreadable,
        follows=isinstance(event, ContactFollowedUp),
    )


def candidate(match: Match) -> Candidate:
    """Return a match as events and answers say it."""
    found = match.case_type
    return Candidate(
        case_type=found.id,
        unit=found.unit,
        area=found.area,
        question=found.question,
        confidence=match.confidence,
    )


def _fact(
    event: ContactReceived, matches: Sequence[Match], decision: Decision, knowledge: Knowledge, rules_version: str
) -> ContactRouted:
    return ContactRouted(
        contact_id=event.contact_id,
        channel=event.channel,
        entrance=event.entrance,
        unit=event.unit,
        language=event.language,
        received_at=event.received_at,
        person_key=event.person_key,
        follows=event.follows if isinstance(event, ContactFollowedUp) else None,
        candidates=tuple(candidate(match) for match in matches),
        checklist=knowledge.checklists.get(matches[0].case_type.id) if matches else None,
        queue=decision.queue,
        skills=decision.skills,
        priority=decision.priority,
        due_at=decision.due_at,
        why=decision.why,
        model_version=knowledge.matcher.version,
        rules_version=rules_version,
    )


def _open(fact: ContactRouted, owner: str | None) -> OpenContact:
    return OpenContact(
        contact_id=fact.contact_id,
        state=ContactState.WAITING,
        epoch=0,
        channel=fact.channel,
        entrance=fact.entrance,
        unit=fact.unit,
        language=fact.language,
        queue=fact.queue,
        skills=fact.skills,
        priority=fact.priority,
        received_at=fact.received_at,
        due_at=fact.due_at,
        follows=fact.follows,
        preferred_agent=owner,
        candidates=fact.candidates,
        checklist=fact.checklist,
    )
