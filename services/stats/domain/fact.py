"""A fact: one event of `routing` or `cases`, flattened to what can be counted."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.vocabulary import TakenOver


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as counted; `id` is its `ce_id`, `type` its type without version, `at` when it was true.

    `time` is when it was written (`ce_time`): the same on every delivery, so it decides the month that keeps it.
    """

    id: str
    type: str
    time: datetime
    at: datetime
    contact_id: str = ""
    case_id: str = ""
    agent_id: str = ""
    channel: str = ""
    unit: str = ""
    case_type: str = ""
    entrance: str = ""
    queue: str = ""
    epoch: int = 0
    seconds: float = 0.0
    detail: str = ""
    """Resolution of a close, presence of an agent, reason of a return."""
    handover_id: str = ""
    person_key: str = ""
    skills: tuple[str, ...] = ()
    first_contact: bool = False
    first_contact_wide: bool = False
    allowed: bool | None = None
    """Whether the checklist had an end that closes; None: nobody has said what must be handed over."""
    cause: str = ""
    """Why the contact arose, when its agent has asked."""
    capacity: int = 0
    used: int = 0
    taken_over: str = TakenOver.TAKEN
    connecting: bool = False
    """Accepted, and its telephony is to say when it is through."""
    abandoned: bool | None = None
    """Of who left: whether nobody had talked; None where nobody can say."""
    short: bool = False
    """Abandoned so soon that nobody could have answered."""

    @property
    def month(self) -> date:
        """The first of the month in which the event was written."""
        return self.time.date().replace(day=1)
