"""Looks at every series: the last hour against what is normal; raises and clears alarms."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.stats.domain.alarm import Look, Rule, Series, Verdict, judge, narrowest
from services.stats.domain.cube import BIN, BINS_PER_DAY, BINS_PER_HOUR, bin_of
from services.stats.domain.expected import Band, Expected
from services.stats.domain.week import bin_number, elapsed_bins, local_day, weekday_of
from services.stats.store.alarms import Alarm, AlarmStore, Part, Watching
from services.stats.store.series import SeriesStore
from services.stats.usecases.normal import Normal
from shared.clock import Clock
from shared.events import AlarmCleared, AlarmRaised
from shared.ids import new_id
from shared.publish import message

CUTS: tuple[tuple[str, ...], ...] = ((), ("channel",), ("unit",), ("case_type", "unit"))
"""The series that are watched: everything, each channel, each unit, each case type with enough contacts."""
LEAF_FACTOR = 10.0
"""There are ten times as many case types as units and channels: each must be that much less likely."""

Cells = Mapping[Series, int]
"""Contacts of the last hour in the finest cells: channel, unit and case type."""
Say = Callable[[Alarm], str]


@dataclass(frozen=True, slots=True)
class Watch:
    """One look; `say` puts an alarm into words."""

    counts: SeriesStore
    alarms: AlarmStore
    normal: Normal
    rule: Rule
    clock: Clock
    say: Say
    changed: Callable[[], None]

    async def look(self) -> None:
        """Look once at everything; nothing happens while another process is looking."""
        now = self.clock()
        start = bin_of(now) - BIN * (BINS_PER_HOUR - 1)
        normal: dict[Series, Expected] = {}
        for cut in CUTS:
            normal |= (await self.normal.of(cut, now)).series
        found = await self.counts.counts(start, now, ("channel", "unit", "case_type"))
        cells = {series: sum(bins.values()) for series, bins in found.items()}
        async with self.alarms.watch() as watching:
            if watching is not None and await _Round(self, watching, now, start, normal, cells).run():
                self.changed()


class _Round:
    """One round of looking: open alarms first, then what they do not explain."""

    def __init__(
        self,
        watch: Watch,
        watching: Watching,
        now: datetime,
        start: datetime,
        normal: Mapping[Series, Expected],
        cells: Cells,
    ) -> None:
        self._watch = watch
        self._watching = watching
        self._now = now
        self._start = start
        self._normal = normal
        self._cells = cells
        self._counts = _sums(cells)
        self._explained: list[tuple[Series, float]] = []

    async def run(self) -> bool:
        """Return whether anything was raised, cleared or went on."""
        open_alarms = await self._watching.open()
        for series, alarm in open_alarms.items():
            await self._follow(series, alarm)
        closed = [series for series in self._normal if series not in open_alarms and _named(series)]
        raised = 0
        while (worst := self._worst(closed)) is not None:
            await self._raise(worst)
            closed.remove(worst.series)
            raised += 1
        return bool(raised or open_alarms)

    def _look(self, series: Series, explained: float = 0.0) -> Look:
        expected = self._normal[series]
        bins = elapsed_bins(self._start, self._now)
        mean = _mean(expected, self._start, self._now)
        count = max(0, self._counts.get(series, 0) - round(explained))
        chance = expected.tail(count, mean, bins) if count > mean else 1.0
        return Look(series, self._start, count, mean, chance)

    def _band(self, look: Look) -> Band:
        return self._normal[look.series].band(look.mean, elapsed_bins(look.since, self._now))

    async def _follow(self, series: Series, alarm: Alarm) -> None:
        if series not in self._normal:
            await self._clear(alarm)
            return
        look = self._look(series)
        match judge(self._watch.rule, look, is_open=True, calm=alarm.calm):
            case Verdict.CLEAR:
                await self._clear(alarm)
                return
            case Verdict.CALM:
                calm = alarm.calm + 1
            case _:
                calm = 0
        self._explained.append((series, look.count - look.mean))
        since = await self._since(series, alarm, look)
        await self._watching.follow(alarm, since, self._band(since), calm=calm)

    async def _since(self, series: Series, alarm: Alarm, look: Look) -> Look:
        """Return the look stretched back to when the alarm's hour began, within today."""
        if local_day(alarm.since) != local_day(self._now) or alarm.since >= self._start:
            return look
        expected = self._normal[series]
        found = await self._watch.counts.counts(alarm.since, self._now, tuple(alarm.series))
        mean = _mean(expected, alarm.since, self._now)
        count = sum(found.get(series, {}).values())
        return Look(series, alarm.since, count, mean, look.chance)

    def _worst(self, closed: Iterable[Series]) -> Look | None:
        """Return the least likely of what is abnormal and not explained by an alarm."""
        abnormal = []
        for series in closed:
            if self._counts.get(series, 0) < self._watch.rule.min_count:
                continue
            look = self._look(series, self._explanation(series))
            strict = self._watch.rule if len(series) < 2 else _stricter(self._watch.rule)
            if judge(strict, look, is_open=False, calm=0) is Verdict.RAISE:
                abnormal.append(look)
        return next(iter(narrowest(abnormal)), None)

    def _explanation(self, series: Series) -> float:
        """Return how many of the series' contacts the open alarms already speak of."""
        return sum(excess * self._overlap(series, alarmed) for alarmed, excess in self._explained)

    def _overlap(self, series: Series, alarmed: Series) -> float:
        both = set(series) | set(alarmed)
        shared = sum(count for cell, count in self._cells.items() if both <= set(cell))
        return shared / max(1, self._counts.get(alarmed, 0))

    async def _raise(self, look: Look) -> None:
        look = self._look(look.series)
        self._explained.append((look.series, look.count - look.mean))
        band = self._band(look)
        alarm = Alarm(
            id=new_id(),
            series=dict(look.series),
            since=look.since,
            raised_at=self._now,
            cleared_at=None,
            count=look.count,
            expected=look.mean,
            low=band.low,
            high=band.high,
            odds=look.odds,
            hours_a_week=_hours_a_week(self._normal.get((), self._normal[look.series])),
            parts=self._parts(look.series),
        )
        event = AlarmRaised(
            alarm_id=alarm.id,
            series=dict(alarm.series),
            since=alarm.since,
            count=alarm.count,
            expected=round(alarm.expected, 2),
            low=alarm.low,
            high=alarm.high,
            odds=alarm.odds,
            text=self._watch.say(alarm),
            at=self._now,
        )
        await self._watching.raise_(alarm, message(event, time=self._now))

    async def _clear(self, alarm: Alarm) -> None:
        event = AlarmCleared(alarm_id=alarm.id, series=dict(alarm.series), at=self._now)
        await self._watching.clear(alarm, self._now, message(event, time=self._now))

    def _parts(self, series: Series) -> tuple[Part, ...]:
        """Return what most of the series consists of: at most two narrower series that carry a third of it."""
        whole = self._counts.get(series, 0)
        narrower = [
            (count, one)
            for one, count in self._counts.items()
            if _named(one) and len(one) > len(series) and set(series) <= set(one) and count * 3 >= whole
        ]
        if len(series) >= 2 or (not narrower and "unit" in dict(series)):
            narrower = [
                (self._both(series, ("channel", name)), (*series, ("channel", name))) for name in self._channels()
            ]
            narrower = [(count, one) for count, one in narrower if count * 3 >= whole]
        best = sorted(narrower, key=lambda item: (-item[0], item[1]))[:2]
        return tuple(Part(dict(one), count, self._usual(one)) for count, one in best)

    def _both(self, series: Series, member: tuple[str, str]) -> int:
        return sum(count for cell, count in self._cells.items() if {*series, member} <= set(cell))

    def _channels(self) -> list[str]:
        return sorted({dict(cell)["channel"] for cell in self._cells})

    def _usual(self, series: Series) -> float | None:
        expected = self._normal.get(tuple(sorted(series)))
        return None if expected is None else round(_mean(expected, self._start, self._now), 2)


def _named(series: Series) -> bool:
    """Say whether every member is known: what nobody knows the matter of yet is its unit's, not a case type's."""
    return all(member for _, member in series)


def _stricter(rule: Rule) -> Rule:
    return Rule(rule.odds * LEAF_FACTOR, rule.clear_odds, rule.calm_looks, rule.min_count, rule.min_ratio)


def _sums(cells: Cells) -> dict[Series, int]:
    """Return the counts of every watched series."""
    sums: dict[Series, int] = defaultdict(int)
    for cell, count in cells.items():
        for cut in CUTS:
            sums[tuple(member for member in cell if member[0] in cut)] += count
    return dict(sums)


def _mean(expected: Expected, start: datetime, now: datetime) -> float:
    """Return what is expected between two moments less than a day apart, over midnight too."""
    first, bins = bin_number(start), elapsed_bins(start, now)
    today = min(bins, BINS_PER_DAY - first)
    mean = expected.mean(weekday_of(local_day(start)), first, today)
    return mean + (
        expected.mean(weekday_of(local_day(start) + timedelta(days=1)), 0, bins - today) if bins > today else 0
    )


def _hours_a_week(expected: Expected) -> float:
    """Return how many hours of the week anything is expected in: the time that odds are told in."""
    line = 0.02 * float(expected.rates.max())
    return float((expected.rates > line).sum()) / BINS_PER_HOUR
