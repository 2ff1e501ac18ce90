"""A case and its states: what can be done in which state, and where that leads, in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID, uuid5

from shared.errors import DomainError
from shared.vocabulary import CaseState, Channel

_CASES = UUID("3d0c2a5e-6f0b-5d0e-8a4e-5b7d2c9f1e05")


def case_id_of(contact_id: str) -> str:
    """Return the id of the case that a contact opens: the same whoever opens it, and however often it is tried."""
    return str(uuid5(_CASES, contact_id))


def question_about(contact_id: str) -> str | None:
    """Return the contact that a question to a colleague is about, None when it is no question.

    The router's id of a question begins with the contact: `contact~epoch~colleague`.
    """
    about, asks, _ = contact_id.partition("~")
    return about if asks else None


class Deed(StrEnum):
    """What can be done with a case."""

    CLASSIFY = "classify"
    STEP = "step"
    NOTE = "note"
    REPLY = "reply"
    CLOSE = "close"
    HAND_OVER = "hand_over"
    PARK = "park"
    REMIND = "remind"
    """The clock: the case rests no longer."""
    FOLLOW_UP = "follow_up"
    """The citizen: she is here again."""
    RETURN = "return"
    ANSWER = "answer"
    REOPEN = "reopen"
    LINK = "link"
    PEOPLE = "people"
    """Say who it is about."""
    SPLIT = "split"
    """Make a case of its own out of one of its contacts."""
    MERGE = "merge"
    """Become part of another case."""
    ABSORB = "absorb"
    """Take another case in."""
    UNMERGE = "unmerge"
    """Be a case of one's own again."""


class WrongStateError(DomainError):
    """The case is not in a state where that can be done; the detail says which, and who brought it there."""

    type = "wrong-state"
    status = 409
    title = "Ärendet är inte i ett läge där det går."


class TooOldError(DomainError):
    """The case was closed too long ago to be reopened: a new one follows it up."""

    type = "too-old"
    status = 409
    title = "Ärendet avslutades för mer än {days} dagar sedan. Öppna ett nytt ärende som följer upp det."


class ChangedMeanwhileError(DomainError):
    """Somebody else has done something decisive since the doer looked; the detail says what."""

    type = "changed-meanwhile"
    status = 409
    title = "Någon annan har gjort något med ärendet medan du skrev. Läs vad, och försök sedan igen."


class ObligatoryStepOpenError(DomainError):
    """An obligatory step of the checklist is not done, so the case cannot be closed."""

    type = "obligatory-step-open"
    status = 409
    title = "Ett obligatoriskt steg i checklistan är inte gjort."


_OPEN, _PARKED, _HANDED, _CLOSED = CaseState.OPEN, CaseState.PARKED, CaseState.HANDED_OVER, CaseState.CLOSED

TRANSITIONS: Mapping[tuple[CaseState, Deed], CaseState] = MappingProxyType(
    {
        (_OPEN, Deed.CLASSIFY): _OPEN,
        (_OPEN, Deed.STEP): _OPEN,
        (_OPEN, Deed.NOTE): _OPEN,
        (_OPEN, Deed.REPLY): _OPEN,
        (_OPEN, Deed.CLOSE): _CLOSED,
        (_OPEN, Deed.HAND_OVER): _HANDED,
        (_OPEN, Deed.PARK): _PARKED,
        (_OPEN, Deed.FOLLOW_UP): _OPEN,
        (_OPEN, Deed.LINK): _OPEN,
        (_OPEN, Deed.PEOPLE): _OPEN,
        (_OPEN, Deed.SPLIT): _OPEN,
        (_OPEN, Deed.ABSORB): _OPEN,
        (_OPEN, Deed.MERGE): _CLOSED,
        (_PARKED, Deed.CLASSIFY): _PARKED,
        (_PARKED, Deed.STEP): _OPEN,
        (_PARKED, Deed.NOTE): _PARKED,
        (_PARKED, Deed.REPLY): _PARKED,
        (_PARKED, Deed.CLOSE): _CLOSED,
        (_PARKED, Deed.HAND_OVER): _HANDED,
        (_PARKED, Deed.PARK): _PARKED,
        (_PARKED, Deed.REMIND): _OPEN,
        (_PARKED, Deed.FOLLOW_UP): _OPEN,
        (_PARKED, Deed.REOPEN): _OPEN,
        (_PARKED, Deed.LINK): _PARKED,
        (_PARKED, Deed.PEOPLE): _PARKED,
        (_PARKED, Deed.SPLIT): _PARKED,
        (_PARKED, Deed.ABSORB): _PARKED,
        (_PARKED, Deed.MERGE): _CLOSED,
        (_HANDED, Deed.NOTE): _HANDED,
        (_HANDED, Deed.REPLY): _HANDED,
        (_HANDED, Deed.FOLLOW_UP): _HANDED,
        (_HANDED, Deed.RETURN): _OPEN,
        (_HANDED, Deed.ANSWER): _CLOSED,
        (_HANDED, Deed.LINK): _HANDED,
        (_HANDED, Deed.PEOPLE): _HANDED,
        (_HANDED, Deed.SPLIT): _HANDED,
        (_HANDED, Deed.ABSORB): _HANDED,
        (_CLOSED, Deed.NOTE): _CLOSED,
        (_CLOSED, Deed.FOLLOW_UP): _OPEN,
        (_CLOSED, Deed.REOPEN): _OPEN,
        (_CLOSED, Deed.LINK): _CLOSED,
        (_CLOSED, Deed.PEOPLE): _CLOSED,
        (_CLOSED, Deed.SPLIT): _CLOSED,
        (_CLOSED, Deed.MERGE): _CLOSED,
    }
)
"""Every deed that is allowed and the state it leads to; what is not here cannot be done."""

WHEN_MERGED: frozenset[Deed] = frozenset({Deed.UNMERGE})
"""What can be done with a case that is part of another; who follows it up is followed up in the one that goes on."""

STATE_WORDS: Mapping[CaseState, str] = MappingProxyType(
    {
        _OPEN: "Ärendet pågår.",
        _PARKED: "Ärendet är parkerat.",
        _HANDED: "Ärendet är överlämnat till verksamheten.",
        _CLOSED: "Ärendet är avslutat.",
    }
)
"""Why something cannot be done, when nobody knows who brought the case there."""
MERGED_WORDS = "Ärendet är en del av ett annat ärende."


def after(state: CaseState, deed: Deed) -> CaseState:
    """Return the state that `deed` leads to; WrongStateError when it cannot be done now."""
    if (state, deed) not in TRANSITIONS:
        raise WrongStateError(STATE_WORDS[state], state=state.value, deed=deed.value)
    return TRANSITIONS[state, deed]


def can(state: CaseState, *, merged: bool = False) -> frozenset[Deed]:
    """Return what can be done in `state`."""
    return WHEN_MERGED if merged else frozenset(deed for at, deed in TRANSITIONS if at == state)


def move(case: "Case", deed: Deed) -> CaseState:
    """Return the state that `deed` leads to, also for a case that is part of another; WrongStateError as `after`."""
    if case.merged_into is None:
        return after(case.state, deed)
    if deed not in WHEN_MERGED:
        raise WrongStateError(MERGED_WORDS, state="merged", deed=deed.value)
    return _OPEN


def may_reopen(closed_at: datetime | None, now: datetime, days: int) -> bool:
    """Return whether a case closed then can still be reopened: within `days`, to the second."""
    return closed_at is None or now - closed_at <= timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its deeds need it; what people wrote stays in the store."""

    id: str
    number: str
    state: CaseState
    channel: Channel
    entrance: str
    unit: str
    contact_id: str
    current_contact: str
    case_type: str | None
    classified_how: str | None
    checklist_id: str | None
    checklist_version: int | None
    run: int
    agent_id: str | None
    contact_count: int
    handling_seconds: float
    reported_seconds: float
    resolution: str | None
    closed_by: str | None
    opened_at: datetime
    closed_at: datetime | None = None
    parked_until: datetime | None = None
    merged_into: str | None = None
    protected: bool = False
    due_at: datetime | None = None
    waiting_since: datetime | None = None
