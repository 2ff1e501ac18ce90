"""What the wallboard shows: this moment and today, each number beside its normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.stats.domain.cube import BINS_PER_DAY
from services.stats.domain.expected import MIN_DAYS, Band, Counts, Expected
from services.stats.domain.kpi import Kpis
from services.stats.domain.week import bin_number, bins_of, local_day, start_of, weekday_of
from services.stats.store.alarms import Alarm, AlarmStore
from services.stats.store.figures import FigureStore
from services.stats.store.live import AgentState, LiveStore, QueueState
from services.stats.store.scope import Units
from services.stats.store.series import SeriesStore
from services.stats.usecases.normal import Normal
from shared.clock import Clock
from shared.vocabulary import Channel, Presence


@dataclass(frozen=True, slots=True)
class Curve:
    """Today in five minutes: `counts` until now, and the normal of the whole day where there is one."""

    counts: Sequence[int]
    now_bin: int
    mean: Counts | None = None
    low: Counts | None = None
    high: Counts | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the wallboard."""

    now: datetime
    today: Kpis
    channels: Mapping[str, int]
    units: Mapping[str, int]
    queues: Sequence[QueueState]
    agents: Sequence[AgentState]
    curve: Curve
    normal: Band | None
    alarms: Sequence[Alarm] = field(default_factory=tuple)
    days_known: int = 0

    @property
    def waiting(self) -> int:
        """Contacts that nobody has taken yet."""
        return sum(queue.waiting for queue in self.queues)

    @property
    def oldest_live(self) -> datetime | None:
        """Since when the longest waiting caller or visitor has waited."""
        return min((queue.oldest_live for queue in self.queues if queue.oldest_live), default=None)

    @property
    def oldest_written(self) -> datetime | None:
        """Since when the oldest mail or form has waited."""
        return min((queue.oldest_written for queue in self.queues if queue.oldest_written), default=None)

    def agents_in(self, *presences: Presence) -> int:
        """Return how many agents are in one of these states."""
        return sum(agent.presence in presences for agent in self.agents)

    @property
    def learning(self) -> int:
        """Days of history that are missing before anything can be called normal or abnormal; 0 when none are."""
        return max(0, MIN_DAYS - self.days_known) if self.curve.mean is None else 0


@dataclass(frozen=True, slots=True)
class ShowBoard:
    """Reads the wallboard for somebody who may see `units`."""

    live: LiveStore
    figures: FigureStore
    series: SeriesStore
    alarms: AlarmStore
    normal: Normal
    clock: Clock

    async def show(self, units: Units) -> Board:
        """Return the wallboard of this moment."""
        now = self.clock()
        day = local_day(now)
        since = start_of(day)
        live = await self.live.read(since, units)
        counts = await self.series.counts(since, now, ("channel", "unit"), units)
        learnt = await self.normal.of((), now)
        everything = learnt.series.get(()) if units is None else None
        return Board(
            now=now,
            today=(await self.figures.read(since, now, units=units))[0],
            channels={channel: _sum(counts, "channel", channel) for channel in Channel},
            units=_by_unit(counts),
            queues=sorted(live.queues, key=_most_pressing),
            agents=live.agents,
            curve=_curve(counts, now, everything),
            normal=_until_now(everything, now) if everything else None,
            alarms=await self.alarms.list_open(units),
            days_known=learnt.days_with_contacts,
        )


def _sum(counts: Mapping[tuple[tuple[str, str], ...], Mapping[datetime, int]], name: str, value: str) -> int:
    return sum(sum(bins.values()) for series, bins in counts.items() if (name, value) in series)


def _by_unit(counts: Mapping[tuple[tuple[str, str], ...], Mapping[datetime, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for series, bins in counts.items():
        unit = dict(series)["unit"]
        found[unit] = found.get(unit, 0) + sum(bins.values())
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _most_pressing(queue: QueueState) -> tuple[int, int, str]:
    return (-queue.waiting, -queue.today, queue.queue)


def _curve(
    counts: Mapping[tuple[tuple[str, str], ...], dict[datetime, int]], now: datetime, expected: Expected | None
) -> Curve:
    now_bin = bin_number(now)
    row = [sum(column) for column in zip(*(bins_of(bins, now_bin + 1) for bins in counts.values()), strict=True)]
    row = row or [0] * (now_bin + 1)
    if expected is None:
        return Curve(row, now_bin)
    return Curve(row, now_bin, *expected.day_band(weekday_of(local_day(now))))


def _until_now(expected: Expected, now: datetime) -> Band:
    """Return what is normal from midnight until now."""
    weekday = weekday_of(local_day(now))
    local_minutes = bin_number(now) + (now.minute % 5) / 5
    mean = expected.mean(weekday, 0, local_minutes)
    whole = max(1e-9, expected.mean(weekday, 0, BINS_PER_DAY))
    return expected.band(mean, max(1.0, BINS_PER_DAY * mean / whole))
