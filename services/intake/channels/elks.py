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
from services.intake.domain.call import HangUp, Heard, Result, Ring, Turn
from services.intake.domain.text import one_line
from shared.errors import DomainError, FieldError

_DIGITS = re.compile(r"[0-9*#]{1,20}", re.ASCII)
_CALL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class CallIdMissingError(DomainError):
    """Telephony did not say which call it speaks of."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/callid", "Uppgiften saknas.")])


def ring(form: Mapping[str, Any]) -> Ring:
    """Read a `voice_start` or `next` callback."""
    return Ring(
        call_id=_call_id(form),
        dialled=e164(_text(form, "to")) or _text(form, "to")[:60],
        caller=e164(_text(form, "from")),
        incoming=_text(form, "direction") != "outgoing",
        result=_result(form),
        digits=_digits(form),
    )


def hang_up(form: Mapping[str, Any]) -> HangUp:
    """Read a `whenhangup` callback; its `legs` are JSON in a string, and only there when somebody answered."""
    return HangUp(_call_id(form), _text(form, "state") or "unknown", _legs(_text(form, "legs")))


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
        legs = json.loads(told) if told else []
    except ValueError:
        return ()
    if not isinstance(legs, list):
        return ()
    seconds = [leg.get("duration") for leg in legs if isinstance(leg, dict)]
    return tuple(float(one) for one in seconds if isinstance(one, int | float) and not isinstance(one, bool))


@dataclass(frozen=True, slots=True)
class Actions:
    """Writes the answers: `base` is our address from outside, `token` the one that it must come back with."""

    base: str
    token: str
    hold_sound: str
    caller_id: str = ""

    def write(self, heard: Heard) -> dict[str, Any]:
        """Return the action of a turn; whatever it is, its end leads back to us."""
        match heard.turn:
            case Turn.HANG_UP:
                return {"hangup": "reject"}
            case Turn.CONNECT:
                shown = self.caller_id or heard.caller or ""
                action: dict[str, Any] = {"connect": heard.number, **({"callerid": shown} if shown else {})}
            case _ if heard.recordings:
                action = {"play": heard.recordings[0], "skippable": False}
            case _:
                action = {"play": self.hold_sound, "skippable": False}
        return {**action, "next": self._ours("next", after=heard.turn), "whenhangup": self._ours("hangup")}

    def _ours(self, door: str, **query: str) -> str:
        words = urlencode({**query, **({"token": self.token} if self.token else {})})
        return f"{self.base}/webhooks/46elks/{door}" + (f"?{words}" if words else "")
