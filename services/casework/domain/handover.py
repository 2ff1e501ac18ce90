"""Handing a case over: what goes along, what is missing, what may not go, and the states of a hand-over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.casework.domain.checklist import End
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

_PERSONAL = MappingProxyType({"namn": "namn", "adress": "adress", "telefon": "telefon_eller_e_post"})
"""A forbidden word and the field that it keeps back."""


class HandoverState(StrEnum):
    """Where a hand-over is."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    ANSWERED = "answered"


class HandoverDeed(StrEnum):
    """What the receiver can do with a hand-over."""

    ACKNOWLEDGE = "acknowledge"
    PROGRESS = "progress"
    REASSIGN = "reassign"
    RETURN = "return"
    ANSWER = "answer"


class HandoverOverError(DomainError):
    """The hand-over has been returned or answered; nothing more happens to it."""

    type = "handover-over"
    status = 409
    title = "Överlämningen är redan avslutad."


class NoReceiverError(DomainError):
    """Nobody to hand over to."""

    type = "no-receiver"
    status = 422
    title = "Det går inte att se vem som ska ta emot ärendet. Välj en verksamhet."


_SENT, _ACKED = HandoverState.SENT, HandoverState.ACKNOWLEDGED

MOVES: Mapping[tuple[HandoverState, HandoverDeed], HandoverState] = MappingProxyType(
    {
        (_SENT, HandoverDeed.ACKNOWLEDGE): _ACKED,
        (_SENT, HandoverDeed.PROGRESS): _ACKED,
        (_SENT, HandoverDeed.REASSIGN): _SENT,
        (_SENT, HandoverDeed.RETURN): HandoverState.RETURNED,
        (_SENT, HandoverDeed.ANSWER): HandoverState.ANSWERED,
        (_ACKED, HandoverDeed.ACKNOWLEDGE): _ACKED,
        (_ACKED, HandoverDeed.PROGRESS): _ACKED,
        (_ACKED, HandoverDeed.REASSIGN): _SENT,
        (_ACKED, HandoverDeed.RETURN): HandoverState.RETURNED,
        (_ACKED, HandoverDeed.ANSWER): HandoverState.ANSWERED,
    }
)
"""Every move that is allowed; whoever says how it goes, or answers, has also received it."""


def after(state: HandoverState, deed: HandoverDeed) -> HandoverState:
    """Return the state that `deed` leads to; HandoverOverError when the hand-over is at its end."""
    if (state, deed) not in MOVES:
        raise HandoverOverError(state=state.value)
    return MOVES[state, deed]


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
    kept_back = {field for word, field in _PERSONAL.items() for rule in forbid if rule.strip().lower().startswith(word)}
    extra = end.extra_fields if end else ()
    names = [name for name in dict.fromkeys((*BASE_FIELDS, *extra, *given)) if name not in kept_back]
    return tuple(_field(name, given.get(name) or values.get(name, "")) for name in names)


def _field(name: str, value: str) -> Field:
    return Field(name, value.strip(), missing=not value.strip() and name not in NOBODY_KNOWS)


def with_conversation(secrecy: Secrecy, forbid: Sequence[str]) -> bool:
    """Return whether the citizen's own words may go by mail: not when secrecy is presumed or notes are forbidden."""
    return secrecy is not Secrecy.PRESUMED and not forbid
