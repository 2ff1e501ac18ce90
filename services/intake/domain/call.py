"""The life of a call: it waits, its caller is connected to the agent who accepted, and it ends.

What is said here is every telephony's: a provider is one file of `channels` that reads its own words into `Ring` and
`HangUp` and writes `Heard` in them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_ATTEMPTS = 5
"""How often the agent's phone is rung for one acceptance before the caller just waits on."""
HOLD_SECONDS = 5
"""The longest piece of hold sound: so soon does a caller ask again."""


class Result(StrEnum):
    """What became of a turn: of a conversation, of what was played, or of waiting for a key."""

    NONE = ""
    """Telephony says nothing of it, as of the first ring."""
    SUCCESS = "success"
    BUSY = "busy"
    FAILED = "failed"
    NO_INPUT = "noinput"
    """Nobody pressed a key in time."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What telephony says of a call: it has come in, or its last turn is over."""

    call_id: str
    dialled: str
    caller: str | None
    """E.164, or None when withheld."""
    incoming: bool
    result: Result = Result.NONE
    """That of the turn before."""
    digits: str = ""
    """The keys that were pressed, if the turn listened for any."""
    step: int | None = None
    """Which of our answers it comes back from (`Heard.step`); None when telephony does not carry it."""
    reads_aloud: bool = False
    """This telephony can read `Heard.words` where there is no recording."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end of a call; `leg_seconds` are the answered times of its connected legs, where telephony says."""

    call_id: str
    state: str
    leg_seconds: tuple[float, ...] = ()


class CallState(StrEnum):
    """Where a call is."""

    CLOSED = "closed"
    """It came in when the entrance was closed: nobody is asked to answer it."""
    WAITING = "waiting"
    ACCEPTED = "accepted"
    CONNECTING = "connecting"
    ENDED = "ended"


class Turn(StrEnum):
    """What the caller hears next; telephony comes back with it when it is over (`after`)."""

    CLOSED = "closed"
    """It is closed; where the entrance has a jour, a key leads there."""
    URGENT = "urgent"
    """The entrance's jour is rung."""
    LANGUAGE = "language"
    """A key chooses the language."""
    FAULT = "fault"
    """We have trouble; she is kept."""
    DISTURBANCE = "disturbance"
    """A known disturbance."""
    MESSAGE = "message"
    """The entrance's queue message."""
    HOLD = "hold"
    """Hold sound of at most 5 s, whatever else is wanted."""
    PLACE = "place"
    """Her place in the queue."""
    OFFER = "offer"
    """A key asks to be called back."""
    PROMISED = "promised"
    """We will call back."""
    CONNECT = "connect"
    """The phone of the agent who accepted is rung."""
    PASSED_ON = "passed_on"
    """The number that the agent has passed her on to is rung: the agent has put her receiver down."""
    HANG_UP = "hang_up"


CONNECTS = frozenset({Turn.CONNECT, Turn.URGENT, Turn.PASSED_ON})
"""Turns that ring `Heard.number`."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a recording says, as plain text in one language."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that a turn listens for while it plays and for `timeout` seconds after that."""

    wanted: str
    """Single digits, as `12`; any other is as none."""
    timeout: int = 5


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller hears next, in no provider's words.

    `recordings` are played one after the other. Without any, telephony that reads aloud says the `words`, and any other
    plays its hold sound.
    """

    turn: Turn
    recordings: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    keys: Keys | None = None
    number: str = ""
    """E.164, to be rung in a turn of `CONNECTS`."""
    caller: str | None = None
    """Who calls, to be shown there."""
    step: int = 0
    """The number of this answer, to come back in `Ring.step`: so a repetition is known as one."""


class ReturnCall(StrEnum):
    """Whether she may ask to be called back, and has."""

    NONE = ""
    OFFERED = "offered"
    """The router has said that she has waited long enough for it."""
    PROMISED = "promised"


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
    language: str = "sv"
    step: int = 0
    """How many answers have been given."""
    heard: Heard | None = None
    """The last of them: what a repeated request gets again."""
    told: tuple[Turn, ...] = ()
    """What has been said to her, of what is said once."""
    place_at: datetime | None = None
    """When her place in the queue was last said."""
    return_call: ReturnCall = ReturnCall.NONE
    jours: int = 0
    """How often the entrance's jour has been rung."""
    pass_to: str = ""
    """E.164: where the agent has passed her on to, until that is rung."""
    asked_at: datetime | None = None
    """When telephony last asked for her next turn."""

    @property
    def over_unheard(self) -> bool:
        """Say whether its last answer ends it and no hang-up is told: nobody was to answer it."""
        return self.state is CallState.CLOSED and self.heard is not None and self.heard.turn is Turn.HANG_UP

    @property
    def to_be_connected(self) -> bool:
        """Say whether the caller's next turn is the agent's phone."""
        return self.state in {CallState.ACCEPTED, CallState.CONNECTING} and self.attempts < MAX_ATTEMPTS
