"""What pages, the desk and doors show of incidents."""

from dataclasses import dataclass, field
from datetime import datetime

from services.casework.usecases.views import AlarmView


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in a list; counts are of linked cases."""

    id: str
    state: str
    title: str
    text: str
    unit: str
    unit_name: str
    entrances: tuple[str, ...]
    case_types: tuple[str, ...]
    greeting: str
    opened_at: datetime
    opened_by: str
    expected_end: datetime | None
    closed_at: datetime | None
    closed_by: str
    answer: str
    answered_at: datetime | None
    alarm_id: str
    linked: int
    persons: int
    """Distinct persons among them; a contact whose person is not known counts as one."""
    last_hour: int
    late: bool
    """It is open though its expected end has passed."""


@dataclass(frozen=True, slots=True)
class HourView:
    """How many cases were linked in one hour; `share` of the busiest."""

    at: datetime
    linked: int
    share: float


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """A linked case: `answered` when the last answer has gone out in its thread, or somebody has called."""

    case_id: str
    number: str
    state: str
    channel: str
    question: str
    sender: str
    phone: str
    linked_at: datetime
    linked_by: str
    answered: bool
    reachable: bool
    """The citizen can be written to; else she has to be called."""
    hidden: bool = False
    """Who she is is not shown to the reader: the agent of her case calls."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """How far the last answer has come: sent or told by phone, under way, and to be told by phone."""

    total: int
    answered: int
    waiting: int
    calls: int
    later: int
    """Linked since the answer was given: they get it when it is given again."""


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident with what is linked to it, as far as the reader may see it."""

    incident: IncidentRow
    hours: tuple[HourView, ...]
    cases: tuple[LinkedRow, ...]
    calls: tuple[LinkedRow, ...]
    """Who has to be called because there is no address."""
    hidden: int
    """Linked cases that are not shown here: the reader may not see them, or they are too many."""
    progress: AnswerView | None
    entrance_names: tuple[str, ...]
    case_type_names: tuple[str, ...]
    may_manage: bool


@dataclass(frozen=True, slots=True)
class IncidentList:
    """The open incidents, newest first, and those that were closed lately."""

    open: tuple[IncidentRow, ...]
    closed: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True)
class DeskIncident:
    """An open incident at the desk; `likely` when the case type says that the case is about it."""

    id: str
    title: str
    text: str
    unit_name: str
    greeting: str
    expected_end: datetime | None
    late: bool
    linked: int
    concerns: bool = True
    greets: bool = False
    likely: bool = False
    mine: bool = False
    """The case at hand is linked to it."""


@dataclass(frozen=True, slots=True)
class DeskIncidents:
    """What the desk says of disturbances: those that concern the case at hand, the others, and alarms when idle."""

    here: tuple[DeskIncident, ...] = ()
    others: tuple[DeskIncident, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    may_open: frozenset[str] = field(default_factory=frozenset)
    """The alarms that the reader may open an incident for."""

    @property
    def only(self) -> DeskIncident | None:
        """The one incident that a single key is about."""
        return self.here[0] if len(self.here) == 1 else None

    @property
    def linked(self) -> DeskIncident | None:
        """The incident that the case at hand is linked to."""
        return next((one for one in self.here if one.mine), None)


@dataclass(frozen=True, slots=True)
class Prefill:
    """What a form of a new incident begins with when it comes of an alarm."""

    title: str = ""
    unit: str = ""
    case_types: tuple[str, ...] = ()
    alarm_id: str = ""
    alarm_text: str = ""
