"""What is shown to those who have a link and no login."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StatusView:
    """How it goes with a case, as its citizen may see it by the link; words that may be secret are left empty."""

    number: str
    state: str
    """`open`, `parked`, `handed_over` or `closed`."""
    question: str
    """Empty where secrecy is presumed or the identity protected: even the kind of matter may be secret."""
    unit_name: str
    opened_at: datetime
    closed_at: datetime | None
    answer_by: datetime | None
    """When an answer is promised; None when nothing is, or when we wait for her."""
    waits_for_citizen: bool
    received_at: datetime | None
    """When the unit confirmed that it has it."""
    planned_for: datetime | None
    performer: str
    progress: str
    """What may be told."""
    progress_at: datetime | None
