"""How a stream is doing: how far behind each group is, how fast it goes, how old what waits is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Place = tuple[str, str, int]
"""Topic, group, partition."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands on a partition: `done` is what it has committed, None when it never did."""

    done: int | None
    begin: int
    end: int
    oldest: datetime | None = None
    """When the first record that is not done was written."""

    @property
    def lag(self) -> int:
        """Records written but not done."""
        return max(0, self.end - (self.begin if self.done is None else self.done))


@dataclass(frozen=True, slots=True)
class Sample:
    """All positions at a moment, and the dead records by topic."""

    at: datetime
    positions: Mapping[Place, Position]
    dead: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stream:
    """One group of a topic; rates are records a second, None until two samples are there."""

    topic: str
    group: str
    lag: int
    rate: float | None
    written: float | None
    oldest: datetime | None
    dead: int
    started: bool

    @property
    def service(self) -> str:
        """The service that the group belongs to."""
        return self.group.partition(".")[0]


def streams_of(now: Sample, before: Sample | None) -> Sequence[Stream]:
    """Return the streams by topic and group, with the rates since `before`."""
    groups = sorted({(topic, group) for topic, group, _ in now.positions})
    return [_stream(topic, group, now, before) for topic, group in groups]


def _stream(topic: str, group: str, now: Sample, before: Sample | None) -> Stream:
    own = {place: one for place, one in now.positions.items() if place[:2] == (topic, group)}
    oldest = [one.oldest for one in own.values() if one.oldest is not None and one.lag]
    return Stream(
        topic=topic,
        group=group,
        lag=sum(one.lag for one in own.values()),
        rate=_rate(own, now, before, lambda one: one.begin if one.done is None else one.done),
        written=_rate(own, now, before, lambda one: one.end),
        oldest=min(oldest, default=None),
        dead=now.dead.get(topic, 0),
        started=any(one.done is not None for one in own.values()),
    )


def _rate(
    own: Mapping[Place, Position], now: Sample, before: Sample | None, where: Callable[[Position], int]
) -> float | None:
    if before is None or before.at >= now.at:
        return None
    moved = sum(
        max(0, where(one) - where(before.positions[place])) for place, one in own.items() if place in before.positions
    )
    return float(moved / (now.at - before.at).total_seconds())
