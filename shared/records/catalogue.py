"""What casework tells everybody: units, entrances, case types, checklists, hours, and how far each has moved in."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared import topics
from shared.events import ChecklistRef, Event
from shared.vocabulary import Channel, EntranceKind, Identity, Secrecy, StepType, TakenOver


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
    sign_off: Literal["off", "preferred", "required"] = "off"
    """Whether its contacts go to agents who are signed off for it: first, or to nobody else."""

    @property
    def key(self) -> str:
        return f"unit:{self.id}"


class IncidentRecord(Event):
    """An open disturbance (*driftstörning*); a tombstone when it is over."""

    event_type = "catalogue.incident.v1"
    topic = topics.CATALOGUE
    id: str
    title: str
    text: str
    """What may be told."""
    unit: str
    entrances: tuple[str, ...] = ()
    """Entrances whose greeting and queue message speak of it; none named: all of the unit."""
    case_types: tuple[str, ...] = ()
    greeting: str = ""
    """What is said after the entrance's own greeting."""
    opened_at: datetime
    expected_end: datetime | None = None

    @property
    def key(self) -> str:
        return f"incident:{self.id}"


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
    """The recording that a waiting caller hears, unless one is uploaded."""
    jour: str = ""
    """E.164 number that answers what is urgent when it is closed; empty: nobody does."""
    languages: tuple[str, ...] = ()
    """What a caller may choose among, in the order of the keys; fewer than two: no choice."""
    sender_name: str = ""
    default: bool = False
    """Takes what comes to an unknown value of its kind."""
    queue_owner: str = ""
    """`pbx`: the telephone exchange has the queue and chooses who answers; empty: we do."""
    case_type: str | None = None
    """Id of the case type that everything which comes in here is about, without a guess: a form of one matter only."""

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


class StepLink(BaseModel):
    """A page that helps with a step."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    label: str
    url: str


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
    delegation: bool = False
    """A decision: whoever takes it says by which delegation."""
    links: tuple[StepLink, ...] = ()


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
    why: str = ""
    """Why a hand-over cannot be closed by the contact centre itself."""


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
    urgent_until: datetime | None = None
    """Until when it holds without being approved, if it is an urgent change (*akutändring*)."""
    urgent_reason: str = ""

    @property
    def key(self) -> str:
        return f"checklist:{self.id}"


class Span(BaseModel):
    """Open from one time of day to another, local time (`08:00`, `16:30`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    opens: str
    closes: str


class DayException(BaseModel):
    """A day that is not as its weekday: other hours, or closed (no spans)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    day: str
    """`2026-12-23`."""
    spans: tuple[Span, ...] = ()
    note: str = ""


class HoursRecord(Event):
    """When a unit answers, on one channel or (`channel` None) on all that have no hours of their own."""

    event_type = "catalogue.hours.v1"
    topic = topics.CATALOGUE
    unit: str
    channel: Channel | None = None
    weekly: tuple[tuple[Span, ...], ...]
    """Seven days, Monday first; an empty one is closed."""
    exceptions: tuple[DayException, ...] = ()
    open_on_holidays: bool = False

    @property
    def key(self) -> str:
        return f"hours:{self.unit}:{self.channel or '*'}"


class TakeoverRecord(Event):
    """How far a case type or an entrance has moved into the contact centre, on one channel or on all."""

    event_type = "catalogue.takeover.v1"
    topic = topics.CATALOGUE
    subject: str
    """`case_type` or `entrance`."""
    id: str
    channel: Channel | None = None
    state: TakenOver
    from_day: str | None = None
    """`2027-01-11`: the first day of `state`; before it, `before` held. Without it, `state` holds at all times."""
    before: TakenOver = TakenOver.NOT
    forward_to: str = ""
    """Number or address that contacts are connected or forwarded to meanwhile; empty: the unit's own."""

    @property
    def key(self) -> str:
        return f"takeover:{self.subject}:{self.id}:{self.channel or '*'}"
