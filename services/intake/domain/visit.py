"""A visit to a reception desk: a ticket, a matter, and where the visitor is."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class VisitState(StrEnum):
    """Where a visitor is."""

    WAITING = "waiting"
    WITH_AGENT = "with_agent"
    DONE = "done"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as intake keeps it; the ticket is unique on its day at its desk."""

    contact_id: str
    day: date
    entrance: str
    ticket: str
    matter: str
    name: str | None
    state: VisitState
    registered_at: datetime
    epoch: int = 0
    agent_id: str | None = None
    ended_at: datetime | None = None


def ticket(number: int) -> str:
    """Return the queue ticket of a number: `B014`."""
    return f"B{number:03d}"
