"""46elks: the forms it posts and the actions it is answered with.

Fields from its documentation of incoming calls: `callid` in the table, `id` in an example and at hang-up, so both are
read. There is no signature: a token in our addresses or its published source addresses are the proof.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.intake.channels.phone import e164
from services.intake.domain.call import CONNECTS, HangUp, Heard, Result, Ring, Turn
from services.intake.domain.text import clean, one_line
from shared.errors import DomainError, FieldError

MOST_WORDS = 4000
"""Letters of an SMS that are read; many joined ones are far shorter."""
MOST_STATE = 40
MOST_LEGS = 20_000
"""Letters of what is told of legs."""
MOST_SECONDS = 24 * 3600
"""No conversation is longer."""
_DIGITS = re.compile(r"[0-9*#]{1,20}", re.ASCII)
_CALL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class CallIdMissingError(DomainError):
    """Telephony did not say which call it speaks of."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/callid", "Uppgiften saknas.")])


@dataclass(frozen=True, slots=True)
class TextMessage:
    """An SMS from a citizen."""

    id: str
    dialled: str
    sender: str | None
    text: str


def ring(form: Mapping[str, Any], step: int | None = None) -> Ring:
    """Read a `voice_start` or `next` callback; `step` is the number that we put into the address of the latter."""
    return Ring(
        call_id=_call_id(form),
        dialled=_number(form, "to"),
        caller=e164(_text(form, "from")),
        incoming=_text(form, "direction") != "outgoing",
        result=_result(form),
        digits=_digits(form),
        step=step,
    )


def hang_up(form: Mapping[str, Any]) -> HangUp:
    """Read a `whenhangup` callback; its `legs` are JSON in a string, and only there when somebody answered."""
    return HangUp(_call_id(form), _text(form, "state")[:MOST_STATE] or "unknown", _legs(_text(form, "legs")))


def text_message(form: Mapping[str, Any]) -> TextMessage:
    """Read an `sms_url` callback; its text is as the citizen wrote it, over several lines if she did."""
    words = form.get("message")
    return TextMessage(
        id=_call_id(form),
        dialled=_number(form, "to"),
        sender=e164(_text(form, "from")),
        text=clean(words)[:MOST_WORDS] if isinstance(words, str) else "",
    )


def _number(form: Mapping[str, Any], name: str) -> str:
    return e164(_text(form, name)) or _text(form, name)[:60]


def _result(form: Mapping[str, Any]) -> Result:
    """Return what became of a turn; keys that were pressed are success, and what we do not know has failed."""
    told = _text(form, "result")
    if not told:
        return Result.NONE
    if told == "failed" and _text(form, "why") == "noinput":
        return Result.NO_INPUT
    if _digits(form):
        return Result.SUCCESS
    return Result(told) if told in {"success", "busy", "failed"} else Result.FAILED


def _digits(form: Mapping[str, Any]) -> str:
    told = _text(form, "result")
    return told if _DIGITS.fullmatch(told) else ""


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return one_line(value) if isinstance(value, str) else ""


def _call_id(form: Mapping[str, Any]) -> str:
    found = _text(form, "callid") or _text(form, "id")
    if not _CALL_ID.fullmatch(found):
        raise CallIdMissingError
    return found


def _legs(told: str) -> tuple[float, ...]:
    try:
        legs = json.loads(told) if 0 < len(told) <= MOST_LEGS else []
    except (ValueError, RecursionError):
        return ()
    if not isinstance(legs, list):
        return ()
    seconds = [leg.get("duration") for leg in legs if isinstance(leg, dict)]
    numbers = [one for one in seconds if isinstance(one, int | float) and not isinstance(one, bool)]
    return tuple(float(one) for one in numbers if 0 <= one <= MOST_SECONDS)


Action = dict[str, Any]
"""An action as 46elks reads it: JSON, with further actions inside."""


@dataclass(frozen=True, slots=True)
class Actions:
    """Writes the answers: `base` is our address from outside, `token` the one that it must come back with."""

    base: str
    token: str
    hold_sound: str
    caller_id: str = ""

    def write(self, heard: Heard) -> Action:
        """Return the action of a turn; whatever it is, its end leads back to us."""
        if heard.turn is Turn.HANG_UP:
            return {"hangup": "reject"}
        last = self._last(heard)
        last["next"] = self._ours("next", after=heard.turn, n=heard.step)
        for earlier in reversed(heard.recordings[:-1]):
            last = {"play": earlier, "skippable": False, "next": last}
        return {**last, "whenhangup": self._ours("hangup")}

    def fallback(self, recording: str, jour: str) -> Action:
        """Return what to put into `voice_start` of a number, as static JSON, while none of us can answer.

        46elks has the recording since it was last played; then the jour is rung, or we are asked after all.
        """
        then: Action | str = {"connect": jour} if jour else self._ours("voice")
        return {"play": recording or self.hold_sound, "skippable": False, "next": then}

    def _last(self, heard: Heard) -> Action:
        if heard.turn in CONNECTS:
            shown = self.caller_id or heard.caller or ""
            return {"connect": heard.number, **({"callerid": shown} if shown else {})}
        sound = heard.recordings[-1] if heard.recordings else self.hold_sound
        if heard.keys:
            return {"ivr": sound, "digits": 1, "timeout": heard.keys.timeout, "repeat": 1}
        return {"play": sound, "skippable": False}

    def _ours(self, door: str, **query: str | int) -> str:
        words = urlencode({**query, **({"token": self.token} if self.token else {})})
        return f"{self.base}/webhooks/46elks/{door}" + (f"?{words}" if words else "")
