"""The chart of today against the normal, as SVG made here: nothing to load, readable without a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from services.stats.domain.cube import BINS_PER_DAY, BINS_PER_HOUR
from services.stats.domain.expected import Counts
from services.stats.usecases.board import Curve

WIDTH, HEIGHT = 1180, 400
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 34
_DAY = (8 * BINS_PER_HOUR, 17 * BINS_PER_HOUR)
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000)
_SMOOTH = np.array([1, 2, 3, 2, 1]) / 9


@dataclass(frozen=True, slots=True)
class Frame:
    """The window shown: bins across, counts up."""

    first: int
    last: int
    top: int

    def x(self, number: float) -> float:
        """Return where a bin begins."""
        return LEFT + (number - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, count: float) -> float:
        """Return how high a count stands."""
        return HEIGHT - BOTTOM - min(count, self.top) / self.top * (HEIGHT - TOP - BOTTOM)


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
    svg = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return svg.format(WIDTH, HEIGHT, label, Markup().join(parts))


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
    highest = max(float(counts.max()), 4.0 if curve.high is None else float(_even(curve.high).max()))
    step = _step(highest)
    return Frame(first, last, int(-(-highest // step) * step))


def _step(highest: float) -> int:
    return next((step for step in _STEPS if highest / step <= 4), _STEPS[-1])


def _grid(frame: Frame) -> Markup:
    every = BINS_PER_HOUR * (1 if frame.last - frame.first <= 12 * BINS_PER_HOUR else 2)
    upright = Markup('<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="{top}" y2="{foot}"/>')
    hour = Markup('<text x="{x:.0f}" y="{y}" text-anchor="middle">{text:02}</text>')
    level = Markup('<line class="grid" x1="{left}" x2="{right}" y1="{y:.0f}" y2="{y:.0f}"/>')
    count = Markup('<text x="{x}" y="{y:.0f}" text-anchor="end">{text}</text>')
    foot = HEIGHT - BOTTOM
    parts = []
    for number in range(frame.first, frame.last + 1, every):
        x = frame.x(number)
        parts.append(upright.format(x=x, top=TOP, foot=foot))
        parts.append(hour.format(x=x, y=HEIGHT - 8, text=number // BINS_PER_HOUR % 24))
    for value in range(0, frame.top + 1, _step(frame.top)):
        y = frame.y(value)
        parts.append(level.format(left=LEFT, right=WIDTH - RIGHT, y=y))
        parts.append(count.format(x=LEFT - 10, y=y + 6, text=value))
    return Markup().join(parts)


def _band(frame: Frame, low: Counts, high: Counts) -> Markup:
    across = range(frame.first, frame.last)
    points = _points(frame, high, across) + _points(frame, low, reversed(across))
    return Markup('<polygon class="band" points="{}"/>').format(" ".join(points))


def _line(frame: Frame, values: Sequence[float] | Counts, across: Iterable[int], kind: str) -> Markup:
    points = _points(frame, values, across)
    return Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(points)) if points else Markup()


def _alarm(frame: Frame, since: int, now: int) -> Markup:
    left, right = frame.x(max(since, frame.first)), frame.x(min(now + 1, frame.last))
    rect = Markup('<rect class="alarmed" x="{:.0f}" y="{}" width="{:.0f}" height="{}"/>')
    return rect.format(left, TOP, max(2.0, right - left), HEIGHT - TOP - BOTTOM)


def _dot(frame: Frame, curve: Curve) -> Markup:
    """Mark the newest five minutes that are over: the running ones are still filling."""
    number = curve.now_bin - 1
    if number < frame.first:
        return Markup()
    x, y = frame.x(number + 0.5), frame.y(curve.counts[number])
    return Markup('<circle class="now" cx="{:.0f}" cy="{:.0f}" r="7"/>').format(x, y)


def _points(frame: Frame, values: Sequence[float] | Counts, across: Iterable[int]) -> list[str]:
    return [f"{frame.x(number + 0.5):.0f},{frame.y(float(values[number])):.0f}" for number in across]


def _even(values: Counts) -> Counts:
    """Smooth over a quarter of an hour: whole counts would make stairs of the band."""
    smooth: Counts = np.convolve(np.pad(values, 2, mode="edge"), _SMOOTH, mode="valid")
    return smooth
