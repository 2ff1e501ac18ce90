"""The router's own tables: rules, what supervisors have decided, open contacts, and what contacts taught."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared import topics
from shared.events import Candidate, ChecklistRef, Event
from shared.vocabulary import Channel, ContactState, Priority, TakenOver, WorkKind, WrapUpMode


class RulesRecord(Event):
    """The published rule table of the router; the newest version counts."""

    event_type = "rules.published.v1"
    topic = topics.RULES
    version: str
    rules: tuple[dict[str, object], ...]
    published_at: datetime
    by: str = ""
    """Who published it; empty: the router itself, at its very first start."""
    reason: str = ""
    """Why, in the words of who did; nothing personal."""
    based_on: str | None = None
    """The version that was in force before it."""

    @property
    def key(self) -> str:
        return self.version


class PeakRecord(Event):
    """*Toppläge*: what holds during a storm, until `until`; it ends by itself."""

    event_type = "rules.peak.v1"
    topic = topics.RULES
    until: datetime
    started_at: datetime
    by: str
    reason: str
    """A code."""
    mail_waits: bool = True
    """Mail and e-services are offered to nobody who can take a live contact."""
    rings_open: bool = True
    """Rings are as wide at once as they would become with time."""
    reserves: bool = True
    """Reserves are offered everything."""
    queue_message: bool = True
    """Callers hear the entrance's queue message."""

    @property
    def key(self) -> str:
        return "peak"


class QueueClosure(Event):
    """A queue takes nothing new until `until` (None: until opened): it goes to `instead`, or waits."""

    event_type = "rules.queue_closure.v1"
    topic = topics.RULES
    queue: str
    until: datetime | None = None
    instead: str | None = None
    by: str
    reason: str
    """A code."""
    at: datetime

    @property
    def key(self) -> str:
        return f"closed:{self.queue}"


class OverflowStep(BaseModel):
    """What changes when a contact has waited for `after_seconds` since it came; the first step is number 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    after_seconds: float
    skills: tuple[str, ...] | None = None
    """The skills it asks for from now on (a wider ring); None: as before."""
    reserves: bool = False
    """From now on reserves may have it too."""
    queue: str | None = None
    priority: Priority | None = None
    offer_return_call: bool = False
    give_up: bool = False
    """It ends as abandoned: a question to a colleague that nobody answered."""


class WrapUp(BaseModel):
    """The after-work that follows a contact."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    mode: WrapUpMode
    seconds: float


class OpenContact(Event):
    """The whole routing state of a contact that is not at its end: what a rebuild reads."""

    event_type = "open.contact.v1"
    topic = topics.OPEN
    contact_id: str
    state: ContactState
    epoch: int
    channel: Channel
    entrance: str
    unit: str
    language: str = "sv"
    queue: str
    skills: tuple[str, ...] = ()
    priority: Priority
    received_at: datetime
    due_at: datetime | None = None
    follows: str | None = None
    preferred_agent: str | None = None
    agent_id: str | None = None
    accepted_at: datetime | None = None
    candidates: tuple[Candidate, ...] = ()
    checklist: ChecklistRef | None = None
    kind: WorkKind = WorkKind.CONTACT
    taken_over: TakenOver = TakenOver.TAKEN
    forward_to: str = ""
    not_before: datetime | None = None
    """Offered to nobody before: outside hours, or a return call that was promised for a time."""
    dwell_seconds: float = 0.0
    """How long it is kept for `preferred_agent` alone."""
    steps: tuple[OverflowStep, ...] = ()
    step: int = 0
    """How many of `steps` it has taken."""
    wrap_up: WrapUp | None = None
    asks: str | None = None
    """What it asks for now, as the store writes it, when a step or a supervisor has changed that."""
    turn: datetime | None = None
    """Its turn as the store has it: kept when a step or a supervisor changes its class."""
    about: str | None = None
    """The contact that a colleague is consulted about."""
    tells_connected: bool = False
    """Its telephony says when it is through, so that it is `connecting` until then."""
    queue_owner: str | None = None
    """Whose queue it waits in, when it is not ours (`pbx`); `elsewhere`: somebody who is no agent has answered it."""

    @property
    def key(self) -> str:
        return self.contact_id


class ExampleRecord(Event):
    """What one contact taught: keyed-hashed features and the case type that was right; not readable as text."""

    event_type = "example.learned.v1"
    topic = topics.EXAMPLES
    contact_id: str
    features: dict[int, float]
    case_type: str
    weight: float = 1.0
    at: datetime

    @property
    def key(self) -> str:
        return self.contact_id
