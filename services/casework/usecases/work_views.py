"""What is shown of a contact's way from agent to agent, and of the desk it stands on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MoveView:
    """One thing on a contact's way: `held resumed requeued transferred conferenced return_call`."""

    at: datetime
    what: str
    agent_name: str
    to: str
    """Who or what it went to: an agent, an officer, a queue; empty where it went nowhere."""
    call_at: datetime | None = None
    """When we have promised to call back; None: when it is the citizen's turn."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A colleague is asked about the contact: `state` is `asked`, `answered` (she is there) or `refused`."""

    id: str
    state: str
    agent_id: str
    agent_name: str
    epoch: int
    by_name: str
    """Who asks."""
