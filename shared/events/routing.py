"""The facts of `routing`: pseudonymous; who waits, who was asked, who took it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared import topics
from shared.events.base import ByContact, Event
from shared.vocabulary import Channel, Presence, Priority, TakenOver, WorkKind


class Candidate(BaseModel):
    """A case type the contact may be about; `confidence` 0 to 1; `area` joins the middle levels with " / "."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    case_type: str
    unit: str
    area: str
    question: str
    confidence: float


class ChecklistRef(BaseModel):
    """A published version of a checklist."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    version: int


class ContactRouted(ByContact):
    """The router has decided what the contact is about, its queue, its turn and why."""

    event_type = "contact.routed.v1"
    topic = topics.ROUTING
    channel: Channel
    entrance: str
    unit: str
    language: str
    received_at: datetime
    person_key: str | None = None
    follows: str | None = None
    candidates: tuple[Candidate, ...] = ()
    checklist: ChecklistRef | None = None
    queue: str
    skills: tuple[str, ...] = ()
    priority: Priority
    due_at: datetime | None = None
    why: tuple[str, ...] = ()
    model_version: str = ""
    rules_version: str = ""
    kind: WorkKind = WorkKind.CONTACT
    taken_over: TakenOver = TakenOver.TAKEN
    """What the centre has not taken over is counted apart from its lösningsgrad and its agreements."""
    open_cases: int = 0
    """Open cases of the same person when the contact came."""
    automatic: bool = False
    unreadable: bool = False
    flags: tuple[str, ...] = ()


class Fenced(ByContact):
    """A fact that a later one of the same contact makes history."""

    topic = topics.ROUTING
    epoch: int
    """Fencing number: a fact with a lower epoch than one already seen is history."""
    at: datetime


class ContactQueued(Fenced):
    """The contact waits in a queue (for the first time)."""

    event_type = "contact.queued.v1"
    queue: str
    channel: Channel
    priority: Priority


class OfferMade(Fenced):
    """One agent, and no other, is asked to take the contact until `expires_at`."""

    event_type = "offer.made.v1"
    offer_id: str
    agent_id: str
    queue: str
    expires_at: datetime
    why: tuple[str, ...] = ()
    """Why this contact and this agent: `preferred`, `late`, `next_in_line`, `longest_idle`, `ring:2` …"""


class OfferAccepted(Fenced):
    """The agent has taken the contact."""

    event_type = "offer.accepted.v1"
    offer_id: str
    agent_id: str
    channel: Channel
    queue: str
    waited_seconds: float
    connecting: bool = False
    """Its telephony is to say when it is through (`contact.connected`); until then nobody has answered."""


class OfferDeclined(Fenced):
    """The agent could not take it; the contact waits at its old place."""

    event_type = "offer.declined.v1"
    offer_id: str
    agent_id: str
    reason: str


class OfferExpired(Fenced):
    """The agent did not answer in time; the contact waits at its old place."""

    event_type = "offer.expired.v1"
    offer_id: str
    agent_id: str


class ContactRequeued(Fenced):
    """An accepted contact waits again, at its old place."""

    event_type = "contact.requeued.v1"
    queue: str
    reason: str
    agent_id: str | None = None


class ContactCompleted(Fenced):
    """The agent is done with the contact and her capacity is free."""

    event_type = "contact.completed.v1"
    agent_id: str | None = None
    case_type: str | None = None
    channel: Channel
    talk_seconds: float = 0.0
    after_work_seconds: float = 0.0
    """Between the end of the contact (`contact.wrap_up_started`) and this: her after-work."""


class ContactAbandoned(Fenced):
    """The citizen left before anyone had accepted."""

    event_type = "contact.abandoned.v1"
    channel: Channel
    queue: str
    waited_seconds: float
    short: bool | None = None
    """Whether it was so soon that nobody could have answered: counted apart. None where nobody has said."""


class ContactLeft(Fenced):
    """The citizen has gone from the agent who had taken the contact: its case is still hers."""

    event_type = "contact.left.v1"
    agent_id: str | None = None
    abandoned: bool | None = None
    """Whether nobody had talked with the citizen yet; None where nobody can say (a visit)."""
    short: bool | None = None
    """As in `contact.abandoned`."""
    waited_seconds: float | None = None
    """From the citizen's arrival until somebody talked, or until the citizen left."""


class PresenceChanged(Event):
    """An agent became available or not; capacity in units (a call costs 100)."""

    event_type = "agent.presence_changed.v1"
    topic = topics.ROUTING
    agent_id: str
    presence: Presence
    reason: str | None = None
    capacity: int = 100
    used: int = 0
    at: datetime

    @property
    def key(self) -> str:
        return self.agent_id
