"""The life of a version of a checklist: what can be done in which state, and where that leads, in one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from services.casework.domain.checklist import Checklist, problems, unwritten, used_params
from services.casework.domain.checklist_problems import Problem, problem
from shared.errors import DomainError
from shared.vocabulary import Outcome

LONGEST_URGENT = timedelta(days=7)
"""How long an urgent change holds without being approved."""


class Phase(StrEnum):
    """Where a version is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    """It may wait for the day from which it holds."""
    PUBLISHED = "published"
    URGENT = "urgent"
    """Live at once, not approved yet (*akutändring*): approved it is published, otherwise it falls."""
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What can be done with a version."""

    WRITE = "write"
    SUBMIT = "submit"
    RECALL = "recall"
    """The author takes it back from review."""
    APPROVE = "approve"
    REJECT = "reject"
    SCHEDULE = "schedule"
    """Say that it is to be published on the day from which it holds."""
    PUBLISH = "publish"
    HURRY = "hurry"
    """Make it live at once, as an urgent change."""
    REVIEW = "review"
    """Say that it was read and still holds."""
    SUPERSEDE = "supersede"
    """Another version has taken its place."""
    LAPSE = "lapse"
    """The clock: nobody has approved the urgent change in time."""
    RESTORE = "restore"
    """The version that an urgent change had taken the place of holds again."""
    WITHDRAW = "withdraw"


_DRAFT, _REVIEW, _APPROVED = Phase.DRAFT, Phase.IN_REVIEW, Phase.APPROVED
_LIVE, _URGENT, _OLD, _GONE = Phase.PUBLISHED, Phase.URGENT, Phase.SUPERSEDED, Phase.WITHDRAWN

TRANSITIONS: Mapping[tuple[Phase, Act], Phase] = MappingProxyType(
    {
        (_DRAFT, Act.WRITE): _DRAFT,
        (_DRAFT, Act.SUBMIT): _REVIEW,
        (_DRAFT, Act.HURRY): _URGENT,
        (_DRAFT, Act.WITHDRAW): _GONE,
        (_REVIEW, Act.RECALL): _DRAFT,
        (_REVIEW, Act.APPROVE): _APPROVED,
        (_REVIEW, Act.REJECT): _DRAFT,
        (_REVIEW, Act.WITHDRAW): _GONE,
        (_APPROVED, Act.SCHEDULE): _APPROVED,
        (_APPROVED, Act.PUBLISH): _LIVE,
        (_APPROVED, Act.REJECT): _DRAFT,
        (_APPROVED, Act.WITHDRAW): _GONE,
        (_LIVE, Act.REVIEW): _LIVE,
        (_LIVE, Act.SUPERSEDE): _OLD,
        (_LIVE, Act.WITHDRAW): _GONE,
        (_URGENT, Act.APPROVE): _LIVE,
        (_URGENT, Act.REJECT): _GONE,
        (_URGENT, Act.SUPERSEDE): _OLD,
        (_URGENT, Act.LAPSE): _GONE,
        (_URGENT, Act.WITHDRAW): _GONE,
        (_OLD, Act.RESTORE): _LIVE,
    }
)
"""Every act that is allowed and the phase it leads to; what is not here cannot be done."""

IN_WORK = frozenset({_DRAFT, _REVIEW, _APPROVED})
"""Not live yet: a checklist has at most one such version."""
LIVE = frozenset({_LIVE, _URGENT})
"""What new runs begin with: a checklist has at most one such version."""

PHASE_WORDS: Mapping[Phase, str] = MappingProxyType(
    {
        _DRAFT: "Versionen är ett utkast.",
        _REVIEW: "Versionen väntar på att godkännas.",
        _APPROVED: "Versionen är godkänd och väntar på att publiceras.",
        _LIVE: "Versionen är publicerad.",
        _URGENT: "Versionen är en akutändring som gäller nu.",
        _OLD: "Versionen är ersatt av en nyare.",
        _GONE: "Versionen är tillbakadragen.",
    }
)


class WrongPhaseError(DomainError):
    """It cannot be done with a version in this phase."""

    type = "wrong-phase"
    status = 409
    title = "Det går inte nu."


class StaleVersionError(DomainError):
    """Somebody has changed the version since it was read."""

    type = "stale-version"
    status = 409
    title = "Någon annan har ändrat versionen sedan du läste den. Läs in den igen."


class OvertakenError(DomainError):
    """Another version has become the live one since this one was begun."""

    type = "overtaken"
    status = 409
    title = "Version {live} gäller sedan den här versionen skrevs. Gör ett nytt utkast av den."


class InWorkError(DomainError):
    """The checklist has a version in work already."""

    type = "in-work"
    status = 409
    title = "Checklistan har redan version {version} under arbete."


class OwnWorkError(DomainError):
    """Whoever wrote last cannot approve."""

    type = "own-work"
    status = 403
    title = "Någon annan än den som skrev sist ska godkänna."


class UnreadyError(DomainError):
    """The version cannot be submitted, approved or published as it is; `errors` says why, each at its place."""

    type = "checklist-unready"
    status = 422
    title = "Checklistan är inte klar."


class TooLateError(DomainError):
    """The time of the urgent change is up, whether or not the clock has said so yet."""

    type = "too-late"
    status = 409
    title = "Akutändringens tid har gått ut."


class BadEndError(DomainError):
    """An urgent change must end after now and within seven days."""

    type = "bad-end"
    status = 422
    title = "En akutändring ska sluta gälla inom sju dagar."


class NeedsReasonError(DomainError):
    """A reason must be given."""

    type = "needs-reason"
    status = 422
    title = "Skriv varför."


def after(phase: Phase, act: Act) -> Phase:
    """Return the phase that `act` leads to; WrongPhaseError when it cannot be done now."""
    if (phase, act) not in TRANSITIONS:
        raise WrongPhaseError(PHASE_WORDS[phase], phase=phase.value, act=act.value)
    return TRANSITIONS[phase, act]


def can(phase: Phase) -> frozenset[Act]:
    """Return what can be done in `phase`."""
    return frozenset(act for at, act in TRANSITIONS if at == phase)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a checklist with its life; the checklist itself never changes once it has been live."""

    checklist: Checklist
    phase: Phase
    unit: str
    """The id of the unit that owns it."""
    revision: int = 1
    """Grows with every act: who acts on an older one is refused."""
    example: bool = False
    """Taken in from a file that somebody else wrote, and not changed since."""
    author: str = ""
    """Who wrote last."""
    author_name: str = ""
    based_on: int | None = None
    """The version that was live when it was begun."""
    falls_back_to: int | None = None
    """For an urgent change: the approved version that holds again when nobody approves it."""
    valid_from: datetime | None = None
    scheduled: bool = False
    """It is published by the clock at `valid_from`."""
    urgent_until: datetime | None = None
    urgent_reason: str = ""
    note: str = ""
    """Why it was rejected last, or withdrawn."""
    changed_at: datetime | None = None
    approved_by: str = ""
    published_at: datetime | None = None
    review_by: datetime | None = None
    current: bool = False

    @property
    def id(self) -> str:
        """The id of the checklist."""
        return self.checklist.id

    @property
    def number(self) -> int:
        """Its number, given when it is begun and never used again."""
        return self.checklist.version


def urgent_end(now: datetime, asked: datetime | None, running: datetime | None) -> datetime:
    """Return when an urgent change ends: as asked, within seven days, and never after the one it takes over from.

    Otherwise a chain of urgent changes would hold for ever without anybody approving it. BadEndError when it asks for
    what is over already or for more than seven days.
    """
    if asked is not None and not now < asked <= now + LONGEST_URGENT:
        raise BadEndError
    ends = [now + LONGEST_URGENT, *(one for one in (asked, running) if one is not None)]
    return min(ends)


def unready(checklist: Checklist, values: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return everything that must be mended before a checklist is approved or published.

    `values` are those of its unit: every param that a text uses needs one, and every hand-over a receiver.
    """
    return (*broken(checklist), *_valueless(checklist, values), *_nowhere(checklist))


def broken(checklist: Checklist) -> tuple[Problem, ...]:
    """Return everything that is wrong with a checklist itself, whatever its unit has filled in."""
    return (*unwritten(checklist), *problems(checklist), *_doubled(checklist))


def _doubled(checklist: Checklist) -> Iterator[Problem]:
    """Yield ids that stand for two things, and answers that nobody can tell apart."""
    seen = {end.id for end in checklist.ends}
    for number, step in enumerate(checklist.steps):
        if step.id in seen:
            yield problem("doubled", "steps", number, "id", id=step.id)
        seen.add(step.id)
        labels = [option.label for option in step.options]
        for index, label in enumerate(labels):
            if label in labels[:index]:
                yield problem("same_label", "steps", number, "options", index, "if", label=label, step=step.id)


def missing_params(checklist: Checklist, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the params that the checklist uses and nobody has given a value, by name."""
    known = {name for name, value in {**checklist.params, **values}.items() if value.strip()}
    return tuple(sorted(used_params(checklist) - known))


def _valueless(checklist: Checklist, values: Mapping[str, str]) -> Iterator[Problem]:
    for name in missing_params(checklist, values):
        yield problem("no_value", "params", name, name=name)


def _nowhere(checklist: Checklist) -> Iterator[Problem]:
    for end in checklist.ends:
        if end.kind is Outcome.HANDOVER and not (end.to or "").strip():
            yield problem("no_receiver", "ends", end.id, "to", end=end.id)
