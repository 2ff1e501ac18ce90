"""What happens to a contact that goes on waiting: rings that ask for less, overflow to elsewhere, as one list of steps.

All times count from the contact's arrival. A ring goes on from where the ring before it came to. `protected` is never
dropped: who has protected identity waits for somebody who may know of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.router.domain.skills import PROTECTED
from shared.vocabulary import Priority, WrapUpMode

MOST = 6
"""Rings of one contact, and likewise overflow steps (Genesys has six)."""

Fill = Callable[[str], str]
"""Puts the contact's own values into a text with places."""


@dataclass(frozen=True, slots=True)
class Ring:
    """After `after` seconds: other `skills`, or those of before without `drop` or `level_minus` lower; reserves too."""

    after: float
    skills: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    level_minus: int = 0
    reserves: bool = False

    def relaxed(self, skills: Sequence[str], fill: Fill) -> tuple[str, ...]:
        """Return what is left to ask for."""
        if self.skills is not None:
            kept = [skill for skill in skills if skill == PROTECTED]
            return tuple(dict.fromkeys([*map(fill, self.skills), *kept]))
        gone = {fill(name) for name in self.drop} - {PROTECTED}
        left = [skill for skill in skills if skill.partition("=")[0] not in gone]
        return tuple(_lowered(skill, self.level_minus) for skill in left)


@dataclass(frozen=True, slots=True)
class Overflow:
    """After `after` seconds: another queue, another priority, or the caller is offered to be called back."""

    after: float
    queue: str | None = None
    priority: Priority | None = None
    offer_return_call: bool = False


@dataclass(frozen=True, slots=True)
class AfterWork:
    """How the after-work that follows ends, and at the latest after how many seconds."""

    mode: WrapUpMode
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """What changes after so many seconds; `skills` is all that is asked for from then on, None as before."""

    after: float
    skills: tuple[str, ...] | None = None
    reserves: bool = False
    queue: str | None = None
    priority: Priority | None = None
    offer_return_call: bool = False


def steps_of(
    rings: Sequence[Ring], overflow: Sequence[Overflow], skills: Sequence[str], fill: Fill
) -> tuple[Step, ...]:
    """Return rings and overflow of a contact as one list by time; what falls on the same second is one step."""
    steps: dict[float, Step] = {}
    left, reserves = tuple(skills), False
    for ring in sorted(rings, key=lambda each: each.after):
        left, reserves = ring.relaxed(left, fill), reserves or ring.reserves
        steps[ring.after] = Step(ring.after, left, reserves)
    for flow in sorted(overflow, key=lambda each: each.after):
        before = steps.get(flow.after, Step(flow.after))
        steps[flow.after] = replace(
            before,
            queue=fill(flow.queue) if flow.queue else before.queue,
            priority=flow.priority or before.priority,
            offer_return_call=flow.offer_return_call or before.offer_return_call,
        )
    return _in_full([steps[after] for after in sorted(steps)])


def opened(skills: tuple[str, ...], steps: Sequence[Step]) -> tuple[tuple[str, ...], tuple[Step, ...]]:
    """Return skills and steps with every ring taken at once: what a storm asks for (*toppläge*)."""
    widest = next((step for step in reversed(steps) if step.skills is not None), None)
    if widest is None or widest.skills is None:
        return skills, tuple(steps)
    flows = [step for step in steps if step.queue or step.priority or step.offer_return_call]
    later = [replace(step, skills=widest.skills, reserves=widest.reserves) for step in flows if step.after > 0]
    first = next((step for step in flows if step.after == 0), Step(0.0))
    now = replace(first, skills=widest.skills, reserves=widest.reserves)
    return widest.skills, (now, *later) if widest.reserves or first in flows else tuple(later)


def _in_full(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Have every step after a ring say what that ring came to."""
    found: list[Step] = []
    skills: tuple[str, ...] | None = None
    reserves = False
    for step in steps:
        skills, reserves = skills if step.skills is None else step.skills, reserves or step.reserves
        found.append(replace(step, skills=skills, reserves=reserves))
    return tuple(found)


def _lowered(skill: str, by: int) -> str:
    name, _, level = skill.partition("=")
    if not level or by == 0:
        return skill
    left = max(1, int(level) - by)
    return name if left == 1 else f"{name}={left}"
