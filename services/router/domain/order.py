"""Whose turn it is: class first, then turn, then arrival; and a bound, so that no class waits for ever.

A contact's turn is its due time, or its arrival and what its class allows. Past turn and grace it is *late*: each agent
gives every third choice that a late one would lose to the longest late one she can take. So it waits for at most three
choices of hers per late contact before it, whatever else comes in (`domain/bound.py`), and a heap of late mails never
keeps callers out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.vocabulary import Priority

CLASSES: tuple[Priority, ...] = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)
"""Most urgent first; a class's number is its place here."""

ALLOWANCE: Mapping[Priority, timedelta] = {
    Priority.URGENT: timedelta(minutes=1),
    Priority.HIGH: timedelta(minutes=10),
    Priority.NORMAL: timedelta(hours=8),
    Priority.LOW: timedelta(hours=24),
}
"""How soon a contact without a due time should have its turn."""

GRACE: Mapping[Priority, timedelta] = {
    Priority.URGENT: timedelta(minutes=1),
    Priority.HIGH: timedelta(minutes=10),
    Priority.NORMAL: timedelta(hours=1),
    Priority.LOW: timedelta(hours=4),
}
"""How long after its turn a contact is late: its class's bound."""

SHARE = 3
"""Every SHARE-th choice that a late contact would lose goes to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in line: kept on every way back, whatever happens to the contact."""

    priority: Priority
    turn: datetime
    arrived: datetime

    @property
    def number(self) -> int:
        """The class's number, 0 is most urgent."""
        return CLASSES.index(self.priority)

    def late(self, now: datetime) -> bool:
        """Whether the contact is past its class's bound."""
        return self.turn + GRACE[self.priority] <= now

    def before(self, other: "Place") -> bool:
        """Whether this one is chosen before the other while neither is late."""
        return (self.number, self.turn, self.arrived) < (other.number, other.turn, other.arrived)


def place_of(priority: Priority, arrived: datetime, due_at: datetime | None = None) -> Place:
    """Return the place of a contact that came at `arrived`."""
    return Place(priority, due_at or arrived + ALLOWANCE[priority], arrived)
