"""What the router must know of an agent."""

from pydantic import BaseModel, ConfigDict, Field

from shared import topics
from shared.events import Event
from shared.vocabulary import Channel


class WorkMode(BaseModel):
    """A part of an agent's work, chosen by name when she says that she is ready: `reception`, `telefon`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str
    channels: tuple[Channel, ...] = ()
    """Empty: all of hers."""
    skills: dict[str, int] | None = None
    capacity: int | None = None


class AgentProfile(Event):
    """What an agent can take: skills with levels, capacity in units (100), the phone her calls are connected to."""

    event_type = "agent.profile_changed.v1"
    topic = topics.AGENTS
    id: str
    name: str
    skills: dict[str, int] = Field(default_factory=dict)
    """Skill to level 1–5; `*` takes everything. Skills are unit ids, `lang:fi`, `channel:phone` …"""
    signed_off: tuple[str, ...] = ()
    """Unit ids that a team leader has signed her off for."""
    languages: tuple[str, ...] = ("sv",)
    channels: tuple[Channel, ...] = tuple(Channel)
    capacity: int = 100
    phone: str | None = None
    logins: tuple[str, ...] = ()
    """What telephone exchanges call her: user id, extension, mail address."""
    place: str | None = None
    """Where she receives visitors: a desk or a room, as the screen of the waiting room says it."""
    active: bool = True
    reserve: bool = False
    """Offered only what a ring has opened to reserves, or everything during a peak (*toppläge*)."""
    modes: tuple[WorkMode, ...] = ()
    max_contacts: int | None = None
    """At most so many contacts in `window_seconds`; None is no limit."""
    window_seconds: int = 3600
    rest_seconds: float = 0.0
    """The least time between the end of one contact or offer and the next offer."""
    blend_seconds: dict[Channel, float] = Field(default_factory=dict)
    """A channel is offered to her only when she has been idle for so long: mail between calls."""

    @property
    def key(self) -> str:
        return self.id
