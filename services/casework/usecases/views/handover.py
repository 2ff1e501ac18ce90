"""Hand-overs and their inbox."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldView:
    """A value that went along, or would."""

    name: str
    label: str
    value: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class WithheldView:
    """A value that did not go along, or may not, and why: `forbidden secrecy other_controller`."""

    name: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A hand-over as agent and officer see it."""

    id: str
    case_number: str
    state: str
    to: str
    unit: str
    unit_name: str
    address: str
    mode: str | None
    priority: str
    message: str
    fields: tuple[FieldView, ...]
    by: str
    at: datetime
    acknowledge_by: datetime
    answer_by: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_text: str
    reason: str
    external_ref: str | None
    planned_for: datetime | None
    performer: str
    progress: str
    progress_at: datetime | None
    late: bool
    """A deadline has passed without its promise kept."""
    acknowledge_light: str = ""
    """How the promise of a receipt stands: `green amber red`; empty when it is kept or over."""
    answer_light: str = ""
    """The same of the answer; empty when it is given, or while its clock stands still."""
    mail_state: str = ""
    assignee: str | None = None
    """Who in the unit works on it."""
    assignee_name: str = ""
    paused_at: datetime | None = None
    """Since when the citizen is waited for; the answer's clock stands still."""
    return_code: str = ""
    return_to: str = ""
    """The unit that it belongs to, as the one who sent it back says."""
    return_to_name: str = ""
    answer_to: str = ""
    """`citizen` or `agent`; empty until it is answered."""
    deliver_at: datetime | None = None
    delivered_at: datetime | None = None
    version: int = 1
    withheld: tuple[WithheldView, ...] = ()

    @property
    def holder(self) -> str:
        """Who has it: the officer that it was given to, else the person or function that received it."""
        return self.assignee_name or self.acknowledged_by or ""


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What would go if the case were handed over now, and what is missing; nothing has happened."""

    to: str
    unit: str
    unit_name: str
    address: str
    mode: str | None
    priority: str
    fields: tuple[FieldView, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    message: str
    with_conversation: bool
    acknowledge_by: datetime
    answer_by: datetime
    withheld: tuple[WithheldView, ...] = ()
    deliver_at: datetime | None = None
    """When the unit gets it; none is at once."""
    discloses_to: str = ""
    """The other legal person that gets the data: a disclosure, which is noted."""
    tells: str = ""
    """The address where the citizen is told who has the case and by when; empty when she is not."""
