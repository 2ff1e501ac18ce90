"""Handing a case over: what goes along, what is missing, what may not go, and the states of a hand-over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.casework.domain.checklist import End
from shared.calendar import STOCKHOLM
from shared.errors import DomainError
from shared.vocabulary import Secrecy

BASE_FIELDS = (
    "ärendenummer",
    "inkom_via",
    "inkom_tid",
    "ärendetyp",
    "beskrivning",
    "namn",
    "telefon_eller_e_post",
    "vad_kc_har_gjort",
    "vad_invånaren_har_fått_veta",
    "checklista_och_version",
)
"""What every hand-over carries."""

NOBODY_KNOWS = frozenset({"vad_kc_har_gjort", "vad_invånaren_har_fått_veta"})
"""Base fields that are good to have and not missed when they are empty."""

FREE_WORDS = ("beskrivning", "vad_kc_har_gjort", "vad_invånaren_har_fått_veta")
"""Fields that hold what somebody wrote freely."""

CONVERSATION = "det_som_skrivits"
"""What citizen and centre have written to each other, named as a field where it does not go along."""

_PERSONAL = MappingProxyType({"namn": "namn", "adress": "adress", "telefon": "telefon_eller_e_post"})
"""A forbidden word and the field that it keeps back."""


class HandoverState(StrEnum):
    """Where a hand-over is."""

    SCHEDULED = "scheduled"
    """Made, and not delivered before the time that its unit has picked."""
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting_for_citizen"
    """The citizen was asked for what is missing; the answer's clock stands still."""
    RETURNED = "returned"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    """The contact centre took it back before anybody had received it."""


ENDED = frozenset({HandoverState.RETURNED, HandoverState.ANSWERED, HandoverState.WITHDRAWN})
"""Nothing more happens to a hand-over in these."""


class HandoverDeed(StrEnum):
    """What can be done with a hand-over; the words of the case's history."""

    DELIVER = "deliver"
    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    ASK_CITIZEN = "ask_citizen"
    RESUME = "resume"
    MOVE_ANSWER = "move_answer"
    RETURN = "return"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


class HandoverOverError(DomainError):
    """The hand-over is at its end; `detail` says who ended it how and when."""

    type = "handover-over"
    status = 409
    title = "Överlämningen är redan avslutad."


class HandoverStateError(DomainError):
    """That cannot be done with the hand-over where it is now; `detail` says why."""

    type = "wrong-handover-state"
    status = 409
    title = "Det går inte där överlämningen är nu."


class NoReceiverError(DomainError):
    """Nobody to hand over to."""

    type = "no-receiver"
    status = 422
    title = "Det går inte att se vem som ska ta emot ärendet. Välj en verksamhet."


_SCHEDULED, _SENT, _ACKED, _WAITING = (
    HandoverState.SCHEDULED,
    HandoverState.SENT,
    HandoverState.ACKNOWLEDGED,
    HandoverState.WAITING,
)
_RETURNED, _ANSWERED, _WITHDRAWN = HandoverState.RETURNED, HandoverState.ANSWERED, HandoverState.WITHDRAWN

MOVES: Mapping[tuple[HandoverState, HandoverDeed], HandoverState] = MappingProxyType(
    {
        (_SCHEDULED, HandoverDeed.DELIVER): _SENT,
        (_SCHEDULED, HandoverDeed.WITHDRAW): _WITHDRAWN,
        (_SENT, HandoverDeed.ACKNOWLEDGE): _ACKED,
        (_SENT, HandoverDeed.PROGRESS): _ACKED,
        (_SENT, HandoverDeed.ASSIGN): _ACKED,
        (_SENT, HandoverDeed.REASSIGN): _SENT,
        (_SENT, HandoverDeed.ASK_CITIZEN): _WAITING,
        (_SENT, HandoverDeed.MOVE_ANSWER): _ACKED,
        (_SENT, HandoverDeed.RETURN): _RETURNED,
        (_SENT, HandoverDeed.ANSWER): _ANSWERED,
        (_SENT, HandoverDeed.WITHDRAW): _WITHDRAWN,
        (_ACKED, HandoverDeed.ACKNOWLEDGE): _ACKED,
        (_ACKED, HandoverDeed.PROGRESS): _ACKED,
        (_ACKED, HandoverDeed.ASSIGN): _ACKED,
        (_ACKED, HandoverDeed.REASSIGN): _SENT,
        (_ACKED, HandoverDeed.ASK_CITIZEN): _WAITING,
        (_ACKED, HandoverDeed.MOVE_ANSWER): _ACKED,
        (_ACKED, HandoverDeed.RETURN): _RETURNED,
        (_ACKED, HandoverDeed.ANSWER): _ANSWERED,
        (_WAITING, HandoverDeed.ACKNOWLEDGE): _WAITING,
        (_WAITING, HandoverDeed.PROGRESS): _WAITING,
        (_WAITING, HandoverDeed.ASSIGN): _WAITING,
        (_WAITING, HandoverDeed.ASK_CITIZEN): _WAITING,
        (_WAITING, HandoverDeed.RESUME): _ACKED,
        (_WAITING, HandoverDeed.RETURN): _RETURNED,
        (_WAITING, HandoverDeed.ANSWER): _ANSWERED,
    }
)
"""Every move that is allowed; whoever does more than pass it on or send it back has also received it."""

_ENDS: Mapping[HandoverState, str] = MappingProxyType(
    {
        _RETURNED: "{who} skickade tillbaka den redan kl. {when}.",
        _ANSWERED: "{who} svarade redan kl. {when}.",
        _WITHDRAWN: "{who} tog tillbaka den redan kl. {when}.",
    }
)
_NOT_DELIVERED = "Den är inte levererad än: verksamheten får den kl. {when}."
_IS_DELIVERED = "Den är redan levererad."
_RECEIVED = "{who} tog emot den kl. {when}. Be verksamheten skicka tillbaka den."
_NOT_WAITING = "Den väntar inte på invånaren."
_STILL_WAITING = "Den väntar på invånaren sedan kl. {when}. Låt klockan gå igen först."
REFUSALS = (*_ENDS.values(), _NOT_DELIVERED, _IS_DELIVERED, _RECEIVED, _NOT_WAITING, _STILL_WAITING)
"""Every reason that a refused move can have, for the test of the translations."""


STORED: Mapping[HandoverState, str] = MappingProxyType(
    {state: state.value for state in HandoverState} | {_SCHEDULED: _SENT.value, _WAITING: _ACKED.value}
)
"""How a state is written: not delivered is `sent` with a time, waiting is `acknowledged` with a stopped clock."""


def state_of(stored: str, *, delivered: bool, paused: bool) -> HandoverState:
    """Return the state of a stored one."""
    state = HandoverState(stored)
    if state is HandoverState.SENT and not delivered:
        return HandoverState.SCHEDULED
    return HandoverState.WAITING if paused and state is HandoverState.ACKNOWLEDGED else state


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a hand-over is and how it came there: what the words of a refusal need."""

    state: HandoverState
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    deliver_at: datetime | None = None


def after(standing: Standing, deed: HandoverDeed, now: datetime) -> HandoverState:
    """Return the state that `deed` leads to; otherwise an error (409) that says who did what, and when."""
    if (standing.state, deed) in MOVES:
        return MOVES[standing.state, deed]
    raise _refusal(standing, deed, now)


def _refusal(at: Standing, deed: HandoverDeed, now: datetime) -> DomainError:
    if at.state in ENDED:
        who, when = at.ended_by or "Någon", clock_time(at.ended_at, now)
        return HandoverOverError(_ENDS[at.state], state=at.state.value, who=who, when=when)
    text, moment = _why_not(at, deed)
    who, when = at.acknowledged_by or "Någon", clock_time(moment, now)
    return HandoverStateError(text, state=at.state.value, who=who, when=when)


def _why_not(at: Standing, deed: HandoverDeed) -> tuple[str, datetime | None]:
    """Return why a deed cannot be done with a hand-over that is alive, and since or until when."""
    if at.state is HandoverState.SCHEDULED:
        return _NOT_DELIVERED, at.deliver_at
    if deed is HandoverDeed.DELIVER:
        return _IS_DELIVERED, None
    if deed is HandoverDeed.WITHDRAW:
        return _RECEIVED, at.acknowledged_at
    return (_STILL_WAITING, at.paused_at) if at.state is HandoverState.WAITING else (_NOT_WAITING, None)


def clock_time(moment: datetime | None, now: datetime) -> str:
    """Return a moment as refusals say it: `10.32` today, `10.32 (2026-11-24)` otherwise."""
    if moment is None:
        return "?"
    there = moment.astimezone(STOCKHOLM)
    day = "" if there.date() == now.astimezone(STOCKHOLM).date() else f" ({there:%Y-%m-%d})"
    return f"{there:%H.%M}{day}"


@dataclass(frozen=True, slots=True)
class Field:
    """One value that goes along; `missing` when it ought to be there and is not."""

    name: str
    value: str
    missing: bool = False

    @property
    def label(self) -> str:
        """The name as a person reads it: `telefon_eller_e_post` is `Telefon eller e post`."""
        return self.name.replace("_", " ").capitalize()


class Why(StrEnum):
    """Why something may not go along."""

    FORBIDDEN = "forbidden"
    """The checklist says that it may not be written down."""
    SECRECY = "secrecy"
    """Secrecy is presumed: it is read in the case, by those who may, and does not go by mail."""
    OTHER_CONTROLLER = "other_controller"
    """The receiver is another legal person: handing over is a disclosure, so only what is needed goes."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that does not go along, and why."""

    field: str
    why: Why

    @property
    def label(self) -> str:
        """The name as a person reads it."""
        return self.field.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go if the case were handed over now; nothing has happened yet."""

    to: str
    unit: str
    unit_name: str
    address: str
    mode: str | None
    priority: str
    fields: tuple[Field, ...]
    warnings: tuple[str, ...]
    acknowledge_by: datetime
    answer_by: datetime
    with_conversation: bool = True
    withheld: tuple[Withheld, ...] = ()
    deliver_at: datetime | None = None
    """When the unit gets it; None is at once."""
    discloses_to: str = ""
    """The other legal person that gets the data; empty when it is the same."""
    tells: str = ""
    """The address where the citizen is told who has the case and by when; empty when she cannot be told."""
    secret: bool = False
    """Secrecy is presumed: the citizen's mail does not say which unit has the case."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the fields that ought to have a value."""
        return tuple(field.name for field in self.fields if field.missing)


def fields(
    values: Mapping[str, str], end: End | None, forbid: Sequence[str], given: Mapping[str, str]
) -> tuple[Field, ...]:
    """Return what goes along: the base fields and the end's own, without what may not be written down.

    `values` are what the case knows, `given` what the agent has filled in; the agent's word counts.
    """
    kept_back = _kept_back(forbid)
    extra = end.extra_fields if end else ()
    names = [name for name in dict.fromkeys((*BASE_FIELDS, *extra, *given)) if name not in kept_back]
    return tuple(_field(name, given.get(name) or values.get(name, "")) for name in names)


def _kept_back(forbid: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that the rules of a checklist name as forbidden."""
    rules = [rule.strip().lower() for rule in forbid]
    return tuple(field for word, field in _PERSONAL.items() if any(rule.startswith(word) for rule in rules))


def _field(name: str, value: str) -> Field:
    return Field(name, value.strip(), missing=not value.strip() and name not in NOBODY_KNOWS)


def with_conversation(secrecy: Secrecy, forbid: Sequence[str]) -> bool:
    """Return whether the citizen's own words may go by mail: not when secrecy is presumed or notes are forbidden."""
    return secrecy is not Secrecy.PRESUMED and not forbid


def withheld(secrecy: Secrecy, forbid: Sequence[str], *, other_controller: bool) -> tuple[Withheld, ...]:
    """Return what does not go along and why, the strongest reason first; the rules are of the checklist's end."""
    kept = [Withheld(field, Why.FORBIDDEN) for field in _kept_back(forbid)]
    if secrecy is Secrecy.PRESUMED:
        return (*kept, *(Withheld(field, Why.SECRECY) for field in (*FREE_WORDS, CONVERSATION)))
    if forbid:
        return (*kept, *(Withheld(field, Why.FORBIDDEN) for field in (*FREE_WORDS, CONVERSATION)))
    return (Withheld(CONVERSATION, Why.OTHER_CONTROLLER),) if other_controller else ()


def controller_of(legal_form: str, controller: str, name: str) -> str:
    """Return the legal person that answers for a unit's data: as named, or the company; empty is the municipality."""
    return controller.strip() or (name if "bolag" in legal_form.lower() else "")
