"""An incident (*driftstörning*): what may be done with it when, whom it concerns, and what a form of one must say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from shared.errors import DomainError, FieldError

LONGEST_TITLE = 120
LONGEST_TEXT = 2_000
LONGEST_GREETING = 300


class IncidentState(StrEnum):
    """Where an incident is."""

    OPEN = "open"
    CLOSED = "closed"


class IncidentDeed(StrEnum):
    """What can be done with an incident."""

    CHANGE = "change"
    LINK = "incident_linked"
    UNLINK = "incident_unlinked"
    ANSWER = "incident_answered"
    CLOSE = "close"


class IncidentClosedError(DomainError):
    """The incident is over: nothing is changed in it or linked to it any more."""

    type = "incident-closed"
    status = 409
    title = "Driftstörningen är avslutad."


class IncidentFaultyError(DomainError):
    """What is said of the incident cannot be used; `errors` say where."""

    type = "incident-faulty"
    title = "Något av det du skrev går inte att använda."


_OPEN, _CLOSED = IncidentState.OPEN, IncidentState.CLOSED

TRANSITIONS: Mapping[tuple[IncidentState, IncidentDeed], IncidentState] = MappingProxyType(
    {
        (_OPEN, IncidentDeed.CHANGE): _OPEN,
        (_OPEN, IncidentDeed.LINK): _OPEN,
        (_OPEN, IncidentDeed.UNLINK): _OPEN,
        (_OPEN, IncidentDeed.ANSWER): _OPEN,
        (_OPEN, IncidentDeed.CLOSE): _CLOSED,
        (_CLOSED, IncidentDeed.ANSWER): _CLOSED,
    }
)
"""Every deed that is allowed and the state it leads to; one that was closed without an answer can be answered yet."""


def state_of(closed_at: datetime | None) -> IncidentState:
    """Return where an incident is that was closed then, or has not been."""
    return _OPEN if closed_at is None else _CLOSED


def after(state: IncidentState, deed: IncidentDeed) -> IncidentState:
    """Return the state that `deed` leads to; IncidentClosedError when it is too late for it."""
    if (state, deed) not in TRANSITIONS:
        raise IncidentClosedError(deed=deed.value)
    return TRANSITIONS[state, deed]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an incident: `text` is what may be told, `greeting` the sentence after the entrance's own."""

    title: str
    text: str
    unit: str
    entrances: tuple[str, ...] = ()
    """The entrances it concerns; none named: all of the unit."""
    case_types: tuple[str, ...] = ()
    greeting: str = ""
    expected_end: datetime | None = None
    alarm_id: str = ""

    def plain(self) -> "Said":
        """Return the same without blanks around it, each id once."""
        return replace(
            self,
            title=" ".join(self.title.replace("\x00", "").split()),
            text=self.text.replace("\x00", "").strip(),
            greeting=" ".join(self.greeting.replace("\x00", "").split()),
            entrances=tuple(dict.fromkeys(self.entrances)),
            case_types=tuple(dict.fromkeys(self.case_types)),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that an incident can name."""

    units: Collection[str]
    entrances: Collection[str]
    case_types: Collection[str]


MISSING = "Uppgiften saknas."
TOO_LONG = "Texten är för lång."
UNKNOWN = "Värdet är inte ett av dem som går att välja."
PAST = "Tiden har redan varit. Välj en senare tid."


def faults(said: Said, known: Known, now: datetime, before: datetime | None = None) -> Sequence[FieldError]:
    """Return everything that is wrong with what is said; an expected end that stays as it was (`before`) may pass."""
    checks = (
        ("/title", MISSING, not said.title),
        ("/title", TOO_LONG, len(said.title) > LONGEST_TITLE),
        ("/text", MISSING, not said.text),
        ("/text", TOO_LONG, len(said.text) > LONGEST_TEXT),
        ("/unit", MISSING if not said.unit else UNKNOWN, said.unit not in known.units),
        ("/entrances", UNKNOWN, not set(said.entrances) <= set(known.entrances)),
        ("/case_types", UNKNOWN, not set(said.case_types) <= set(known.case_types)),
        ("/greeting", TOO_LONG, len(said.greeting) > LONGEST_GREETING),
        ("/expected_end", PAST, _is_past(said.expected_end, now, before)),
    )
    return [FieldError(pointer, text) for pointer, text, wrong in checks if wrong]


def _is_past(end: datetime | None, now: datetime, before: datetime | None) -> bool:
    return end is not None and end <= now and end != before


@dataclass(frozen=True, slots=True)
class Place:
    """Where a citizen came in and what it is about: what decides whether an incident concerns her."""

    entrance: str
    entrance_unit: str
    unit: str
    case_type: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What an incident reaches."""

    unit: str
    entrances: Collection[str] = ()
    case_types: Collection[str] = ()

    def greets_at(self, place: Place) -> bool:
        """Return whether its greeting is said there: at the named entrances, or at all of its unit."""
        return place.entrance in self.entrances if self.entrances else self.unit == place.entrance_unit

    def likely(self, place: Place) -> bool:
        """Return whether the case is probably about it: its case type is one of those named."""
        return place.case_type is not None and place.case_type in self.case_types

    def concerns(self, place: Place) -> bool:
        """Return whether an agent with such a case should see it."""
        return self.greets_at(place) or self.unit == place.unit or self.likely(place)
