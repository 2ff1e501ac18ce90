"""What a caller hears, one turn after the other: a table of what may follow each turn, and when it may.

The first turn of a row whose condition holds is the next one. The greeting is in no row: it is the agent's line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.call import HOLD_SECONDS, MAX_ATTEMPTS, Call, CallState, Keys, Result, ReturnCall, Turn

AGAIN_SECONDS = 60
"""How often a waiting caller hears the queue message in a storm."""
PLACE_SECONDS = 60.0
"""How often she hears her place in the queue, and how long after the ring for the first time, unless it is set."""
KEY = "1"
"""What is pressed for the jour, and for a return call."""
MOST_LANGUAGES = 9

ONCE = frozenset({Turn.FAULT, Turn.DISTURBANCE, Turn.MESSAGE, Turn.OFFER, Turn.PASSED_ON})
"""Noted when it has been; what is said is said once."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that decides the next turn of a call."""

    call: Call
    now: datetime
    result: Result = Result.NONE
    digits: str = ""
    sayable: frozenset[Turn] = frozenset()
    """What there is a recording of, or words for a telephony that reads aloud."""
    jour: bool = False
    """The entrance has an emergency number."""
    languages: tuple[str, ...] = ()
    """What the entrance offers; one alone is no choice."""
    faulty: bool = False
    """Log or router do not answer: she is kept, and everything comes later."""
    disturbed: bool = False
    """An open incident concerns the entrance."""
    storm: bool = False
    """A peak holds in which callers hear the queue message again."""
    place: int | None = None
    """Her place in the queue, if it has been learnt lately."""
    place_every: float = PLACE_SECONDS


def next_turn(scene: Scene, after: Turn | None) -> Turn:
    """Return the caller's next turn; `after` is the one that has ended, None at the ring."""
    if scene.call.state is CallState.ENDED:
        return Turn.HANG_UP
    return next(turn for turn in _AFTER[after] if _MAY[turn](scene, after))


def keys_of(turn: Turn, scene: Scene) -> Keys | None:
    """Return the keys that a turn listens for."""
    match turn:
        case Turn.LANGUAGE:
            return Keys("".join(str(number + 1) for number in range(len(scene.languages[:MOST_LANGUAGES]))))
        case Turn.OFFER:
            return Keys(KEY)
        case Turn.CLOSED if scene.jour:
            return Keys(KEY)
        case _:
            return None


def chosen_language(languages: tuple[str, ...], digits: str) -> str | None:
    """Return the language of the key that was pressed; None for none of them."""
    at = int(digits) - 1 if len(digits) == 1 and digits.isdecimal() else -1
    return languages[at] if 0 <= at < len(languages[:MOST_LANGUAGES]) else None


def asks_to_be_called(call: Call, digits: str, after: Turn | None) -> bool:
    """Say whether the caller has just pressed the key for a return call that is hers to have."""
    return after is Turn.OFFER and digits == KEY and call.return_call is ReturnCall.OFFERED


def message_again(call: Call, now: datetime) -> bool:
    """Say whether a caller has just waited for another full minute: she asks once per piece of hold sound."""
    waited = (now - call.received_at).total_seconds()
    return waited >= AGAIN_SECONDS and waited % AGAIN_SECONDS < HOLD_SECONDS


def place_due(call: Call, now: datetime, every: float = PLACE_SECONDS) -> bool:
    """Say whether it is time to tell a waiting caller her place, which she hears every so many seconds."""
    return (now - (call.place_at or call.received_at)).total_seconds() >= every


_May = Callable[[Scene, Turn | None], bool]


def _once(turn: Turn, holds: Callable[[Scene], bool]) -> _May:
    return lambda scene, _after: turn in scene.sayable and turn not in scene.call.told and holds(scene)


def _message(scene: Scene, after: Turn | None) -> bool:
    again = after is Turn.HOLD and scene.storm and message_again(scene.call, scene.now)
    return Turn.MESSAGE in scene.sayable and (again or Turn.MESSAGE not in scene.call.told)


def _hang_up(scene: Scene, after: Turn | None) -> bool:
    """A conversation that succeeded is over, unless the router has sent her on: to a colleague, or to a queue.

    One that failed is tried again after a piece of hold sound; who was passed on to a number in vain, and whose agent
    does not answer any more either, is not kept.
    """
    if after is Turn.CONNECT:
        return scene.result is Result.SUCCESS and scene.call.state is CallState.CONNECTING
    if after in {Turn.URGENT, Turn.PASSED_ON}:
        return scene.result is Result.SUCCESS
    if after is Turn.HOLD and Turn.PASSED_ON in scene.call.told:
        return scene.call.state is CallState.CONNECTING and not scene.call.to_be_connected
    return after is Turn.PROMISED or scene.call.state is CallState.CLOSED


def _connect(scene: Scene, after: Turn | None) -> bool:
    """After a phone only another agent's is rung at once: one that has not been rung yet."""
    rung = after is Turn.CONNECT and scene.call.state is not CallState.ACCEPTED
    return scene.call.to_be_connected and not rung


def _passed_on(scene: Scene, after: Turn | None) -> bool:
    """Say whether a conversation is over whose agent has passed the caller on, and nobody else has her now."""
    over = after is Turn.CONNECT and scene.result is Result.SUCCESS and scene.call.state is CallState.CONNECTING
    return over and bool(scene.call.pass_to)


def _offer(scene: Scene) -> bool:
    """An offer whose promise could not be said would leave her wondering."""
    if Turn.PROMISED not in scene.sayable:
        return False
    return scene.call.return_call is ReturnCall.OFFERED and scene.call.caller is not None


def _urgent(scene: Scene) -> bool:
    shut = scene.call.state is CallState.CLOSED and scene.jour
    return shut and scene.digits == KEY and scene.call.jours < MAX_ATTEMPTS


def _place(scene: Scene) -> bool:
    known = scene.place is not None and Turn.PLACE in scene.sayable
    return known and place_due(scene.call, scene.now, scene.place_every)


_MAY: Mapping[Turn, _May] = {
    Turn.CLOSED: lambda s, _: s.call.state is CallState.CLOSED and (Turn.CLOSED in s.sayable or s.jour),
    Turn.URGENT: lambda s, _: _urgent(s),
    Turn.LANGUAGE: lambda s, _: len(s.languages) > 1 and Turn.LANGUAGE in s.sayable,
    Turn.FAULT: _once(Turn.FAULT, lambda s: s.faulty),
    Turn.DISTURBANCE: _once(Turn.DISTURBANCE, lambda s: s.disturbed),
    Turn.MESSAGE: _message,
    Turn.HOLD: lambda _, __: True,
    Turn.PLACE: lambda s, _: _place(s),
    Turn.OFFER: _once(Turn.OFFER, _offer),
    Turn.PROMISED: lambda s, _: s.call.return_call is ReturnCall.PROMISED,
    Turn.CONNECT: _connect,
    Turn.PASSED_ON: _passed_on,
    Turn.HANG_UP: _hang_up,
}
"""When each turn may come."""

_TOLD = (Turn.FAULT, Turn.DISTURBANCE, Turn.MESSAGE, Turn.HOLD)
_SHUT = (Turn.CLOSED, Turn.HANG_UP)

_AFTER: Mapping[Turn | None, tuple[Turn, ...]] = {
    None: (*_SHUT, Turn.CONNECT, Turn.LANGUAGE, *_TOLD),
    Turn.CLOSED: (Turn.URGENT, Turn.HANG_UP, Turn.HOLD),
    Turn.URGENT: (Turn.HANG_UP, Turn.CLOSED, Turn.HOLD),
    Turn.LANGUAGE: (Turn.CONNECT, *_TOLD),
    Turn.FAULT: (Turn.CONNECT, Turn.DISTURBANCE, Turn.MESSAGE, Turn.HOLD),
    Turn.DISTURBANCE: (Turn.CONNECT, Turn.MESSAGE, Turn.HOLD),
    Turn.MESSAGE: (Turn.CONNECT, Turn.HOLD),
    Turn.HOLD: (Turn.HANG_UP, Turn.CONNECT, Turn.FAULT, Turn.OFFER, Turn.MESSAGE, Turn.PLACE, Turn.HOLD),
    Turn.PLACE: (Turn.CONNECT, Turn.HOLD),
    Turn.OFFER: (Turn.PROMISED, Turn.CONNECT, Turn.HOLD),
    Turn.PROMISED: (Turn.HANG_UP,),
    Turn.CONNECT: (Turn.PASSED_ON, Turn.HANG_UP, Turn.CONNECT, Turn.HOLD),
    Turn.PASSED_ON: (Turn.HANG_UP, Turn.CONNECT, Turn.HOLD),
    Turn.HANG_UP: (Turn.HANG_UP, Turn.HOLD),
}
"""What may come after each turn, most wanted first; every row ends with a turn that always may."""
