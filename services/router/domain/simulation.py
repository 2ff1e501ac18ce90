"""The queues over again: past contacts come when they came, and agents who were ready take them.

A discrete-event simulation. The order is the store's (`domain/line.py`), as are capacity, interruption, rings, dwell
and rest. A contact takes as long as it took; who left leaves after the same patience. What agents would have done
otherwise is not simulated: they accept at once, decline nothing, and are ready when they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, partial
from heapq import heappop, heappush

from services.router.domain.contact import COST, LIVE
from services.router.domain.line import Counter, Lines, Waiting
from services.router.domain.order import CLASSES, place_of
from services.router.domain.rehearsal import Decided
from services.router.domain.rule_steps import Step
from services.router.domain.rules import Decision
from services.router.domain.skills import Terms, can_take, parse_profile, parse_signature, requirement_of
from shared.vocabulary import Channel


class _Kind(IntEnum):
    """What happens; at one moment in this order."""

    DONE = 0
    READY = 1
    AWAY = 2
    LEAVE = 3
    STEP = 4
    RELEASE = 5
    ARRIVE = 6
    LOOK = 7


@dataclass(slots=True)
class Agent:
    """One agent: what she holds, and how long she has been idle."""

    id: str
    terms: Terms
    profile: str
    """As the store writes it."""
    ready: bool = False
    used: int = 0
    soft: int = 0
    idle: float = 0.0
    pause: float = 0.0
    counter: Counter = field(default_factory=Counter)

    def open(self, now: float) -> frozenset[Channel]:
        """Return the channels of which she can be offered something now."""
        if not self.ready or self.pause > now:
            return frozenset()
        return frozenset(channel for channel in self.terms.profile.channels if self.has_room(channel, now))

    def has_room(self, channel: Channel, now: float) -> bool:
        """Say whether she could work on one more of a channel: mail is interrupted by what is live, and by her rest."""
        room = self.terms.capacity - self.used + (self.soft if channel in LIVE else 0)
        return COST[channel] <= room and self.idle + self.terms.blend_seconds.get(channel, 0.0) <= now

    def take(self, channel: Channel, sign: int = 1) -> None:
        """Give her what a contact costs, or take it back (-1)."""
        self.used += sign * COST[channel]
        if channel not in LIVE:
            self.soft += sign * COST[channel]


@dataclass(slots=True, eq=False)
class Contact:
    """One contact as it goes through the simulation; `waited` is its result, None when nobody took it."""

    place: Waiting
    channel: Channel
    language: str
    queue: str
    skills: tuple[str, ...]
    steps: Sequence[Step]
    from_: float
    handling: float
    reserves: bool = False
    step: int = 0
    gone: bool = False
    waited: float | None = None


@dataclass(slots=True)
class Simulation:
    """One run of one table; `handling` gives each contact's seconds."""

    terms: Mapping[str, Terms]
    agents: dict[str, Agent] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)
    now: float = 0.0
    _events: list[tuple[float, int, int, object]] = field(default_factory=list)
    _contacts: dict[str, Contact] = field(default_factory=dict)
    _queue_skills: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _number: int = 0

    def run(
        self,
        decided: Sequence[tuple[Decided, Decision]],
        handling: Sequence[float],
        ready: Mapping[str, Sequence[tuple[float, float]]],
    ) -> list[float | None]:
        """Return after how many seconds each contact was taken, placed by the decision that stands beside it."""
        self.agents = {agent: _agent(agent, self.terms[agent]) for agent in ready if agent in self.terms}
        for agent in self.agents:
            for begins, ends in ready[agent]:
                self._at(begins, _Kind.READY, agent)
                self._at(ends, _Kind.AWAY, agent)
        contacts = [
            self._contact(one, decision, seconds) for (one, decision), seconds in zip(decided, handling, strict=True)
        ]
        while self._events:
            self.now, kind, _, what = heappop(self._events)
            self._happen(_Kind(kind), what)
        return [contact.waited for contact in contacts]

    def _contact(self, one: Decided, decision: Decision, handling: float) -> Contact:
        past = one.contact
        facts = past.facts
        place = place_of(decision.priority, facts.received_at, decision.due_at)
        arrived = facts.received_at.timestamp()
        waiting = Waiting(past.id, place.number, place.turn.timestamp(), arrived, "", past.preferred)
        waiting.kept = bool(decision.dwell_seconds and past.preferred)
        made = Contact(
            waiting,
            facts.channel,
            facts.language,
            decision.queue,
            decision.skills,
            decision.steps,
            max(past.from_, arrived),
            handling,
        )
        self._contacts[past.id] = made
        self._at(made.from_, _Kind.ARRIVE, made)
        if past.left is not None:
            self._at(made.from_ + past.left, _Kind.LEAVE, made)
        if waiting.kept:
            self._at(made.from_ + decision.dwell_seconds, _Kind.RELEASE, made)
        return made

    def _at(self, moment: float, kind: _Kind, what: object) -> None:
        self._number += 1
        heappush(self._events, (moment, int(kind), self._number, what))

    def _happen(self, kind: _Kind, what: object) -> None:
        match kind, what:
            case _Kind.DONE, (Agent() as agent, Contact() as contact):
                self._done(agent, contact)
            case _Kind.READY, str(agent_id):
                self.agents[agent_id].ready = True
                self._serve(self.agents[agent_id])
            case _Kind.AWAY, str(agent_id):
                self.agents[agent_id].ready = False
            case _Kind.LEAVE, Contact() as contact:
                contact.gone, contact.place.waits = True, False
            case _Kind.ARRIVE, Contact() as contact if not contact.gone:
                self._arrive(contact)
            case _Kind.STEP, Contact() as contact if contact.place.waits:
                self._step(contact)
            case _Kind.RELEASE, Contact() as contact if contact.place.waits and contact.place.kept:
                contact.place.kept = False
                self._wait(contact)
            case _Kind.LOOK, Agent() as agent:
                self._serve(agent)
            case _:
                pass

    def _arrive(self, contact: Contact) -> None:
        self._queue_skills[contact.queue] = contact.skills
        preferred = self.agents.get(contact.place.preferred or "")
        if preferred is None or not preferred.ready:
            contact.place.kept = False
        self._wait(contact)
        self._arm(contact)

    def _wait(self, contact: Contact) -> None:
        """Into line, and to whoever can take it now: her preferred agent, else the longest idle."""
        place = contact.place
        place.signature = _signature(contact)
        self.lines.add(place)
        agent = self._agent_for(contact)
        if agent is not None:
            place.waits = False
            self._take(agent, contact)
            self._serve(agent)

    def _agent_for(self, contact: Contact) -> Agent | None:
        place, best = contact.place, None
        preferred = self.agents.get(place.preferred or "")
        if preferred is not None and self._takes(preferred, contact):
            return preferred
        if place.kept:
            return None
        for agent in self.agents.values():
            if (best is None or agent.idle < best.idle) and self._takes(agent, contact):
                best = agent
        return best

    def _takes(self, agent: Agent, contact: Contact) -> bool:
        if not agent.ready or agent.pause > self.now or not _fits(agent.profile, contact.place.signature):
            return False
        return agent.has_room(contact.channel, self.now)

    def _step(self, contact: Contact) -> None:
        step = contact.steps[contact.step]
        contact.step += 1
        if step.queue and step.queue != contact.queue:
            contact.queue = step.queue
            contact.skills = self._queue_skills.get(step.queue, contact.skills)
        contact.skills = contact.skills if step.skills is None else step.skills
        contact.reserves = contact.reserves or step.reserves
        if step.priority:
            contact.place.number = CLASSES.index(step.priority)
        self._wait(contact)
        self._arm(contact)

    def _arm(self, contact: Contact) -> None:
        if contact.place.waits and contact.step < len(contact.steps):
            self._at(contact.from_ + contact.steps[contact.step].after, _Kind.STEP, contact)

    def _take(self, agent: Agent, contact: Contact) -> None:
        contact.waited = self.now - contact.from_
        agent.take(contact.channel)
        self._at(self.now + contact.handling, _Kind.DONE, (agent, contact))

    def _done(self, agent: Agent, contact: Contact) -> None:
        agent.take(contact.channel, -1)
        agent.idle = self.now
        agent.pause = self.now + agent.terms.rest_seconds
        if agent.pause > self.now:
            self._at(agent.pause, _Kind.LOOK, agent)
        for channel_rest in set(agent.terms.blend_seconds.values()):
            self._at(self.now + channel_rest, _Kind.LOOK, agent)
        self._serve(agent)

    def _serve(self, agent: Agent) -> None:
        """Give her what she has room for."""
        while channels := agent.open(self.now):
            fits = partial(_fits_now, agent.profile, channels)
            found = self.lines.choose(agent.id, fits, agent.counter, self.now)
            if found is None:
                return
            self._take(agent, self._contacts[found.id])


def _agent(agent_id: str, terms: Terms) -> Agent:
    return Agent(agent_id, terms, f"{terms.profile.channel_words}#{terms.profile.skill_words}")


def _fits_now(profile: str, channels: frozenset[Channel], line: str) -> bool:
    return _fits(profile, line) and _channel(line) in channels


@cache
def _fits(profile: str, line: str) -> bool:
    return can_take(parse_profile(profile), parse_signature(line))


@cache
def _channel(line: str) -> Channel:
    return parse_signature(line).channel


def _signature(contact: Contact) -> str:
    return _line(contact.place.number, contact.channel, contact.skills, contact.language, contact.reserves)


@cache
def _line(number: int, channel: Channel, skills: tuple[str, ...], language: str, reserves: bool) -> str:
    return requirement_of(channel, skills, language, reserves=reserves).signature(number)
