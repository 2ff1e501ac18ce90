"""The records of the whole tables (`catalogue`, `agents`, `rules`, `open`, `examples`): the latest of a key is true.

A null value (tombstone) means that the thing is gone. They are written like events and read by `shared.table`.
"""

from datetime import datetime
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field

from shared import topics
from shared.events import Candidate, ChecklistRef, Event
from shared.vocabulary import Channel, ContactState, EntranceKind, Identity, Priority, Secrecy, StepType


class UnitRecord(Event):
    """A verksamhet, company or board that the contact centre answers for."""

    event_type = "catalogue.unit.v1"
    topic = topics.CATALOGUE
    id: str
    name: str
    legal_form: str = "förvaltning"
    controller: str = ""
    handover_address: str = ""
    """The mail address that hand-overs go to."""

    @property
    def key(self) -> str:
        return f"unit:{self.id}"


class EntranceRecord(Event):
    """A number, address, form or desk that citizens come in by; decides greeting, unit and default branch."""

    event_type = "catalogue.entrance.v1"
    topic = topics.CATALOGUE
    id: str
    kind: EntranceKind
    value: str
    """E.164 number, mail address, form id or desk id."""
    name: str
    unit: str
    """Unit id; the default of what comes in here."""
    area: str | None = None
    greeting: str
    """What the agent says or writes first; `{agent}` is her first name."""
    queue_message_url: str = ""
    """The recording that a waiting caller hears."""
    sender_name: str = ""
    default: bool = False
    """Takes what comes to an unknown value of its kind."""

    @property
    def key(self) -> str:
        return f"entrance:{self.id}"


class CaseTypeRecord(Event):
    """A case type: a path from the unit to the question, with how residents put it."""

    event_type = "catalogue.case_type.v1"
    topic = topics.CATALOGUE
    id: str
    path: tuple[str, ...]
    """Unit name first, question last, two to five levels."""
    unit: str
    """Unit id."""
    typical_outcome: str = "close"
    share: float = 0.0
    checklist: ChecklistRef | None = None
    examples: tuple[str, ...] = ()
    deprecated: bool = False

    @property
    def key(self) -> str:
        return f"case_type:{self.id}"

    @property
    def question(self) -> str:
        """The leaf: what the citizen asks."""
        return self.path[-1]

    @property
    def area(self) -> str:
        """The middle levels, joined."""
        return " / ".join(self.path[1:-1])


class Option(BaseModel):
    """An answer to a step and where it leads: a step id or an end id."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    label: str
    goto: str


class StepRecord(BaseModel):
    """One step: without options it leads straight on to `goto`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    type: StepType
    text: str
    goto: str | None = None
    options: tuple[Option, ...] = ()
    obligatory: bool = False
    note: str = ""


class EndRecord(BaseModel):
    """An end of a checklist: close, hand over or switch; durations as written (`1 arbetsdag`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    kind: str
    resolution: str | None = None
    message: str = ""
    to: str | None = None
    mode: str | None = None
    priority: str = "normal"
    extra_fields: tuple[str, ...] = ()
    receive_within: str | None = None
    answer_citizen_within: str | None = None
    note: str = ""


class ChecklistRecord(Event):
    """The published version of a checklist."""

    event_type = "catalogue.checklist.v1"
    topic = topics.CATALOGUE
    id: str
    version: int
    case_type: str
    owner_role: str = ""
    owner_unit: str = ""
    identity: Identity = Identity.NONE
    secrecy: Secrecy = Secrecy.NONE
    legal_note: str = ""
    params: dict[str, str] = Field(default_factory=dict)
    steps: tuple[StepRecord, ...]
    ends: tuple[EndRecord, ...]
    tags: tuple[str, ...] = ()
    published_at: datetime
    review_by: datetime | None = None

    @property
    def key(self) -> str:
        return f"checklist:{self.id}"


class AgentProfile(Event):
    """What an agent can take: skills with levels, capacity in units (100), the phone her calls are connected to."""

    event_type = "agent.profile_changed.v1"
    topic = topics.AGENTS
    id: str
    name: str
    skills: dict[str, int] = Field(default_factory=dict)
    """Skill to level 1–5; `*` takes everything. Skills are unit ids, `lang:fi`, `channel:phone` …"""
    languages: tuple[str, ...] = ("sv",)
    channels: tuple[Channel, ...] = tuple(Channel)
    capacity: int = 100
    phone: str | None = None
    active: bool = True

    @property
    def key(self) -> str:
        return self.id


class RulesRecord(Event):
    """The published rule table of the router; the newest version counts."""

    event_type = "rules.published.v1"
    topic = topics.RULES
    version: str
    rules: tuple[dict[str, object], ...]
    published_at: datetime

    @property
    def key(self) -> str:
        return self.version


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


TABLE_RECORDS = (
    UnitRecord
    | EntranceRecord
    | CaseTypeRecord
    | ChecklistRecord
    | AgentProfile
    | RulesRecord
    | OpenContact
    | ExampleRecord
)

RECORD_TYPES: dict[str, type[Event]] = {model.event_type: model for model in get_args(TABLE_RECORDS)}
"""Every table record by its `ce_type`."""
