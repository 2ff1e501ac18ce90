"""The facts of `cases`: pseudonymous; what became of the contact."""

from datetime import datetime

from shared import topics
from shared.events.base import ByCase
from shared.events.routing import ChecklistRef
from shared.vocabulary import CaseState, Cause, Channel, Resolution, TakenOver


class CaseOpened(ByCase):
    """A case exists for the contact."""

    event_type = "case.opened.v1"
    topic = topics.CASES
    contact_id: str
    channel: Channel
    entrance: str
    unit: str
    person_key: str | None = None
    opened_at: datetime


class CaseClassified(ByCase):
    """The case's type was set by the router, confirmed or corrected by an agent."""

    event_type = "case.classified.v1"
    topic = topics.CASES
    contact_id: str
    case_type: str
    unit: str
    how: str
    """`set`, `confirmed` or `corrected`."""
    previous: str | None = None
    by: str | None = None
    at: datetime


class CaseStepDone(ByCase):
    """A step of the checklist is done."""

    event_type = "case.step_done.v1"
    topic = topics.CASES
    checklist: ChecklistRef
    step: str
    option: str | None = None
    by: str
    at: datetime


class CaseStepUndone(ByCase):
    """The last step that was done was taken back."""

    event_type = "case.step_undone.v1"
    topic = topics.CASES
    checklist: ChecklistRef
    step: str
    by: str
    at: datetime


class _CaseEnd(ByCase):
    topic = topics.CASES
    contact_id: str
    epoch: int = 0
    channel: Channel
    unit: str
    case_type: str | None = None
    checklist: ChecklistRef | None = None
    handling_seconds: float = 0.0
    talk_seconds: float | None = None
    """Of `handling_seconds`: connected with the citizen. None where nobody talks."""
    hold_seconds: float | None = None
    after_work_seconds: float | None = None
    """After-work that is over; what ends later is told by `case.time_added`."""
    checklist_allows: bool | None = None
    """Whether the checklist has an end that closes; None without a checklist. What it must hand over is no failure."""
    taken_over: TakenOver = TakenOver.TAKEN
    """What the contact centre does not answer for yet is counted apart."""
    by: str | None = None
    at: datetime


class CaseClosed(_CaseEnd):
    """The case is solved or otherwise at its end."""

    event_type = "case.closed.v1"
    resolution: Resolution
    cause: Cause | None = None
    first_contact: bool = False
    """Closed in the first contact, with a resolution that counts strictly."""
    first_contact_wide: bool = False
    """The same with a resolution that counts widely: shown to a self-service also counts."""


class CaseReopened(ByCase):
    """A closed case lives again."""

    event_type = "case.reopened.v1"
    topic = topics.CASES
    contact_id: str
    by: str | None = None
    at: datetime
    state: CaseState = CaseState.OPEN


class CaseParked(ByCase):
    """The case rests until a moment; its agent is reminded then, and nobody works on its contact any more."""

    event_type = "case.parked.v1"
    topic = topics.CASES
    contact_id: str
    epoch: int = 0
    until: datetime
    by: str
    at: datetime


class CaseMerged(ByCase):
    """The case has become part of another; it is neither solved nor open, and counts as none of its own."""

    event_type = "case.merged.v1"
    topic = topics.CASES
    contact_id: str
    """The contact that nobody works on any more: of the two cases only one goes on."""
    epoch: int = 0
    into: str
    """Id of the case that goes on."""
    into_number: str
    by: str
    at: datetime


class CaseSplit(ByCase):
    """The case was made out of a part of another, or is one of its own again after a merge."""

    event_type = "case.split.v1"
    topic = topics.CASES
    origin: str
    """Id of the case that it came from."""
    origin_number: str
    by: str
    at: datetime
    state: CaseState = CaseState.OPEN
    """`closed` when it was closed before the merge that is undone."""


class ContactSetAside(ByCase):
    """Nobody has to take a contact: a machine wrote it in a case that is closed, or too many of its like have come."""

    event_type = "case.contact_set_aside.v1"
    topic = topics.CASES
    contact_id: str
    why: str
    """`automatic`, `quiet` (old mail taken in) or `rate_capped`."""
    at: datetime


class FirstContactWithdrawn(ByCase):
    """A first-contact resolution was none: the case was reopened, or the same person came back on the same type."""

    event_type = "case.first_contact_withdrawn.v1"
    topic = topics.CASES
    contact_id: str
    channel: Channel
    unit: str
    case_type: str | None = None
    why: str
    """`reopened` or `came_back`."""
    by_case: str | None = None
    """The case that the person came back with."""
    closed_at: datetime
    at: datetime


class TimeAdded(ByCase):
    """Work on the case that ended after the case did: after-work of a call or a visit."""

    event_type = "case.time_added.v1"
    topic = topics.CASES
    contact_id: str
    channel: Channel
    unit: str
    case_type: str | None = None
    kind: str
    """`after_work`."""
    seconds: float
    at: datetime


class ReturnCallTried(ByCase):
    """Nobody answered when we called back."""

    event_type = "return_call.tried.v1"
    topic = topics.CASES
    contact_id: str
    try_number: int
    next_at: datetime | None = None
    """When we try again; None after the last try of the day: the citizen is told by SMS, the case stays open."""
    by: str
    at: datetime


class IncidentLinked(ByCase):
    """The case is about an open incident (*driftstörning*)."""

    event_type = "incident.case_linked.v1"
    topic = topics.CASES
    incident_id: str
    contact_id: str
    by: str
    at: datetime


class IncidentUnlinked(ByCase):
    """The case is not about that incident after all; it says what `IncidentLinked` said."""

    event_type = "incident.case_unlinked.v1"
    topic = topics.CASES
    incident_id: str
    contact_id: str
    by: str
    at: datetime


class CaseHandedOver(_CaseEnd):
    """The verksamhet has the case now."""

    event_type = "case.handed_over.v1"
    handover_id: str
    to: str
    priority: str = "normal"
    acknowledge_by: datetime
    answer_by: datetime


class DeadlineMissed(ByCase):
    """A promise was broken; said once per promise."""

    event_type = "deadline.missed.v1"
    topic = topics.CASES
    kind: str
    """`acknowledge`, `answer` or `due`."""
    due_at: datetime
    at: datetime


class KnowledgeGapReported(ByCase):
    """An agent found something missing or wrong in a checklist, or no checklist at all."""

    event_type = "knowledge.gap_reported.v1"
    topic = topics.CASES
    checklist: ChecklistRef | None = None
    step: str | None = None
    at: datetime


class KnowledgeGapAnswered(ByCase):
    """The owner has answered what an agent had found missing or wrong."""

    event_type = "knowledge.gap_answered.v1"
    topic = topics.CASES
    checklist: ChecklistRef | None = None
    step: str | None = None
    state: str
    """`answered` or `declined`."""
    by: str
    at: datetime
