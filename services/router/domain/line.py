"""Contacts waiting in line and the choice among them: what the store does (30_match.lua), in Python for simulations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from services.router.domain.order import CLASSES, GRACE, SHARE

GRACE_SECONDS = tuple(GRACE[priority].total_seconds() for priority in CLASSES)

Fits = Callable[[str], bool]
"""Whether somebody can take now what stands in a line (by its signature)."""


@dataclass(slots=True, eq=False)
class Waiting:
    """One contact in line; times in seconds since 1970. `kept` is for its preferred agent alone."""

    id: str
    number: int
    turn: float
    arrived: float
    signature: str
    preferred: str | None = None
    kept: bool = False
    waits: bool = False

    @property
    def late_at(self) -> float:
        """When it is past its class's bound."""
        return self.turn + GRACE_SECONDS[self.number]


_Entry = tuple[float, float, str, int, Waiting]
_OwnEntry = tuple[int, float, float, str, int, Waiting]


@dataclass(slots=True)
class Counter:
    """How many choices an agent has made that a late contact would have lost."""

    choices: int = 0


@dataclass(slots=True)
class Lines:
    """A heap per signature; who has left is passed over when it comes up. `share` 0: no share for the late."""

    share: int = SHARE
    _lines: dict[str, list[_Entry]] = field(default_factory=dict)
    _own: dict[str, list[_OwnEntry]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, contact: Waiting) -> None:
        """Let it wait at its place."""
        contact.waits = True
        if contact.preferred:
            entry = (contact.number, contact.turn, contact.arrived, contact.id, next(self._numbers), contact)
            heappush(self._own.setdefault(contact.preferred, []), entry)
        if not contact.kept:
            line = self._lines.setdefault(contact.signature, [])
            heappush(line, (contact.turn, contact.arrived, contact.id, next(self._numbers), contact))

    def choose(self, agent: str, fits: Fits, counter: Counter, now: float) -> Waiting | None:
        """Take the contact that an agent gets: class, preferred, turn, arrival; every SHARE-th the longest late."""
        usual, late = self._usual_and_late(fits, now)
        own = self._preferred(agent, fits)
        if own is not None and (usual is None or own.number <= usual.number):
            usual = own
        if late is not None and late is not usual:
            counter.choices += 1
            if usual is None or (self.share and counter.choices % self.share == 0):
                usual = late
        if usual is not None:
            usual.waits = False
        return usual

    def _usual_and_late(self, fits: Fits, now: float) -> tuple[Waiting | None, Waiting | None]:
        usual, late = None, None
        for head in self._heads(fits):
            if usual is None or _before(head, usual):
                usual = head
            if head.late_at <= now and (late is None or head.late_at < late.late_at):
                late = head
        return usual, late

    def _heads(self, fits: Fits) -> Iterator[Waiting]:
        for signature in list(self._lines):
            line = self._lines[signature]
            while line and not (line[0][4].waits and line[0][4].signature == signature):
                heappop(line)
            if not line:
                del self._lines[signature]
            elif fits(signature):
                yield line[0][4]

    def _preferred(self, agent: str, fits: Fits) -> Waiting | None:
        line = self._own.get(agent)
        while line and not line[0][5].waits:
            heappop(line)
        if not line:
            return None
        return next((entry[5] for entry in sorted(line) if entry[5].waits and fits(entry[5].signature)), None)


def _before(one: Waiting, other: Waiting) -> bool:
    return (one.number, one.turn, one.arrived, one.id) < (other.number, other.turn, other.arrived, other.id)
