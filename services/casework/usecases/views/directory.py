"""What is shown of the directory: an entry without what is hidden of it, and the report of a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.casework.domain.directory import Kind


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who stands in for somebody who is away."""

    id: str
    name: str
    dials: str = ""
    """The number that a caller is passed on to."""
    away: bool = False


@dataclass(frozen=True, slots=True)
class EntryView:
    """A person or function; numbers that are not to be shown are empty."""

    id: str
    kind: Kind
    name: str
    title: str
    unit: str
    unit_name: str
    place: str
    phone: str
    extension: str
    mobile: str
    email: str
    keywords: tuple[str, ...]
    protected: bool
    dials: str
    """The number that a caller is passed on to, as E.164; empty when there is none."""
    away_until: date | None = None
    """The last day away, while it has not passed."""
    stand_in: StandIn | None = None


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """An entry that the file has otherwise than before, and in what."""

    name: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a file does: names of who is new, otherwise and gone; `mark` is the same for the same deed alone."""

    read: int
    added: tuple[str, ...]
    changed: tuple[ChangedEntry, ...]
    gone: tuple[str, ...]
    mark: str

    @property
    def nothing(self) -> bool:
        """Say whether it changes nothing."""
        return not (self.added or self.changed or self.gone)

    def lines(self) -> Iterator[str]:
        """Yield the report line by line, for a terminal."""
        yield f"{self.read} i filen: {len(self.added)} nya, {len(self.changed)} ändrade, {len(self.gone)} försvinner"
        yield from (f"+ {name}" for name in self.added)
        yield from (f"~ {one.name} ({', '.join(one.what)})" for one in self.changed)
        yield from (f"- {name}" for name in self.gone)
