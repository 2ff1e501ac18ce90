"""What is counted: whole numbers per five minutes, channel, unit, case type and entrance."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

BIN = timedelta(minutes=5)
BINS_PER_HOUR = 12
BINS_PER_DAY = 288
DIMENSIONS = ("channel", "unit", "case_type", "entrance")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One cell of the cube; an unknown member is the empty string."""

    start: datetime
    channel: str
    unit: str
    case_type: str
    entrance: str


@dataclass(slots=True)
class Measures:
    """What is counted in a cell; `waited` is the sum of seconds until the first accept.

    `not_taken` are cases ended that the contact centre does not answer for yet: they are in none of the four before it.
    """

    contacts: int = 0
    answered: int = 0
    waited: float = 0.0
    abandoned: int = 0
    closed: int = 0
    solved: int = 0
    solved_wide: int = 0
    handed_over: int = 0
    not_taken: int = 0

    def add(self, other: "Measures") -> None:
        """Add `other` to this, measure by measure."""
        for name in MEASURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))


MEASURES = tuple(part.name for part in fields(Measures))


@dataclass(slots=True)
class Tally:
    """What one batch adds to the cube; read in the order of the cells, so that two batches never deadlock."""

    cells: dict[Cell, Measures] = field(default_factory=dict)

    def add(self, cell: Cell, measures: Measures) -> None:
        """Add `measures` to `cell`."""
        self.cells.setdefault(cell, Measures()).add(measures)

    def rows(self) -> Iterator[tuple[Cell, Measures]]:
        """Return cells with their additions, in the order of the cells."""
        return iter(sorted(self.cells.items(), key=lambda item: item[0]))


def bin_of(moment: datetime) -> datetime:
    """Return the start, in UTC, of the five minutes that `moment` lies in."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
