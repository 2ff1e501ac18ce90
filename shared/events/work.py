"""More facts of `routing`: what happens to work between being taken and being done, and what supervisors do."""

from datetime import datetime

from shared import topics
from shared.events.base import Event
from shared.events.routing import Fenced
from shared.vocabulary import Priority, WrapUpMode


class ContactConnected(Fenced):
    """The call is through: agent and citizen hear each other."""

    event_type = "contact.connected.v1"
    agent_id: str
    waited_seconds: float | None = None
    """From the citizen's arrival until then: the answer time of a call whose telephony tells."""


class ContactMoved(Fenced):
    """A waiting contact asks for other skills, stands in another queue or class, or waits until a time; place kept."""

    event_type = "contact.moved.v1"
    queue: str
    priority: Priority
    step: int = 0
    """How many overflow steps it has taken."""
    reason: str
    """`overflow`, or the act of a supervisor."""


class ContactHeld(Fenced):
    """The agent has left a mail or an e-service for a live contact; it stays hers and keeps its capacity."""

    event_type = "contact.held.v1"
    agent_id: str


class ContactResumed(Fenced):
    """The held contact is in its agent's hands again."""

    event_type = "contact.resumed.v1"
    agent_id: str
    held_seconds: float


class ContactTransferred(Fenced):
    """The contact has gone from one agent to another who had agreed to it (a warm transfer)."""

    event_type = "contact.transferred.v1"
    agent_id: str
    """Who has it now."""
    from_agent: str


class ContactConferenced(Fenced):
    """The agent has asked for an officer to be brought into the call."""

    event_type = "contact.conferenced.v1"
    agent_id: str
    officer_id: str


class ReturnCallOffered(Fenced):
    """A caller has waited so long that a return call is to be offered."""

    event_type = "contact.return_call_offered.v1"
    queue: str


class ReturnCallPromised(Fenced):
    """We call back instead of being waited for; `call_at` None: when it is her turn."""

    event_type = "contact.return_call_promised.v1"
    queue: str
    call_at: datetime | None = None


class WrapUpStarted(Fenced):
    """The contact is done; its agent has after-work until `until` at the latest."""

    event_type = "contact.wrap_up_started.v1"
    agent_id: str
    mode: WrapUpMode
    until: datetime


class SupervisorActed(Event):
    """Somebody has intervened: moved, raised or released a contact, sent an agent away, closed a queue and so on."""

    event_type = "supervisor.acted.v1"
    topic = topics.ROUTING
    contact_id: str | None = None
    agent_id: str | None = None
    queue: str | None = None
    """What it concerns; nothing: everything, as a peak does."""
    act: str
    by: str
    reason: str
    """A code; the words stay in the router's log."""
    at: datetime

    @property
    def key(self) -> str:
        return self.contact_id or self.agent_id or self.queue or "all"
