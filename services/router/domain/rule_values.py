"""Reading the values of one rule: each is what it should be, or a fault is noted and something harmless stands in."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import TypeVar

from services.router.domain.contact import LONGEST_WRAP_UP_SECONDS
from services.router.domain.rule_faults import Row
from services.router.domain.rule_steps import MOST, AfterWork, Overflow, Ring
from services.router.domain.rule_time import ALL_DAY, WEEKDAYS, Spans, Window, joined
from services.router.domain.rules import ALL_QUEUES, PLACES
from services.router.domain.skills import PROTECTED, skill_of
from shared.calendar import Duration, DurationUnit, parse
from shared.vocabulary import Channel, Priority, TakenOver, WorkKind, WrapUpMode

W = TypeVar("W", bound=StrEnum)

LONGEST_WAIT = 7 * 24 * 3600.0
_LONGEST_DAYS = 366
_YEARS = range(2000, 2100)
VALUES: Mapping[str, type[StrEnum]] = {"channel": Channel, "kind": WorkKind, "taken_over": TakenOver}
"""Conditions whose values are words of ours."""

_SECONDS = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(?:(sekund(?:er)?)|(minut(?:er)?)|(timm(?:e|ar)))\s*", re.IGNORECASE)
_SPAN = re.compile(r"\s*(\d\d?)[:.](\d\d)\s*[-–]\s*(\d\d?)[:.](\d\d)\s*")
_NAME = re.compile(r"[^\s|,#~;=]{1,80}")


def texts(row: Row, value: object, *path: str) -> frozenset[str]:
    """Read a list of texts with at least one."""
    listed = isinstance(value, list | tuple | set) and value and all(isinstance(each, str) and each for each in value)
    if not listed:
        row.wrong("no-list", *path, key=path[-1])
        return frozenset()
    found = frozenset(str(each) for each in value)  # type: ignore[attr-defined] # a list, by the test above
    if path[-1] in VALUES and (unknown := found - set(VALUES[path[-1]])):
        known = ", ".join(VALUES[path[-1]])
        row.wrong("unknown-value", *path, key=path[-1], given=", ".join(sorted(unknown)), known=known)
    return found


def skills(row: Row, value: object, *path: str) -> list[str]:
    """Read skills, each with a level from 1 to 5 or none."""
    found = sorted(texts(row, value, *path))
    for skill in found:
        places(row, skill, *path)
        try:
            skill_of(skill)
        except ValueError:
            row.wrong("no-level", *path, given=skill)
    return found


def places(row: Row, text: str, *path: str) -> None:
    """Note a place that nothing fills."""
    bare = text
    for place in PLACES:
        bare = bare.replace(place, "")
    if "{" in bare or "}" in bare:
        row.wrong("unknown-place", *path, given=text, known=", ".join(PLACES))


def queue(row: Row, value: object, *path: str) -> str:
    """Read the name of a queue."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        row.wrong("no-queue", *path, key=path[-1])
        return ""
    places(row, value, *path)
    return value


def text(row: Row, value: object, *path: str) -> str:
    """Read a text that is not empty."""
    if isinstance(value, str) and value:
        return value
    row.wrong("no-text", *path, key=path[-1])
    return ""


def truth(row: Row, value: object, *path: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        row.wrong("no-truth", *path, key=path[-1])
    return value is True


def true(row: Row, value: object, *path: str) -> bool:
    """Read what can only be true: it is left out otherwise."""
    if value is not True:
        row.wrong("not-true", *path, key=path[-1])
    return True


def share(row: Row, value: object, *path: str) -> float:
    """Read a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        row.wrong("no-share", *path, key=path[-1])
        return 0.0
    return float(value)


def count(row: Row, value: object, *path: str) -> int:
    """Read a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        row.wrong("no-count", *path, key=path[-1])
        return 1
    return value


def counts(row: Row, value: object, *path: str) -> dict[str, int]:
    """Read how many wait: a number for all queues, or a number for each queue named."""
    if isinstance(value, Mapping) and value:
        return {queue(row, name, *path): count(row, number, *path, str(name)) for name, number in value.items()}
    return {ALL_QUEUES: count(row, value, *path)}


def priority(row: Row, value: object, *path: str) -> Priority:
    """Read a class of urgency."""
    return _word(row, Priority, value, *path) or Priority.NORMAL


def duration(row: Row, value: object, *path: str) -> Duration | None:
    """Read a promise: `1 arbetsdag`."""
    with suppress(ValueError, OverflowError):
        found = parse(str(value))
        if found.count <= (_LONGEST_DAYS if found.unit is DurationUnit.WORKING_DAYS else _LONGEST_DAYS * 24):
            return found
    row.wrong("no-duration", *path, key=path[-1], given=str(value))
    return None


def seconds(row: Row, value: object, *path: str, most: float = LONGEST_WAIT) -> float:
    """Read `30 sekunder`, `2 minuter`, or a number of seconds."""
    found: float = -1
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = value
    elif isinstance(value, str) and (match := _SECONDS.fullmatch(value)):
        found = float(match[1].replace(",", ".")) * (1 if match[2] else 60 if match[3] else 3600)
    if 0 <= found <= most:
        return float(found)
    row.wrong("no-seconds", *path, key=path[-1], given=str(value), most=f"{most:g} s")
    return 0.0


def fields(row: Row, value: object, *path: str) -> Mapping[str, object]:
    """Read fields and values."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    row.wrong("no-fields", *path, key=path[-1])
    return {}


def window(row: Row, value: object, *path: str) -> Window | None:
    """Read `{weekdays, hours, from, to, holiday}`, all of them optional."""
    given = fields(row, value, *path)
    row.known("unknown-key", given, ("weekdays", "hours", "from", "to", "holiday"), *path)
    days = frozenset(WEEKDAYS)
    if "weekdays" in given and (unknown := (days := texts(row, given["weekdays"], *path, "weekdays")) - set(WEEKDAYS)):
        given_words, known = ", ".join(sorted(unknown)), ", ".join(WEEKDAYS)
        row.wrong("unknown-value", *path, "weekdays", key="weekdays", given=given_words, known=known)
    found = Window(
        frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS),
        _spans(row, given["hours"], *path, "hours") if "hours" in given else ALL_DAY,
        _day(row, given["from"], *path, "from") if "from" in given else None,
        _day(row, given["to"], *path, "to") if "to" in given else None,
        truth(row, given["holiday"], *path, "holiday") if "holiday" in given else None,
    )
    if days and found.spans and found.meet(Window()) is None:
        row.wrong("never", *path)
        return None
    return found if given else None


def rings(row: Row, value: object, *path: str) -> tuple[Ring, ...]:
    """Read up to six rings, each later than the one before."""
    found: list[Ring] = []
    for here, step in _steps(row, value, ("skills", "drop", "level_minus", "reserves"), *path):
        ways = {"skills", "drop", "level_minus"} & set(step)
        if len(ways) > 1 or not (ways or "reserves" in step):
            row.wrong("one-way", *here, key="rings")
        dropped = texts(row, step["drop"], *here, "drop") if "drop" in step else frozenset[str]()
        if PROTECTED in dropped:
            row.wrong("keeps-protected", *here, "drop", key="drop")
        for name in dropped:
            places(row, name, *here, "drop")
        found.append(
            Ring(
                seconds(row, step.get("after"), *here, "after"),
                # An empty list is allowed here: nothing but channel and language is asked for.
                tuple(skills(row, step["skills"], *here, "skills")) if step.get("skills") else _nothing(step),
                tuple(sorted(dropped)),
                count(row, step["level_minus"], *here, "level_minus") if "level_minus" in step else 0,
                truth(row, step["reserves"], *here, "reserves") if "reserves" in step else False,
            )
        )
    _apart(row, [ring.after for ring in found], *path)
    return tuple(found)


def overflow(row: Row, value: object, *path: str) -> tuple[Overflow, ...]:
    """Read up to six overflow steps, each later than the one before."""
    found: list[Overflow] = []
    for here, step in _steps(row, value, ("queue", "priority", "offer_return_call"), *path):
        if set(step) <= {"after"}:
            row.wrong("changes-nothing", *here, key="overflow")
        found.append(
            Overflow(
                seconds(row, step.get("after"), *here, "after"),
                queue(row, step["queue"], *here, "queue") if "queue" in step else None,
                priority(row, step["priority"], *here, "priority") if "priority" in step else None,
                true(row, step["offer_return_call"], *here, "offer_return_call")
                if "offer_return_call" in step
                else False,
            )
        )
    _apart(row, [flow.after for flow in found], *path)
    return tuple(found)


def wrap_up(row: Row, value: object, *path: str) -> AfterWork:
    """Read `{mode, seconds}` of after-work."""
    given = fields(row, value, *path)
    row.known("unknown-key", given, ("mode", "seconds"), *path)
    mode = _word(row, WrapUpMode, given.get("mode"), *path, "mode") or WrapUpMode.TIMED
    return AfterWork(mode, seconds(row, given.get("seconds"), *path, "seconds", most=LONGEST_WRAP_UP_SECONDS))


def _steps(
    row: Row, value: object, known: tuple[str, ...], *path: str
) -> Iterable[tuple[tuple[str, ...], Mapping[str, object]]]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST:
        row.wrong("no-steps", *path, key=path[-1], most=MOST)
        return
    for number, each in enumerate(value):
        here = (*path, str(number))
        step = fields(row, each, *here)
        row.known("unknown-key", step, ("after", *known), *here)
        yield here, step


def _apart(row: Row, times: list[float], *path: str) -> None:
    if len(set(times)) < len(times):
        row.wrong("same-time", *path, key=path[-1])


def _nothing(step: Mapping[str, object]) -> tuple[str, ...] | None:
    return () if "skills" in step else None


def _word(row: Row, words: type[W], value: object, *path: str) -> W | None:
    with suppress(ValueError):
        return words(str(value))
    row.wrong("unknown-value", *path, key=path[-1], given=repr(value), known=", ".join(words))
    return None


def _spans(row: Row, value: object, *path: str) -> Spans:
    found: list[tuple[int, int]] = []
    for written in sorted(texts(row, value, *path)):
        match = _SPAN.fullmatch(written)
        numbers = [int(part) for part in match.groups()] if match else []
        span = (numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]) if numbers else (0, 0)
        if span[0] == span[1] or max(span) > 1440 or any(part > 59 for part in numbers[1::2]):
            row.wrong("no-hours", *path, given=written)
        else:
            found.append(span)
    return joined(found) or ALL_DAY


def _day(row: Row, value: object, *path: str) -> date | None:
    with suppress(ValueError):
        if (found := date.fromisoformat(str(value))).year in _YEARS:
            return found
    row.wrong("no-date", *path, key=path[-1], given=str(value))
    return None
