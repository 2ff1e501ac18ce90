"""The life of a call: it waits, its caller is connected to the agent who accepted, and it ends.

What is said here is every telephony's: a provider is one file of `channels` that reads its own words into `Ring` and
`HangUp` and writes `Heard` in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_ATTEMPTS = 5
"""How often the agent's phone is rung for one acceptance before the caller just waits on."""
HOLD_SECONDS = 5
"""The longest piece of hold sound: so soon does a caller ask again."""
AGAIN_SECONDS = 60
"""How often a waiting caller hears the queue message in a storm."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What telephony says of a call; `caller` is E.164 or None when withheld, `result` that of the turn before."""

    call_id: str
    dialled: str
    caller: str | None
    incoming: bool
    result: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end of a call; `leg_seconds` are the answered times of its connected legs, where telephony says."""

    call_id: str
    state: str
    leg_seconds: tuple[float, ...] = ()


class CallState(StrEnum):
    """Where a call is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    CONNECTING = "connecting"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as intake keeps it; `epoch` is the router's fencing number of the acceptance."""

    call_id: str
    contact_id: str
    entrance: str
    dialled: str
    caller: str | None
    state: CallState
    received_at: datetime
    epoch: int = 0
    agent_id: str | None = None
    attempts: int = 0
    published: bool = False
    connected_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def to_be_connected(self) -> bool:
        """Say whether the caller's next turn is the agent's phone."""
        return self.state in {CallState.ACCEPTED, CallState.CONNECTING} and self.attempts < MAX_ATTEMPTS


class Turn(StrEnum):
    """What the caller hears next."""

    MESSAGE = "message"
    HOLD = "hold"
    CONNECT = "connect"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller hears next: the entrance's recording, hold sound, the agent's phone or nothing more."""

    turn: Turn
    recording: str = ""
    number: str = ""
    caller: str | None = None


def message_again(call: Call, now: datetime) -> bool:
    """Say whether a caller has just waited for another full minute: she asks once per piece of hold sound."""
    waited = (now - call.received_at).total_seconds()
    return waited >= AGAIN_SECONDS and waited % AGAIN_SECONDS < HOLD_SECONDS


def next_turn(call: Call, *, after: Turn | None, result: str, again: bool = False) -> Turn:
    """Return the caller's next turn; `result` is what telephony says of the turn that it comes `after`.

    After hold sound the queue message comes `again` when it is time for that.
    A conversation that succeeded is over. One that failed (busy, no answer) is tried again after a piece of hold sound.
    A repeated request gets the same answer: only what comes after connecting speaks of the conversation.
    """
    if call.state is CallState.ENDED:
        return Turn.HANG_UP
    if after is Turn.CONNECT:
        return Turn.HANG_UP if result == "success" else Turn.HOLD
    if call.to_be_connected:
        return Turn.CONNECT
    return Turn.MESSAGE if after is None or (again and after is Turn.HOLD) else Turn.HOLD


def talk_seconds(call: Call, ended_at: datetime, leg_seconds: Sequence[float]) -> float:
    """Return how long caller and agent talked: telephony's longest answered leg if it says, else since connecting."""
    if call.connected_at is None:
        return 0.0
    since = max(0.0, (ended_at - call.connected_at).total_seconds())
    return min(since, max(leg_seconds)) if leg_seconds else since
