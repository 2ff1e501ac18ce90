"""A return call that we ring: the agent's phone first, and the citizen when she has answered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A promised return call that an agent has accepted."""

    call_id: str
    """The call in which it was promised; it says whose telephony the number is."""
    contact_id: str
    agent_id: str
    accepted_at: datetime
    citizen: str
    """E.164."""
    shown: str
    """The number that she called: what both phones show."""


@dataclass(frozen=True, slots=True)
class Order:
    """What telephony is to do."""

    agent_phone: str
    citizen: str
    shown: str
