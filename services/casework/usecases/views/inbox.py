"""The officers' inbox and the page of one hand-over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.casework.usecases.views.handover import HandoverView
from services.casework.usecases.views.listed import CaseRow


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A hand-over in the officers' inbox, with its case in brief."""

    handover: HandoverView
    case: CaseRow
    protected: bool = False
    """Who it is about is not shown in a list."""


@dataclass(frozen=True, slots=True)
class InboxView:
    """The hand-overs of the units a person sees: not received, in work, waiting for the citizen, lately ended."""

    waiting: tuple[InboxRow, ...]
    working: tuple[InboxRow, ...]
    ended: tuple[InboxRow, ...]
    paused: tuple[InboxRow, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many are alive, by whose they are: `mine unit unclaimed`."""
    more: bool = False
    """There are more alive than are shown."""


@dataclass(frozen=True, slots=True)
class ColleagueView:
    """Somebody who can be given a hand-over."""

    id: str
    name: str
    away_until: datetime | None = None
    substitute: str | None = None
    """The name of who stands in for her while she is away."""


@dataclass(frozen=True, slots=True)
class DeedView:
    """Something that was done with a hand-over, by whom."""

    at: datetime
    what: str
    by: str
    facts: Mapping[str, object]
    id: int = 0
    """Grows with every deed of the case."""
