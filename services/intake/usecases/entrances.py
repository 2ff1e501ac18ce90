"""By which entrance something came in: it decides unit, branch, greeting and what the caller hears."""

from collections.abc import Iterable
from typing import Protocol

from shared.ids import slug
from shared.records import EntranceRecord
from shared.vocabulary import EntranceKind

UNKNOWN = "unknown_entrance"
"""The flag of a contact that came to a value nobody has registered."""


class Entrances(Protocol):
    """What knows the entrances: the catalogue."""

    def entrance_for(self, kind: EntranceKind, value: str) -> tuple[EntranceRecord | None, bool]: ...
    def entrance(self, entrance_id: str) -> EntranceRecord | None: ...


def find(entrances: Entrances, kind: EntranceKind, value: str) -> tuple[EntranceRecord, tuple[str, ...]]:
    """Return the entrance and the flags of what comes to it; nobody is turned away for a number we do not know."""
    found, known = entrances.entrance_for(kind, value)
    return found or _nowhere(kind, value), () if known else (UNKNOWN,)


def find_first(
    entrances: Entrances, kind: EntranceKind, values: Iterable[str], otherwise: str
) -> tuple[EntranceRecord, tuple[str, ...]]:
    """Return the entrance of the first value that is known, else that of `otherwise`: an entrance's id, or a value."""
    for value in values:
        found, known = entrances.entrance_for(kind, value)
        if known and found:
            return found, ()
    named = entrances.entrance(otherwise)
    return (named, ()) if named else find(entrances, kind, otherwise)


def _nowhere(kind: EntranceKind, value: str) -> EntranceRecord:
    """Return the entrance of an installation without a default: the contact is taken in and must be looked at."""
    return EntranceRecord(
        id=f"unknown-{kind}-{slug(value)[:40] or 'none'}",
        kind=kind,
        value=value,
        name=value or kind,
        unit="kontaktcenter",
        greeting="",
    )
