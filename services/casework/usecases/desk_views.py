"""What stands on an agent's desk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.casework.usecases.views import CaseRow


@dataclass(frozen=True, slots=True)
class DeskRow(CaseRow):
    """A case on the desk."""

    live: bool = False
    """It is a call, a visit, or a colleague's question: nothing else is begun before it has ended."""
    talking: bool = False
    """Somebody is in the phone or at the counter now."""
    asked: bool = False
    """A colleague asks about it; it is not hers."""
    reminded: bool = False
    """It was parked, and its reminder has come."""
    parked_until: datetime | None = None
    on_hold: bool = False
    """It waits while she talks with somebody else."""


@dataclass(frozen=True, slots=True)
class LateRow:
    """A hand-over of hers that its unit is late with: somebody may call about it any time."""

    number: str
    question: str
    unit_name: str
    unreceived: bool
    """Nobody has even received it."""
    due: datetime


@dataclass(frozen=True, slots=True)
class DeskState:
    """What stands on an agent's desk: the cases she holds and what her colleagues wait for."""

    agent_id: str
    cases: tuple[DeskRow, ...]
    """Open cases that she has accepted and not ended; those where somebody waits in the phone first, then by age."""
    parked: tuple[DeskRow, ...]
    done_today: int
    handed_over_today: int
    late: tuple[LateRow, ...] = ()


def in_turn(rows: Sequence[DeskRow]) -> tuple[DeskRow, ...]:
    """Return the cases as she has them before her: who waits in the phone or at the counter first, the rest on hold."""
    talking = any(row.talking for row in rows)
    held = [replace(row, on_hold=talking and not row.live) for row in rows]
    return tuple(sorted(held, key=lambda row: (not row.live, not row.reminded)))
