"""Editing a checklist one deed at a time: ids stay what they are, and what leads somewhere never leads astray by it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from services.casework.domain.checklist import Checklist, End, Option, Step
from shared.vocabulary import Outcome, Resolution, StepType

T = TypeVar("T")
Ways = Callable[[str], str]


def free_id(taken: Collection[str], stem: str) -> str:
    """Return the first of `stem1`, `stem2` … that nobody has."""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def add_step(checklist: Checklist, at: int) -> Checklist:
    """Put an empty step at a place; the step before it leads on to it, and it to where that one led."""
    at = min(max(at, 0), len(checklist.steps))
    before = checklist.steps[at - 1] if at else None
    name = free_id(_taken(checklist), "s")
    leads = before.goto if before is not None and not before.options else None
    fresh = Step(name, StepType.ASK, "", leads or None)
    steps = list(checklist.steps)
    if before is not None and not before.options:
        steps[at - 1] = replace(before, goto=name)
    elif before is None and steps:
        fresh = replace(fresh, goto=steps[0].id)
    steps.insert(at, fresh)
    return replace(checklist, steps=tuple(steps))


def copy_step(checklist: Checklist, at: int) -> Checklist:
    """Put a step's double after it, under an id of its own; nothing leads to the double yet."""
    if not 0 <= at < len(checklist.steps):
        return checklist
    double = replace(checklist.steps[at], id=free_id(_taken(checklist), "s"))
    return replace(checklist, steps=(*checklist.steps[: at + 1], double, *checklist.steps[at + 1 :]))


def move_step(checklist: Checklist, at: int, to: int) -> Checklist:
    """Put a step at another place; ids and ways stay, but the first step is where every run begins."""
    return replace(checklist, steps=_moved(checklist.steps, at, to))


def remove_step(checklist: Checklist, at: int) -> Checklist:
    """Take a step away; what led to it leads to where it led, or nowhere when it had several ways."""
    if not 0 <= at < len(checklist.steps):
        return checklist
    gone = checklist.steps[at]
    ways = frozenset(gone.ways()) - {gone.id}
    onward = next(iter(ways)) if len(ways) == 1 else ""
    left = replace(checklist, steps=(*checklist.steps[:at], *checklist.steps[at + 1 :]))
    return _led(left, lambda way: onward if way == gone.id else way)


def add_option(checklist: Checklist, at: int) -> Checklist:
    """Give a step one more answer; the first one leads to where the step led."""
    if not 0 <= at < len(checklist.steps):
        return checklist
    step = checklist.steps[at]
    first = step.goto if not step.options and step.goto else ""
    return _with_step(checklist, at, replace(step, goto=None, options=(*step.options, Option("", first))))


def remove_option(checklist: Checklist, at: int, number: int) -> Checklist:
    """Take an answer away; a step that loses its last one leads to where that answer led."""
    if not 0 <= at < len(checklist.steps):
        return checklist
    step = checklist.steps[at]
    if not 0 <= number < len(step.options):
        return checklist
    left = (*step.options[:number], *step.options[number + 1 :])
    goto = None if left else step.options[number].goto or None
    return _with_step(checklist, at, replace(step, options=left, goto=goto))


def move_option(checklist: Checklist, at: int, number: int, to: int) -> Checklist:
    """Put an answer at another place among those of its step."""
    if not 0 <= at < len(checklist.steps):
        return checklist
    step = checklist.steps[at]
    return _with_step(checklist, at, replace(step, options=_moved(step.options, number, to)))


def add_end(checklist: Checklist, kind: Outcome) -> Checklist:
    """Add an end of a kind."""
    resolution = Resolution.SOLVED.value if kind is Outcome.CLOSE else None
    stem = {Outcome.CLOSE: "klart", Outcome.HANDOVER: "lamna", Outcome.SWITCH: "byt"}[kind]
    name = free_id(_taken(checklist), stem)
    return replace(checklist, ends=(*checklist.ends, End(name, kind, resolution=resolution)))


def move_end(checklist: Checklist, at: int, to: int) -> Checklist:
    """Put an end at another place."""
    return replace(checklist, ends=_moved(checklist.ends, at, to))


def remove_end(checklist: Checklist, at: int) -> Checklist:
    """Take an end away; what led to it leads nowhere, which is said at its place."""
    if not 0 <= at < len(checklist.ends):
        return checklist
    gone = checklist.ends[at].id
    left = replace(checklist, ends=(*checklist.ends[:at], *checklist.ends[at + 1 :]))
    return _led(left, lambda way: "" if way == gone else way)


def _taken(checklist: Checklist) -> frozenset[str]:
    return frozenset(step.id for step in checklist.steps) | {end.id for end in checklist.ends}


def _with_step(checklist: Checklist, at: int, step: Step) -> Checklist:
    return replace(checklist, steps=(*checklist.steps[:at], step, *checklist.steps[at + 1 :]))


def _moved(items: Sequence[T], at: int, to: int) -> tuple[T, ...]:
    if not 0 <= at < len(items):
        return tuple(items)
    left = [*items[:at], *items[at + 1 :]]
    left.insert(min(max(to, 0), len(left)), items[at])
    return tuple(left)


def _led(checklist: Checklist, ways: Ways) -> Checklist:
    """Return the checklist with every way led anew."""
    steps = tuple(
        replace(
            step,
            goto=(ways(step.goto) or None) if step.goto else step.goto,
            options=tuple(replace(option, goto=ways(option.goto)) for option in step.options),
        )
        for step in checklist.steps
    )
    return replace(checklist, steps=steps)
