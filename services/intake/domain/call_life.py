"""How a call ended: whether anybody had talked, how long that was, and how long its caller had waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.call import CallState


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of a call when it ends."""

    call_id: str
    contact_id: str
    state: CallState
    epoch: int
    received_at: datetime
    connected_at: datetime | None = None
    """When the agent's phone was rung."""
    through_at: datetime | None = None
    """When somebody was first through to it, as telephony said or was taken to say by its silence."""
    unanswered: int = 0
    """How many times somebody's phone has not answered."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a call in figures."""

    talk_seconds: float
    waited_seconds: float
    abandoned: bool
    """Nobody had talked."""
    short: bool
    """Abandoned so soon that nobody could have answered."""


def ending(line: Line, ended_at: datetime, leg_seconds: Sequence[float], short_seconds: float) -> Ending:
    """Return how a call ended; `leg_seconds` are the answered times of its legs, where telephony says any.

    Legs are the surest: together they are the talk, though never more than since the first phone was rung. Without
    them it is the time since the call was through; a phone that only rang is no talk.
    """
    since = line.through_at or line.connected_at
    most = max(0.0, (ended_at - since).total_seconds()) if since else 0.0
    legs = sum(one for one in leg_seconds if one > 0)
    talk = min(most, legs) if leg_seconds else most if line.through_at else 0.0
    talked = bool(legs and since) or line.through_at is not None
    before = (line.through_at - line.received_at) if line.through_at else (ended_at - line.received_at)
    waited = max(0.0, before.total_seconds() - (0.0 if line.through_at else talk))
    return Ending(talk, waited, abandoned=not talked, short=not talked and waited < short_seconds)
