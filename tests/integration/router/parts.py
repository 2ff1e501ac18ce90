"""The parts of the model: an agent and a contact as they must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from services.router.domain.contact import COST, HELD
from services.router.domain.order import CLASSES, GRACE, place_of
from services.router.domain.skills import Terms, can_take, parse_profile, parse_signature, requirement_of
from shared.records import OpenContact
from shared.vocabulary import LIVE_CHANNELS, Channel, ContactState, Presence, WorkKind

TOLERANCE = 50
"""Milliseconds that our clock and the server's may read apart."""
PRESENCE_MS = 30_000
NEVER = 2**60
LOOK_PAST = 16
"""How many that are cooling down are passed for one agent before the rest is left for later."""
Fields = Mapping[str, str]


def wrong(condition: object, what: str, *about: object) -> None:
    """Raise when `condition` holds."""
    if condition:
        raise AssertionError(f"{what}: {', '.join(map(str, about))}")


@cache
def fits(profile: str, signature: str) -> bool:
    """Whether an agent with this profile takes contacts of this line; the domain's rule, remembered."""
    return can_take(parse_profile(profile), parse_signature(signature))


@dataclass(slots=True)
class Agent:
    """One agent as she must be."""

    id: str
    terms: Terms = field(repr=False)
    presence: Presence = Presence.OFFLINE
    becoming: Presence | None = None
    known: bool = False
    """The store knows her terms."""
    asking: bool = False
    """A command of hers is under way, so that she may be given something at once."""
    idle: int = 0
    lease: int = 0
    """When she is taken to be gone, unless she is heard of again."""
    wait_until: int = 0
    pause: tuple[int, int] = (0, 0)
    """Until when she is certainly, and at most, given nothing."""
    offer: str | None = None
    items: dict[str, Channel] = field(default_factory=dict)
    on_hold: set[str] = field(default_factory=set)
    taken: list[int] = field(default_factory=list)
    contested: int = 0
    """Choices in a row that the contact longest past its bound has lost to others."""

    @property
    def profile(self) -> str:
        return f"{self.terms.profile.channel_words}#{self.terms.profile.skill_words}"

    @property
    def used(self) -> int:
        return sum(COST[channel] for channel in self.items.values())

    def room(self, channel: Channel) -> int:
        soft = sum(COST[each] for each in self.items.values() if each not in LIVE_CHANNELS)
        return self.terms.capacity - self.used + (soft if channel in LIVE_CHANNELS else 0)

    def leave_from(self, channel: Channel) -> tuple[int, int]:
        """From when rest, limit and blending let her have something of this channel: at the earliest, and certainly."""
        limit, limited = self.terms.max_contacts, 0
        if limit and len(self.taken) >= limit:
            limited = self.taken[-limit] + round(self.terms.window_seconds * 1000)
        blend = self.terms.blend_seconds.get(channel, 0)
        blended = self.idle + round(blend * 1000) if blend else 0
        least, most = self.pause
        return max(least, limited, blended), max(most, limited, blended)


@dataclass(slots=True)
class Contact:
    """One contact as it must be; `state` None: not in the store (any more)."""

    id: str
    asked: OpenContact = field(repr=False)
    signature: str
    turn: int
    arrived: int
    queue: str
    preferred: str | None
    state: ContactState | None = None
    epoch: int = 0
    highest: int = 0
    agent: str | None = None
    step: int = 0
    dwell: int = 0
    not_before: int = 0
    expires: int = 0
    kept: tuple[int, int] = (0, 0)
    """Until when it is certainly, and at most, for its preferred agent alone."""
    lined_up: bool = False
    """Its dwell has begun."""
    own: str = ""
    """Whose queue it waits in, if not ours."""
    answers: tuple[int, str | None] = (0, None)
    """When it was last answered outside, and by which agent."""
    taken: int = 0
    """The epoch of the offer by which its agent has it."""
    wraps_since: int = 0
    """When its after-work began; 0: nobody knows, it was begun in an earlier generation."""
    done: dict[str, int] = field(default_factory=dict)
    """The last epoch that each verb has worked on."""
    cools: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """For whom, until when, and whether that is certain."""
    gone: bool = False
    """The citizen left while an agent had it."""
    told: bool = False
    """The store has said so."""
    called_back: bool = False
    """We call her instead of being waited for."""
    through: int = 0
    """The epoch in which telephony said that the call is through."""

    @property
    def connects(self) -> bool:
        """Whether who accepts it waits for her line first."""
        return self.asked.tells_connected and not self.gone and not self.called_back

    def forget(self, record: OpenContact | None) -> None:
        """The store is filled anew: of this it knows what its record says."""
        self.cools.clear()
        self.done.clear()
        self.gone, self.told, self.through = False, False, 0
        self.called_back = record is not None and record.kind is WorkKind.RETURN_CALL

    def leaves(self, epoch: int) -> bool:
        """Note that the store tells that the citizen left who had it; False when it may not be told, or not again."""
        fitting = (
            not self.told
            and epoch == self.epoch
            and self.state in {*HELD, ContactState.WRAPPING, ContactState.COMPLETED}
        )
        self.told = True
        if self.state is ContactState.CONNECTING:
            self.state = ContactState.ASSIGNED
        return fitting

    @property
    def channel(self) -> Channel:
        return self.asked.channel

    @property
    def number(self) -> int:
        return int(self.signature[0])

    @property
    def late_from(self) -> int:
        return self.turn + round(GRACE[CLASSES[self.number]].total_seconds() * 1000)

    def rank(self, agent: Agent) -> tuple[int, bool, int, str]:
        """Its place before this agent; the least is next."""
        return (self.number, self.preferred != agent.id, self.turn, f"{self.arrived:013d}:{self.id}")

    def cools_for(self, agent_id: str, at: int, *, certainly: bool) -> bool:
        till, certain = self.cools.get(agent_id, (0, True))
        return till > at and (certain or not certainly)


def asks_at(asked: OpenContact, step: int) -> str:
    """Return what a contact must ask for after so many of its steps."""
    skills, reserves = asked.skills, False
    for each in asked.steps[:step]:
        skills, reserves = (skills if each.skills is None else each.skills), reserves or each.reserves
    return requirement_of(asked.channel, skills, asked.language, reserves=reserves).words


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def as_it_comes(asked: OpenContact) -> Contact:
    """Return a contact that the store has never heard of."""
    place = place_of(asked.priority, asked.received_at, asked.due_at)
    requirement = requirement_of(asked.channel, asked.skills, asked.language)
    return Contact(
        asked.contact_id,
        asked,
        requirement.signature(place.number),
        ms(place.turn),
        ms(place.arrived),
        asked.queue,
        asked.preferred_agent,
        dwell=round(asked.dwell_seconds * 1000),
        not_before=ms(asked.not_before) if asked.not_before else 0,
        own=asked.queue_owner or "",
    )


def suits(contact: Contact, agent: Agent) -> bool:
    """Whether she has the room and skills, and it is ours to offer."""
    room = agent.room(contact.channel) >= COST[contact.channel]
    return room and not contact.own and fits(agent.profile, contact.signature)
