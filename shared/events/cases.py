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


class _CaseEnd(ByCase):
    topic = topics.CASES
    contact_id: str
    epoch: int = 0
    channel: Channel
    unit: str
    case_type: str | None = None
    checklist: ChecklistRef | None = None
    handling_seconds: float = 0.0
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


class CaseReopened(ByCase):
    """A closed case lives again."""

    event_type = "case.reopened.v1"
    topic = topics.CASES
    contact_id: str
    by: str | None = None
    at: datetime
    state: CaseState = CaseState.OPEN


class CaseHandedOver(_CaseEnd):
    """The verksamhet has the case now."""

    event_type = "case.handed_over.v1"
    handover_id: str
    to: str
    priority: str = "normal"
    acknowledge_by: datetime
    answer_by: datetime


class _Handover(ByCase):
    topic = topics.CASES
    handover_id: str
    by: str
    at: datetime


class HandoverAcknowledged(_Handover):
    """A named person or function has confirmed the receipt of the hand-over."""

    event_type = "handover.acknowledged.v1"


class HandoverProgressed(_Handover):
    """The officer has said how it goes."""

    event_type = "handover.progressed.v1"
    planned_for: datetime | None = None


class HandoverReturned(_Handover):
    """The hand-over came to the wrong place (*felskickat*)."""

    event_type = "handover.returned.v1"
    reason: str
    """A code; what the receiver wrote stays in the case."""


class HandoverAnswered(_Handover):
    """The citizen has the answer."""

    event_type = "handover.answered.v1"


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
