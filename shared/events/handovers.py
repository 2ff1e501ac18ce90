"""The facts of `cases` about hand-overs: from the unit that received a case."""

from datetime import datetime

from shared import topics
from shared.events.base import ByCase
from shared.events.routing import ChecklistRef


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
    """A code of `ReturnReason`; what the receiver wrote stays in the case."""
    to: str | None = None
    """The unit that the receiver says it belongs to."""
    unit: str = ""
    """The unit that sends it back."""
    checklist: ChecklistRef | None = None
    """The checklist that sent it there."""


class HandoverAnswered(_Handover):
    """The citizen, or the agent who tells her, has the answer."""

    event_type = "handover.answered.v1"
    to: str = "citizen"
    """`citizen` or `agent`."""


class HandoverDelivered(_Handover):
    """A unit has it now: at the time that it has picked for what can wait, or because another passed it on."""

    event_type = "handover.delivered.v1"
    to: str


class HandoverAssigned(_Handover):
    """An officer of the unit has it, or her substitute while she is away."""

    event_type = "handover.assigned.v1"
    officer: str
    substitute_for: str | None = None


class HandoverPaused(_Handover):
    """The citizen was asked for what is missing; the answer's clock stands still."""

    event_type = "handover.paused.v1"


class HandoverResumed(_Handover):
    """The citizen has written; the clock runs on to a later time."""

    event_type = "handover.resumed.v1"
    answer_by: datetime


class HandoverMoved(_Handover):
    """The answer is promised for another time; the citizen is told."""

    event_type = "handover.moved.v1"
    was: datetime
    answer_by: datetime


class HandoverWithdrawn(_Handover):
    """The contact centre took it back before anybody had received it."""

    event_type = "handover.withdrawn.v1"
