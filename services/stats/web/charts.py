"""The chart of today against the normal, as SVG made here: nothing to load, readable without a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from services.stats.domain.cube import BINS_PER_DAY, BINS_PER_HOUR
from services.stats.domain.expected import Counts
from services.stats.usecases.board import Curve

WIDTH, HEIGHT = 1000, 400
_DAY = (8 * BINS_PER_HOUR, 17 * BINS_PER_HOUR)
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000)
_STAIR = 2.0
"""A difference of so many contacts, or of 15 per cent, is more than a stair."""
_SMOOTH = np.array([1, 2, 3, 2, 1]) / 9


@dataclass(frozen=True, slots=True)
class Frame:
    """The window shown: bins across, counts up."""

    first: int
    last: int
    top: int

    def x(self, number: float) -> float:
        """Return where a bin begins."""
        return (number - self.first) / (self.last - self.first) * WIDTH

    def y(self, count: float) -> float:
        """Return how high a count stands."""
        return HEIGHT - min(count, self.top) / self.top * HEIGHT

    @property
    def hours(self) -> range:
        """The bins that stand below the chart."""
        return range(
            self.first, self.last + 1, BINS_PER_HOUR * (1 if self.last - self.first <= 12 * BINS_PER_HOUR else 2)
        )

    @property
    def levels(self) -> range:
        """The counts that stand beside the chart."""
        return range(0, self.top + 1, _step(self.top))


def day_chart(curve: Curve, label: str, alarm_bin: int | None = None) -> Markup:
    """Return the chart; `alarm_bin` is where an open alarm's hour begins."""
    frame = frame_of(curve)
    parts = [_grid(frame)]
    if curve.mean is not None and curve.low is not None and curve.high is not None:
        parts.append(_band(frame, _even(curve.low), _even(curve.high)))
        parts.append(_line(frame, _even(curve.mean), range(frame.first, frame.last), "usual"))
    if alarm_bin is not None:
        parts.append(_alarm(frame, alarm_bin, curve.now_bin))
    parts.append(_line(frame, curve.counts, range(frame.first, curve.now_bin), "seen"))
    parts.append(_dot(frame, curve))
    svg = Markup('<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>')
    plot = svg.format(WIDTH, HEIGHT, label, Markup().join(parts))
    return Markup('<div class="chart"><div class="levels" aria-hidden="true">{}</div>{}{}</div>').format(
        _labels(reversed(frame.levels)),
        plot,
        Markup('<div class="hours" aria-hidden="true">{}</div>').format(
            _labels(f"{number // BINS_PER_HOUR:02}" for number in frame.hours)
        ),
    )


def frame_of(curve: Curve) -> Frame:
    """Return the window that holds office hours, all contacts of today and the normal of the day, in whole hours."""
    counts = np.zeros(BINS_PER_DAY)
    counts[: len(curve.counts)] = curve.counts
    busy = counts > 0
    if curve.mean is not None:
        busy |= curve.mean > 0.1 * curve.mean.max()
    where = np.flatnonzero(busy)
    first = min(_DAY[0], int(where[0])) if where.size else _DAY[0]
    last = max(_DAY[1], int(where[-1]) + 1) if where.size else _DAY[1]
    last = max(last, curve.now_bin + 1)
    first -= first % BINS_PER_HOUR
    last = min(BINS_PER_DAY, -(-last // BINS_PER_HOUR) * BINS_PER_HOUR)
    if last - first > 12 * BINS_PER_HOUR and (last - first) % (2 * BINS_PER_HOUR):
        first, last = (first - BINS_PER_HOUR, last) if first else (first, last + BINS_PER_HOUR)
    highest = max(float(counts.max()), 4.0 if curve.high is None else float(_even(curve.high).max()))
    step = _step(highest)
    return Frame(first, last, int(-(-highest // step) * step))


def _step(highest: float) -> int:
    return next((step for step in _STEPS if highest / step <= 4), _STEPS[-1])


def _labels(texts: Iterable[object]) -> Markup:
    """Return labels that CSS spreads evenly: the plot stretches with its place, text must not."""
    return Markup().join(Markup("<span>{}</span>").format(text) for text in texts)


def _grid(frame: Frame) -> Markup:
    upright = Markup('<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{foot}"/>')
    level = Markup('<line class="grid" x1="0" x2="{right}" y1="{y:.0f}" y2="{y:.0f}"/>')
    lines = [upright.format(x=frame.x(number), foot=HEIGHT) for number in frame.hours]
    return Markup().join(lines + [level.format(right=WIDTH, y=frame.y(value)) for value in frame.levels])


def _band(frame: Frame, low: Counts, high: Counts) -> Markup:
    across = range(frame.first, frame.last)
    points = _points(frame, high, across) + _points(frame, low, reversed(across))
    return Markup('<polygon class="band" points="{}"/>').format(" ".join(points))


def _line(frame: Frame, values: Sequence[float] | Counts, across: Iterable[int], kind: str) -> Markup:
    points = _points(frame, values, across)
    return Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(points)) if points else Markup()


def _alarm(frame: Frame, since: int, now: int) -> Markup:
    left, right = frame.x(max(since, frame.first)), frame.x(min(now + 1, frame.last))
    rect = Markup('<rect class="alarmed" x="{:.0f}" y="0" width="{:.0f}" height="{}"/>')
    return rect.format(left, max(2.0, right - left), HEIGHT)


def _dot(frame: Frame, curve: Curve) -> Markup:
    """Mark the newest five minutes that are over: the running ones are still filling."""
    number = curve.now_bin - 1
    if number < frame.first:
        return Markup()
    x, y = frame.x(number + 0.5), frame.y(curve.counts[number])
    return Markup('<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.0f}" y2="{y:.0f}"/>').format(x=x, y=y)


def _points(frame: Frame, values: Sequence[float] | Counts, across: Iterable[int]) -> list[str]:
    return [f"{frame.x(number + 0.5):.0f},{frame.y(float(values[number])):.0f}" for number in across]


def _even(values: Counts) -> Counts:
    """Smooth over a quarter of an hour: whole counts would make stairs of the band. A real edge stays where it is."""
    smooth: Counts = np.convolve(np.pad(values, 2, mode="edge"), _SMOOTH, mode="valid")
    return np.where(np.abs(smooth - values) > np.maximum(_STAIR, 0.15 * values), values, smooth)
