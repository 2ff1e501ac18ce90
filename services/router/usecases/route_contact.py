"""A contact has reached us: what it is about, where it waits, until when, and why. Nothing personal leaves here."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from services.router.domain.closing import sent_on
from services.router.domain.ending import End
from services.router.domain.matching.matcher import BEST, Match, Query
from services.router.domain.rules import Decision, Facts, RuleTable
from services.router.domain.skills import sign_off_word
from services.router.usecases.circumstances import Circumstances
from services.router.usecases.routed import Routing, checklist_of, opening, routed
from services.router.usecases.rulebook import Rulebook
from services.router.usecases.teach import Knowledge, Taught
from shared.catalogue import Catalogue
from shared.clock import Clock, utc_now
from shared.consume import Received
from shared.events import (
    CallConnected,
    CallNotAnswered,
    ContactAnswered,
    ContactEnded,
    ContactFollowedUp,
    ContactGivenBack,
    ContactPurged,
    ContactReceived,
)
from shared.ids import natural_event_id
from shared.publish import Message, message
from shared.records import OpenContact
from shared.vocabulary import LIVE_CHANNELS, Channel, EntranceKind, TakenOver

_AT_ONCE = 50
"""Contacts scored before others get a turn on the event loop: about 15 ms."""
_SURE = 0.5
"""A guess that is less sure makes nothing somebody else's: then the entrance alone says whether it is ours."""

UNKNOWN_ENTRANCE = "unknown_entrance"
"""The flag of what came to a value nobody has registered, and therefore by the default entrance of its kind."""

Arrival = Received[ContactReceived]


class Line(Protocol):
    """Where contacts wait (`store.queues.Queues`)."""

    async def enqueue(self, contacts: Sequence[OpenContact], routed: Sequence[Message | None]) -> None:
        """Let contacts wait, each with its `contact.routed`; known ones are left as they are."""

    async def cancel(self, contact_id: str, reason: str, talk_seconds: float | None = None, *, end: End) -> None:
        """Take note that the citizen is gone."""

    async def through(self, contact_id: str, epoch: int, at: datetime | None = None) -> None:
        """Take note that the call is through, `at` then, to who accepted it."""

    async def not_answered(self, contact_id: str, epoch: int) -> None:
        """Let a call wait again whose agent's phone did not answer."""

    async def claim(self, contact_id: str, agent_id: str | None, at: datetime, *, takes_over: bool = False) -> None:
        """Take note that it was answered outside."""

    async def take_back(self, contact_id: str, owner: str, at: datetime) -> None:
        """Let it wait again in the queue of `owner`, whoever had answered it before `at`."""

    async def purge(self, contact_id: str) -> None:
        """Forget the contact."""


class OpenCases(Protocol):
    """A person's open cases."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def agent(self) -> str | None:
        """The agent of the newest that has one."""


class Owners(Protocol):
    """Whose case it is (`store.case_agents.CaseAgents`)."""

    async def of(self, cases: Sequence[str]) -> Mapping[str, str]:
        """Return the agent of each case that has one."""

    async def open_of(self, persons: Sequence[str]) -> Mapping[str, OpenCases]:
        """Return the open cases of each person (by keyed hash) who has any."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is asked once for a whole batch."""

    table: RuleTable
    owners: Mapping[str, str]
    persons: Mapping[str, OpenCases]
    waiting: Mapping[str, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class RouteContact:
    """Routes a batch in one round trip; the same contact again changes nothing."""

    catalogue: Catalogue
    taught: Taught
    rules: Rulebook
    queues: Line
    owners: Owners
    around: Circumstances = field(default_factory=Circumstances)
    clock: Clock = utc_now

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Let those who came wait, then take in what telephony says of them, and who left or is to be forgotten."""
        arrived = {each.event.contact_id: each for each in batch if isinstance(each.event, ContactReceived)}
        if arrived:
            await self._let_wait(list(arrived.values()))
        for each in batch:
            match each.event:
                case ContactEnded() as ended:
                    end = End(ended.abandoned, ended.short, ended.waited_seconds)
                    await self.queues.cancel(ended.contact_id, ended.reason, ended.talk_seconds, end=end)
                case CallConnected() as connected:
                    await self.queues.through(connected.contact_id, connected.epoch, connected.at)
                case CallNotAnswered() as unanswered:
                    await self.queues.not_answered(unanswered.contact_id, unanswered.epoch)
                case ContactAnswered() as said:
                    at, over = said.answered_at, said.takes_over
                    await self.queues.claim(said.contact_id, said.agent_id, at, takes_over=over)
                case ContactGivenBack() as back:
                    await self.queues.take_back(back.contact_id, back.queue_owner, back.given_back_at)
                case ContactPurged() as purged:
                    await self.queues.purge(purged.contact_id)
                case _:
                    continue

    async def _let_wait(self, arrived: Sequence[Arrival]) -> None:
        known = await self._ask(arrived)
        contacts: list[OpenContact] = []
        facts: list[Message] = []
        waiting = iter(arrived)
        while part := list(islice(waiting, _AT_ONCE)):
            for contact, fact in self._route(part, known):
                contacts.append(contact)
                facts.append(fact)
            await asyncio.sleep(0)
        await self.queues.enqueue(contacts, facts)

    async def _ask(self, arrived: Sequence[Arrival]) -> _Known:
        table = self.rules.current()
        return _Known(
            table,
            await self.owners.of([each.event.follows for each in arrived if isinstance(each.event, ContactFollowedUp)]),
            await self.owners.open_of([key for each in arrived if (key := each.event.person_key)]),
            await self.around.load.waiting() if table.asks_load else {},
            self.clock(),
        )

    def _route(self, arrived: Sequence[Arrival], known: _Known) -> Iterable[tuple[OpenContact, Message]]:
        knowledge = self.taught.now
        queries = [self._query(each.event) for each in arrived]
        for each, ranked in zip(arrived, knowledge.matcher.rank(queries), strict=True):
            routing = self._decide(each.event, self._certain(each.event, ranked, knowledge), known)
            checklist = checklist_of(routing, knowledge, self.catalogue)
            version = knowledge.matcher.version
            fact = routed(routing, checklist, model_version=version, rules_version=known.table.version)
            event_id = natural_event_id(fact.event_type, fact.contact_id)
            yield opening(fact, routing), replace(message(fact, event_id=event_id), traceparent=each.traceparent)

    def _certain(self, event: ContactReceived, ranked: Sequence[Match], knowledge: Knowledge) -> Sequence[Match]:
        """Return the case type that the form is made for, certain, and the others without a claim; else the ranking."""
        entrance = self.catalogue.entrance(event.entrance)
        if entrance is None or entrance.kind is not EntranceKind.FORM or event.form is None or not entrance.case_type:
            return ranked
        named = knowledge.case_types.get(entrance.case_type)
        if named is None or UNKNOWN_ENTRANCE in event.flags:  # an unknown form only came in by this one's door
            return ranked
        others = [Match(one.case_type, 0.0) for one in ranked if one.case_type.id != named.id]
        return [Match(named, 1.0), *others[: BEST - 1]]

    def _decide(self, event: ContactReceived, matches: Sequence[Match], known: _Known) -> Routing:
        facts, forward_to = self._facts(event, matches, known)
        decision, held = self._placed(known.table.decide(facts), known.now)
        decision = self._signed(decision, facts)
        closed = self._closed_until(event)
        return Routing(
            event,
            facts,
            matches,
            decision,
            forward_to=forward_to,
            not_before=max((moment for moment in (held, closed) if moment), default=None),
            preferred_agent=_preferred(event, known),
        )

    def _placed(self, decision: Decision, now: datetime) -> tuple[Decision, datetime | None]:
        """Return the decision as a storm and closed queues change it, and until when nobody is offered it."""
        peak = self.around.peak.active(now)
        if peak is not None and peak.rings_open and decision.steps:
            decision = replace(decision.opened(), why=(*decision.why, "peak:rings_open"))
        queue, held = self.around.closures.place(decision.queue, now)
        if queue != decision.queue:
            decision = sent_on(decision, queue, has_skill=self.catalogue.unit(queue) is not None)
        return decision, held

    def _signed(self, decision: Decision, facts: Facts) -> Decision:
        """Return the decision with what the contact's unit asks of sign-offs; rings drop nothing of that."""
        sure = facts.case_unit and facts.confidence >= _SURE
        unit = self.catalogue.unit(facts.case_unit if sure else facts.unit)
        word = sign_off_word(unit.id, unit.sign_off) if unit and facts.taken_over is not TakenOver.NOT else ""
        return decision.asking(word) if word else decision

    def _closed_until(self, event: ContactReceived) -> datetime | None:
        """Return when the unit opens, unless the owner of another queue decides.

        What is written waits for that only where it has hours of its own channel.
        """
        if event.queue_owner:
            return None
        if event.channel not in LIVE_CHANNELS:
            hours = self.catalogue.hours(event.unit, event.channel)
            if hours is None or hours.channel is None:
                return None
        return self.around.hours.opens_at(event.unit, event.channel, event.received_at)

    def _facts(self, event: ContactReceived, matches: Sequence[Match], known: _Known) -> tuple[Facts, str]:
        best = matches[0] if matches else None
        case_type = best.case_type.id if best else ""
        sure = case_type if best and best.confidence >= _SURE else ""
        taken, forward_to = self.around.takeovers.state_of(sure, event.entrance, event.channel, event.received_at)
        cases = known.persons.get(event.person_key) if event.person_key else None
        facts = Facts(
            channel=event.channel,
            entrance=event.entrance,
            unit=event.unit,
            received_at=event.received_at,
            language=event.language,
            case_type=case_type,
            case_unit=best.case_type.unit if best else "",
            confidence=best.confidence if best else 0.0,
            flags=frozenset(event.flags),
            automatic=event.automatic,
            unreadable=event.unreadable,
            follows=isinstance(event, ContactFollowedUp),
            taken_over=taken,
            open_cases=cases.count if cases else 0,
            waiting=known.waiting,
        )
        return facts, forward_to

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


def _preferred(event: ContactReceived, known: _Known) -> str | None:
    """Return the agent of the case that it follows, else of an open case of the same person."""
    if isinstance(event, ContactFollowedUp) and event.follows in known.owners:
        return known.owners[event.follows]
    cases = known.persons.get(event.person_key) if event.person_key else None
    return cases.agent if cases else None
