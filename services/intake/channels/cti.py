"""The CTI webhook in Zammad's shape, which many exchanges and the bridges before them can post.

Its generic CTI interface: a form or JSON, `event` newCall, answer or hangup, numbers in E.164 with or without plus.
There is no signature: the token in the address is the proof. Unknown fields are ignored.
"""

import re
from collections.abc import Mapping
from typing import Any

from services.intake.channels.phone import e164
from services.intake.domain.exchange import Happened, News
from services.intake.domain.text import one_line
from shared.errors import DomainError, FieldError

PROVIDER = "cti"
_HAPPENED = {"newcall": Happened.RINGS, "answer": Happened.ANSWERED, "hangup": Happened.ENDED}
_REASONS = {
    "": "hung_up",
    "cancel": "hung_up",
    "normalclearing": "hung_up",
    "forwarded": "forwarded",
    "busy": "busy",
    "noanswer": "no_answer",
    "congestion": "failed",
    "notfound": "failed",
}
_CALL_ID = 250
_LONGEST = 200
_USERS = 50
_MISSING = "Uppgiften saknas."
_TEXTS = (
    _EVENT := "Händelsen ska vara newCall, answer eller hangup.",
    _DIRECTION := "Riktningen ska vara in eller out.",
    _TOO_LONG := "Högst 250 tecken.",
)
TEXTS = (_MISSING, *_TEXTS)
"""The Swedish texts of this module, for the test of the translations."""


class CallNewsError(DomainError):
    """What the exchange posted cannot be read; `errors` name each field."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."


def read(said: Mapping[str, Any]) -> News:
    """Return what is said; CallNewsError names every field that is wrong."""
    event, direction = _text(said, "event").casefold(), _text(said, "direction").casefold()
    call_id = _text(said, "callId", "callid", most=_CALL_ID + 1)
    faults = [
        FieldError("/event", _MISSING if not event else _EVENT) if event not in _HAPPENED else None,
        FieldError("/direction", _MISSING if not direction else _DIRECTION) if direction not in {"in", "out"} else None,
        FieldError("/callId", _TOO_LONG if call_id else _MISSING) if not 0 < len(call_id) <= _CALL_ID else None,
        FieldError("/to", _MISSING) if direction == "in" and not _text(said, "to") else None,
    ]
    if wrong := [fault for fault in faults if fault]:
        raise CallNewsError(errors=wrong)
    dialled, caller, cause = _text(said, "to"), _text(said, "from"), _text(said, "cause").casefold()
    return News(
        provider=PROVIDER,
        happened=_HAPPENED[event],
        call_id=call_id,
        dialled=tuple(dict.fromkeys(filter(None, (number(dialled) or dialled, dialled, _text(said, "queue"))))),
        caller=number(caller),
        internal=_is_extension(caller),
        incoming=direction == "in",
        users=tuple(name for user in _users(said) for name in names_of(user)),
        answering=number(_text(said, "answeringNumber")) or _text(said, "answeringNumber"),
        reason=_REASONS.get(cause, "other"),
        forwarded=cause == "forwarded",
    )


def number(told: str) -> str | None:
    """Return a number as E.164, with or without its plus; None for an extension, a name, or nothing."""
    plain = _digits(told)
    if plain is None or _is_extension(told):
        return None
    return e164(plain if plain.startswith(("+", "0")) else f"+{plain}")


def names_of(word: str) -> tuple[str, ...]:
    """Return a name as it stands and, if it is a number, as E.164: an exchange writes it in either way."""
    return tuple(dict.fromkeys(filter(None, (word, number(word)))))


def _is_extension(told: str) -> bool:
    plain = _digits(told)
    return plain is not None and not plain.startswith(("+", "0")) and len(plain) < 7


def _digits(told: str) -> str | None:
    """Return the digits of `sip:+46…@host`, `tel:+46…` or a written number."""
    bare = re.sub(r"^(sips?|tel):", "", told, flags=re.IGNORECASE).split("@", 1)[0].split(";", 1)[0]
    plain = re.sub(r"[\s()./-]", "", bare)
    return plain if re.fullmatch(r"\+?[0-9]{1,20}", plain) else None


def _text(said: Mapping[str, Any], *names: str, most: int = _LONGEST) -> str:
    for name in names:
        value = said.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return one_line(str(value))[:most]
    return ""


def _users(said: Mapping[str, Any]) -> list[str]:
    found: list[Any] = []
    for name in ("user", "user[]", "users"):
        value = said.get(name)
        found.extend(value if isinstance(value, list) else [value])
    words = [one_line(str(one))[:_LONGEST] for one in found[:_USERS] if isinstance(one, str | int)]
    return [word for word in words if word]
