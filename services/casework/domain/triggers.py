"""What makes somebody read a checklist again: a season, a change of law or tariff, or something that just happens.

A season comes back every year on a day; a law or a tariff may have the day from which it holds. What has no day waits
for somebody to say that it has happened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

AHEAD = timedelta(days=30)
"""How long before a day its owner is told."""
_YEARLY = re.compile(r"(\d\d)-(\d\d)")
LEAP_YEAR = 2024


class TriggerKind(StrEnum):
    """What sort of thing it is."""

    SEASON = "season"
    LAW = "law"
    TARIFF = "tariff"
    EVENT = "event"
    """It happens when it happens: a new contractor, a disturbance."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason to read a checklist again: `day` is `MM-DD` every year, `YYYY-MM-DD` once, or not known (empty)."""

    text: str
    kind: TriggerKind = TriggerKind.EVENT
    day: str = ""

    def due(self, today: date) -> date | None:
        """Return the next day of it, today or later; None when it has none (left)."""
        if not self.day:
            return None
        if not (yearly := _YEARLY.fullmatch(self.day)):
            once = date.fromisoformat(self.day)
            return once if once >= today else None
        found = (_in_year(year, int(yearly[1]), int(yearly[2])) for year in (today.year, today.year + 1))
        return next(one for one in found if one >= today)


def _in_year(year: int, month: int, day: int) -> date:
    """Return the day of a year; 29 February is the 28th where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def is_day(written: str) -> bool:
    """Return whether something is a day as triggers have it: `MM-DD`, `YYYY-MM-DD`, or nothing."""
    try:
        yearly = _YEARLY.fullmatch(written)
        date.fromisoformat(f"{LEAP_YEAR}-{written}" if yearly else written) if written else None
    except ValueError:
        return False
    return True


SEASONS: Mapping[str, str] = MappingProxyType(
    {
        "första frostnatten": "10-01",
        "oktober varje år": "10-01",
        "helgscheman jul och påsk": "12-15",
        "ny maxtaxa i januari": "01-01",
        "årsskiftet": "01-01",
        "skolstart": "08-15",
        "sommarlov": "06-10",
        "snö och halka": "11-01",
        "eldningsförbud": "04-15",
    }
)
"""Days that we take for seasons which a file names in words only; the owner can say another day."""
_LAW = re.compile(r"lag\b|lagen|lagar|föreskrift|förordning|\bregler|regel", re.IGNORECASE)
_TARIFF = re.compile(r"taxa|avgift|pris", re.IGNORECASE)


def read_trigger(text: str) -> Trigger:
    """Return the trigger that a file names in words only: its kind and, for a known season, its day."""
    plain = text.strip()
    day = SEASONS.get(plain.lower(), "")
    if _TARIFF.search(plain):
        return Trigger(plain, TriggerKind.TARIFF, day)
    if day:
        return Trigger(plain, TriggerKind.SEASON, day)
    return Trigger(plain, TriggerKind.LAW if _LAW.search(plain) else TriggerKind.EVENT)
