"""What differs between two versions of a checklist: said word by word, and by what was added, removed or moved."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeVar

from services.casework.domain.checklist import Checklist, End, Step

_TOKENS = re.compile(r"\s+|[\wåäöÅÄÖ]+|[^\w\s]")
_NAME = 50
_SEPARATE = ("steps", "ends", "params", "version", "id")

Part = TypeVar("Part", Step, End)
Placed = Mapping[str, tuple[int, Part]]


class How(StrEnum):
    """What has happened to a part, or to a word."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Words:
    """Some words, and whether they are in both versions or in one."""

    how: How
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs: its name, and its words."""

    name: str
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class PartChange:
    """A step or an end that differs; `was` and `now` are its places from 1, where it has one."""

    id: str
    how: How
    was: int | None
    now: int | None
    moved: bool = False
    """Its place among the others differs too."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two versions."""

    fields: tuple[Change, ...] = ()
    steps: tuple[PartChange, ...] = ()
    ends: tuple[PartChange, ...] = ()
    params_added: tuple[str, ...] = ()
    params_removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return any(getattr(self, one.name) for one in fields(self))


def changes(old: Checklist, new: Checklist) -> Changes:
    """Return what one has to read to know the new version when one knows the old one; steps and ends by their ids."""
    called = _names(old, new)
    return Changes(
        fields=tuple(_fields(_said(old), _said(new))),
        steps=tuple(_parts(old.steps, new.steps, lambda step: _step(step, called))),
        ends=tuple(_parts(old.ends, new.ends, _end)),
        params_added=tuple(sorted(set(new.params) - set(old.params))),
        params_removed=tuple(sorted(set(old.params) - set(new.params))),
    )


def words(old: str, new: str) -> tuple[Words, ...]:
    """Return both texts as one, word by word: without the added words the old one, without the removed the new."""
    was, now = _TOKENS.findall(old), _TOKENS.findall(new)
    found: list[Words] = []
    for how, first, last, begin, end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if how == "equal":
            found.append(Words(How.SAME, "".join(was[first:last])))
            continue
        found.extend(
            Words(kind, "".join(part))
            for kind, part in ((How.REMOVED, was[first:last]), (How.ADDED, now[begin:end]))
            if part
        )
    return tuple(found)


def _said(checklist: Checklist) -> dict[str, str]:
    return {one.name: _text(getattr(checklist, one.name)) for one in fields(checklist) if one.name not in _SEPARATE}


def _names(old: Checklist, new: Checklist) -> dict[str, str]:
    """Return what steps and ends are called where one leads to them, each by a name of its own in both versions."""
    texts: dict[str, str] = {}
    for one in (old, new):
        texts |= {step.id: step.text for step in one.steps}
        texts |= {end.id: end.to or end.message or end.note for end in one.ends}
    found: dict[str, str] = {}
    for name, text in texts.items():
        plain = " ".join(text.split())
        short = plain if len(plain) <= _NAME else plain[: _NAME - 1].rstrip(" .,;:") + "…"
        found[name] = f"{short} ({name})" if not short or short in found.values() else short
    return found


def _step(step: Step, called: Mapping[str, str]) -> dict[str, str]:
    plain = {one.name: _text(getattr(step, one.name)) for one in fields(step) if one.name not in {"id", "options"}}
    ways = "\n".join(f"{option.label} → {called.get(option.goto, option.goto)}" for option in step.options)
    return plain | {"goto": called.get(step.goto or "", step.goto or ""), "options": ways}


def _end(end: End) -> dict[str, str]:
    return {one.name: _text(getattr(end, one.name)) for one in fields(end) if one.name != "id"}


def _text(value: object) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "ja"
        case tuple() | list() | frozenset():
            return ", ".join(_text(one) for one in value)
        case StrEnum():
            return value.value
        case _ if is_dataclass(value):
            return " ".join(filter(None, (_text(getattr(value, one.name)) for one in fields(value))))
        case _:
            return str(value)


def _fields(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in new:
        if old[name] != new[name]:
            yield Change(name, words(old[name], new[name]))


def _parts(old: Sequence[Part], new: Sequence[Part], said: Callable[[Part], dict[str, str]]) -> Iterator[PartChange]:
    """Yield the parts that differ in the order of the new version, those that are gone after the one they followed."""
    before = {part.id: (place, part) for place, part in enumerate(old, 1)}
    after = {part.id: (place, part) for place, part in enumerate(new, 1)}
    moved = _moved([before[part.id][0] for part in new if part.id in before])
    for place, part in _both(old, new, before, after):
        if part.id not in after:
            yield PartChange(part.id, How.REMOVED, place, None, changes=tuple(_only(said(part), How.REMOVED)))
        elif part.id not in before:
            yield PartChange(part.id, How.ADDED, None, place, changes=tuple(_only(said(part), How.ADDED)))
        else:
            was, earlier = before[part.id]
            differs = tuple(_fields(said(earlier), said(part)))
            if differs or was in moved:
                how = How.CHANGED if differs else How.MOVED
                yield PartChange(part.id, how, was, place, was in moved, differs)


def _both(
    old: Sequence[Part], new: Sequence[Part], before: "Placed[Part]", after: "Placed[Part]"
) -> Iterator[tuple[int, Part]]:
    gone: dict[str, list[tuple[int, Part]]] = {}
    last = ""
    for place, part in enumerate(old, 1):
        if part.id in after:
            last = part.id
        else:
            gone.setdefault(last, []).append((place, part))
    yield from gone.get("", ())
    for place, part in enumerate(new, 1):
        yield place, part
        if part.id in before:
            yield from gone.get(part.id, ())


def _only(said: Mapping[str, str], how: How) -> Iterator[Change]:
    for name, text in said.items():
        if text:
            yield Change(name, (Words(how, text),))


def _moved(places: Sequence[int]) -> frozenset[int]:
    """Return those old places that are out of order now: the fewest that must move to make the one order the other."""
    tails: list[int] = []
    ends: list[int] = []
    came_from: list[int] = []
    for at, place in enumerate(places):
        spot = bisect_left(tails, place)
        came_from.append(ends[spot - 1] if spot else -1)
        tails[spot : spot + 1] = [place]
        ends[spot : spot + 1] = [at]
    kept: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(places[at])
        at = came_from[at]
    return frozenset(places) - kept
