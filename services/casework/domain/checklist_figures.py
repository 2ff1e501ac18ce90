"""What a checklist has led to: its versions side by side, and where in it runs stop and reports point."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from services.casework.domain.checklist import Checklist, leads_to

LEAST = 5
"""Fewer ended cases than this say nothing about how long one takes."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What is counted of the cases of one version, or of several together."""

    cases: int = 0
    ended: int = 0
    """Closed or handed over."""
    closed: int = 0
    """Closed, and never handed over."""
    sent: int = 0
    """Hand-overs."""
    returned: int = 0
    """Hand-overs that came back."""
    seconds: float = 0.0
    """Handling time of the cases ended."""
    wrong: int = 0
    """Reports that something in it is wrong."""
    missing: int = 0
    """Reports that no checklist fits, of cases of its type."""

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Sums)))

    @property
    def handling_mean(self) -> float | None:
        """Seconds per case ended, None for too few."""
        return self.seconds / self.ended if self.ended >= LEAST else None

    @property
    def returned_share(self) -> float | None:
        """Of the hand-overs, how many came back."""
        return self.returned / self.sent if self.sent else None

    @property
    def closed_share(self) -> float | None:
        """Of the cases ended, how many were closed without a hand-over."""
        return self.closed / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class Answered:
    """A step that was done with one answer: by how many runs, and how many that have ended did nothing after it."""

    step: str
    option: str | None
    done: int
    last: int


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step of a version: runs that did it, runs that ended standing at it, reports that it is wrong."""

    number: int
    id: str
    text: str
    done: int = 0
    stopped: int = 0
    wrong: int = 0


def steps_of(
    checklist: Checklist, answers: Iterable[Answered], ended: int, wrong: Mapping[str, int]
) -> tuple[StepFigures, ...]:
    """Return the figures of each step, in order.

    A run that has come to an end of the checklist stopped nowhere. One whose case ended before that stopped at the step
    that was next; the first one when no step was done (`ended` is how many cases have ended).
    """
    done: dict[str, int] = {}
    stopped: dict[str, int] = {}
    unbegun = ended
    for one in answers:
        unbegun -= one.last
        done[one.step] = done.get(one.step, 0) + one.done
        step = checklist.step(one.step)
        goal = leads_to(step, one.option) if step else None
        if goal:
            stopped[goal] = stopped.get(goal, 0) + one.last
    if checklist.steps:
        first = checklist.steps[0].id
        stopped[first] = stopped.get(first, 0) + max(0, unbegun)
    return tuple(
        StepFigures(
            number, step.id, step.text, done.get(step.id, 0), stopped.get(step.id, 0), wrong=wrong.get(step.id, 0)
        )
        for number, step in enumerate(checklist.steps, 1)
    )
