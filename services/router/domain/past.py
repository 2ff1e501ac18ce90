"""What is known of contacts that have been: what rules ask about, what was decided, how long they waited and took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.router.domain.rules import Decision, Facts


@dataclass(frozen=True, slots=True)
class PastContact:
    """One contact; times in seconds since 1970, durations in seconds."""

    id: str
    facts: Facts
    decision: Decision
    """What was decided then; steps and dwell are unknown."""
    version: str
    """The rule table that decided."""
    from_: float
    """When it could first be offered: its arrival, or when it opened."""
    waited: float | None = None
    """Until somebody accepted; None: nobody has."""
    left: float | None = None
    """After so long nobody had accepted and it was gone: its citizen had left, or its case had been ended."""
    handling: float | None = None
    """How long it took its agents, after-work included."""
    preferred: str | None = None
    """The agent that it was kept for."""


@dataclass(frozen=True, slots=True)
class Past:
    """Some weeks of it."""

    contacts: Sequence[PastContact]
    ready: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """From when to when each agent was ready."""
    since: float = 0.0
    until: float = 0.0
    cut: bool = False
    """Older ones were left out: there were too many."""
    unread: int = 0
    """Records that could not be read."""
