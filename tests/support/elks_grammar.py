"""What 46elks takes for an answer, by its pages on call actions: one verb, its options, and no other key.

The real one may be milder in places where its pages say nothing; a test that passes here does not lean on that.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

Action = Mapping[str, Any]
Check = Callable[[object], bool]

VERBS = ("connect", "play", "ivr", "record", "hangup")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SIP = re.compile(r"sips?:([^\s@]+@)?[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp|tls))?")
_TONES = re.compile(r"sound/(beep|dtmf/[0-9*#ABCDpP]+)")
_SWEDISH_MOBILE = re.compile(r"\+467[02369]\d{7}")


class ViolationError(AssertionError):
    """An answer of ours that 46elks does not document."""


def check_action(action: object, where: str = "answer") -> Action:
    """Return the action, or raise with every fault it has."""
    faults = list(_faults(action, where))
    if faults or not isinstance(action, Mapping):
        raise ViolationError("; ".join(faults))
    return action


def verb_of(action: Action) -> str:
    return next(verb for verb in VERBS if verb in action)


def is_url(value: object) -> bool:
    if not isinstance(value, str) or re.search(r"[\s\x00-\x1f]", value):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def may_transfer(dialled: str, target: str) -> bool:
    """Say whether operators let it: a call to a Swedish mobile number goes on to Swedish mobile numbers only."""
    return not _SWEDISH_MOBILE.fullmatch(dialled) or bool(_SWEDISH_MOBILE.fullmatch(target))


def _numbers(value: object) -> bool:
    return isinstance(value, str) and all(_E164.fullmatch(one) or _SIP.fullmatch(one) for one in value.split(","))


def _sound(value: object) -> bool:
    return is_url(value) or (isinstance(value, str) and bool(_TONES.fullmatch(value)))


def _number(value: object) -> bool:
    return isinstance(value, str) and bool(_E164.fullmatch(value))


def _whole(least: int, most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _one_of(*words: str) -> Check:
    return lambda value: value in words


def _target(value: object) -> bool:
    return is_url(value) or isinstance(value, Mapping)


def _nested(value: object) -> bool:
    return isinstance(value, Mapping)


_KEYS = dict.fromkeys("0123456789", _target)
_COMMON: dict[str, Check] = {"next": _target, "whenhangup": is_url, "recordcall": is_url}
_OPTIONS: dict[str, dict[str, Check]] = {
    "connect": {
        "connect": _numbers,
        "callerid": _number,
        "busy": _nested,
        "failed": _nested,
        "success": _nested,
        **_COMMON,
    },
    "play": {"play": _sound, "skippable": _flag, **_COMMON},
    "ivr": {
        "ivr": is_url,
        "digits": _whole(1, 64),
        "timeout": _whole(1, 30),
        "repeat": _whole(0, 99),
        **_KEYS,
        **_COMMON,
    },
    "record": {
        "record": lambda value: is_url(value) or (isinstance(value, str) and value.startswith("local/")),
        "timelimit": _whole(1, 3600),
        "silencedetection": _one_of("yes", "no"),
        **_COMMON,
    },
    "hangup": {"hangup": _one_of("reject", "busy", "404"), "whenhangup": is_url},
}


def _faults(action: object, where: str) -> list[str]:
    if not isinstance(action, Mapping):
        return [f"{where}: not an object but {action!r}"]
    verbs = [verb for verb in VERBS if verb in action]
    if len(verbs) != 1:
        return [f"{where}: not one verb but {verbs} in {sorted(action)}"]
    options, faults = _OPTIONS[verbs[0]], []
    for key, value in action.items():
        if key not in options:
            faults.append(f"{where}: {verbs[0]} knows no {key!r}")
        elif not options[key](value):
            faults.append(f"{where}.{key}: {value!r} is not as documented")
        elif isinstance(value, Mapping):
            faults += _faults(value, f"{where}.{key}")
    return faults
