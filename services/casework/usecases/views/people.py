"""People who can log in, and alarms that are on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm that is on: what stats says, since when."""

    id: str
    series: dict[str, str]
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person who can log in."""

    id: str
    name: str
    roles: tuple[str, ...]
    units: tuple[str, ...]
    unit_names: tuple[str, ...]
    email: str | None
    phone: str | None
