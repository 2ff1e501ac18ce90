"""Practice (*övningsläge*): what an invented contact asks for, and how a run through it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.casework.domain.checklist import Checklist, Done, End, Run, UnknownOptionError
from services.casework.domain.noting import should_not_stand
from shared.errors import DomainError
from shared.vocabulary import Outcome

_BY = "–"
"""By which delegation, in a walk where nobody decides anything."""


class PracticeEndedError(DomainError):
    """The run is over; nothing more can be done in it."""

    type = "practice-ended"
    status = 409
    title = "Övningen är redan avslutad."


class SignOff(StrEnum):
    """What a unit asks of who takes its contacts."""

    OFF = "off"
    PREFERRED = "preferred"
    """Agents who are signed off for it are asked first; others take what they do not."""
    REQUIRED = "required"
    """Nobody else is asked."""


@dataclass(frozen=True, slots=True)
class Good:
    """What a good run comes to: the case type, the end of its checklist, and the answers on the way there."""

    case_type: str
    end: str
    kind: Outcome
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """How she ended it: closed with a resolution, or handed over."""

    kind: Outcome
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was right; `left` are the obligatory steps that were not done, `unfit` words that should not be noted."""

    case_type: bool
    obligatory: bool
    end: bool
    note: bool
    left: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all of it was right."""
        return self.case_type and self.obligatory and self.end and self.note


def judge(good: Good, case_type: str | None, run: Run | None, deed: Deed, note: str) -> Verdict:
    """Return what was right in a run that has ended.

    A step that lay on the way that she did not walk is owed by nobody. The right end is the one that the exercise
    names; in a version of the checklist that has no such end, one of its kind.
    """
    typed = case_type == good.case_type
    left = run.open_obligatory() if run else ()
    unfit = should_not_stand(note, run.checklist.forbid if run else ())
    return Verdict(
        case_type=typed,
        obligatory=not left,
        end=typed and _ended_well(good, run, deed),
        note=not unfit,
        left=tuple(run.checklist.fill(step.text) for step in left) if run else (),
        unfit=unfit,
    )


def _ended_well(good: Good, run: Run | None, deed: Deed) -> bool:
    if run is None or run.end is None:
        return False
    known = run.checklist.end(good.end)
    right = run.end.id == good.end if known else run.end.kind is good.kind
    return right and _follows(run.end, deed)


def _follows(end: End, deed: Deed) -> bool:
    if end.kind is not deed.kind:
        return False
    return end.kind is not Outcome.CLOSE or end.resolution in {None, "", deed.resolution}


def walk(checklist: Checklist, answers: Sequence[str]) -> Run:
    """Return the way of a good run, as far as the version has it: one answer for each step that asks for one."""
    run, waiting = Run(checklist), list(answers)
    while run.here and (step := checklist.step(run.here)):
        if step.options and not waiting:
            break
        try:
            run = run.answer(Done(step.id, waiting.pop(0) if step.options else None, reference=_BY))
        except UnknownOptionError:
            break
        if len(run.done) > len(checklist.steps):
            break
    return run
