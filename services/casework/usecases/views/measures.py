"""What a case has taken, whether it was solved at first contact, and the return call that is to be made."""

from dataclasses import dataclass, field
from datetime import datetime

from services.casework.domain.handling import Time


@dataclass(frozen=True, slots=True)
class TryView:
    """A call of ours that nobody answered; `next_at` None: the citizen was told instead."""

    at: datetime
    by_name: str
    number: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallingView:
    """The return call that is to be made now: which try it is, and when the next one would be."""

    number: int
    most: int
    next_at: datetime | None
    """When we call again if nobody answers now; None: then she is told by SMS."""
    waits_until: datetime | None = None
    """When it is promised for, while nobody has it."""


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one case."""

    time: Time = field(default_factory=Time)
    first_contact: str = ""
    """`strict`, `wide`, `no`, `reopened` or `came_back` (it had counted, and does no more); empty while it lives."""
    tries: tuple[TryView, ...] = ()
    calling: CallingView | None = None
