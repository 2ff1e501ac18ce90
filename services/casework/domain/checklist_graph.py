"""Drawing a checklist: where each step and end stands, in layers from the first step down, and where the ways run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.casework.domain.checklist import Checklist

WIDTH, HEIGHT = 168, 64
"""The size of a box."""
GAP, DROP = 20, 46
"""The room between two boxes of a layer, and between two layers."""
_LANE = 24
"""The width that a way takes which passes a layer by."""
_LINE, _LINES = 25, 3
"""How much of a text a box has room for."""
_SWEEPS = 4

Way = tuple[str, str, str]
"""From, to and the answer that leads there."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step or an end as it is drawn: its middle above and its lines of text."""

    id: str
    kind: str
    """`step`, or the kind of an end: `close handover switch`."""
    number: int
    """Its place among the steps or the ends, from 1."""
    x: int
    y: int
    lines: tuple[str, ...]
    reached: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A way from one box to another, as the corners of its line; `back` when it leads up again."""

    start: str
    end: str
    label: str
    corners: tuple[tuple[int, int], ...]
    back: bool

    @property
    def path(self) -> str:
        """The line as an SVG path."""
        return "M" + " L".join(f"{x} {y}" for x, y in self.corners)


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawing and its size."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def ways(checklist: Checklist) -> tuple[Way, ...]:
    """Return every way that leads to something that is there; several answers to one place are one way."""
    known = {step.id for step in checklist.steps} | {end.id for end in checklist.ends}
    found: dict[tuple[str, str], list[str]] = {}
    for step in checklist.steps:
        leads = [(option.goto, option.label) for option in step.options] or [(step.goto or "", "")]
        for goto, label in leads:
            if goto in known:
                found.setdefault((step.id, goto), []).append(label)
    return tuple((start, end, " / ".join(filter(None, labels))) for (start, end), labels in found.items())


def layers(checklist: Checklist) -> dict[str, int]:
    """Return the layer of every step and end: below all that lead to it, ends at the bottom, a way back counts not."""
    onward = [(start, end) for start, end, _ in ways(checklist)]
    back = back_ways(checklist)
    down = [way for way in onward if way not in back]
    deep = {step.id: 0 for step in checklist.steps}
    for _ in checklist.steps:
        for start, end in down:
            if end in deep:
                deep[end] = max(deep[end], deep[start] + 1)
    reached = checklist.reachable(checklist.steps[0].id) if checklist.steps else frozenset()
    lowest = max((deep[name] for name in deep if name in reached), default=-1)
    for name in deep:
        if name not in reached:  # what nobody comes to stands by itself, below
            deep[name] += lowest + 1
    bottom = max(deep.values(), default=-1) + 1
    return deep | {end.id: bottom for end in checklist.ends}


def back_ways(checklist: Checklist) -> frozenset[tuple[str, str]]:
    """Return the ways that lead back to a step one has come from, walking from the first step and then the rest."""
    leads: dict[str, list[str]] = {step.id: [] for step in checklist.steps}
    for start, end, _ in ways(checklist):
        leads[start].append(end)
    back: set[tuple[str, str]] = set()
    done: set[str] = set()
    for first in leads:
        _walk(first, leads, done, back)
    return frozenset(back)


def _walk(first: str, leads: Mapping[str, Sequence[str]], done: set[str], back: set[tuple[str, str]]) -> None:
    """Walk depth first, without recursion: a checklist of a thousand steps in a row is walked like any other."""
    path: list[str] = []
    ahead: list[tuple[str, Iterator[str]]] = []
    if first not in done:
        path.append(first)
        ahead.append((first, iter(leads[first])))
        done.add(first)
    while ahead:
        here, ways_on = ahead[-1]
        for there in ways_on:
            if there in path:
                back.add((here, there))
            elif there in leads and there not in done:
                done.add(there)
                path.append(there)
                ahead.append((there, iter(leads[there])))
                break
        else:
            ahead.pop()
            path.pop()


def graph(checklist: Checklist) -> Graph:
    """Return the drawing of a checklist."""
    deep = layers(checklist)
    back = frozenset((start, end) for start, end, _ in ways(checklist) if deep[start] >= deep[end])
    rows: dict[int, list[str]] = {}
    for name, layer in deep.items():
        rows.setdefault(layer, []).append(name)
    chains = {}
    for start, end, _ in ways(checklist):
        if (start, end) not in back:
            chains[start, end] = _chain(start, end, deep, rows)
    _order(rows, [pair for chain in chains.values() for pair in pairwise(chain)])
    middles = _places(rows)
    width = max((middles[name] + _wide(name) // 2 for name in middles), default=WIDTH)
    lines, width = _lines(checklist, deep, chains, middles, back, width)
    boxes = tuple(_boxes(checklist, deep, middles))
    height = (max(deep.values(), default=0) + 1) * (HEIGHT + DROP) - DROP // 2
    return Graph(boxes, lines, width, height)


def _chain(start: str, end: str, deep: Mapping[str, int], rows: dict[int, list[str]]) -> list[str]:
    """Return the places a way passes: in each layer between its ends it has a lane of its own."""
    lanes = [f"{start}\n{end}\n{layer}" for layer in range(deep[start] + 1, deep[end])]
    for layer, lane in enumerate(lanes, deep[start] + 1):
        rows.setdefault(layer, []).append(lane)
    return [start, *lanes, end]


def _order(rows: Mapping[int, list[str]], pairs: Sequence[tuple[str, str]]) -> None:
    """Put what belongs together above each other: every row by the middle of its neighbours, down and up in turn."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for upper, lower in pairs:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    for sweep in range(_SWEEPS):
        near, order = (above, sorted(rows)) if sweep % 2 == 0 else (below, sorted(rows, reverse=True))
        for layer in order:
            middles = _places(rows)
            pull = {
                name: sum(middles[one] for one in near[name]) / len(near[name]) if near.get(name) else middles[name]
                for name in rows[layer]
            }
            rows[layer].sort(key=pull.__getitem__)


def _wide(name: str) -> int:
    return _LANE if "\n" in name else WIDTH


def _places(rows: Mapping[int, Sequence[str]]) -> dict[str, int]:
    """Return the middle of everything, each row centred on the widest."""
    room = {layer: sum(_wide(name) + GAP for name in names) - GAP for layer, names in rows.items()}
    widest = max(room.values(), default=0)
    found = {}
    for layer, names in rows.items():
        left = (widest - room[layer]) // 2 + 1
        for name in names:
            found[name] = left + _wide(name) // 2
            left += _wide(name) + GAP
    return found


def _top(layer: int) -> int:
    return layer * (HEIGHT + DROP) + 1


def _lines(
    checklist: Checklist,
    deep: Mapping[str, int],
    chains: Mapping[tuple[str, str], Sequence[str]],
    middles: Mapping[str, int],
    back: frozenset[tuple[str, str]],
    width: int,
) -> tuple[tuple[Line, ...], int]:
    leaving: dict[str, list[tuple[int, str]]] = {}
    for start, end, _ in ways(checklist):
        chain = chains.get((start, end))
        leaving.setdefault(start, []).append((middles[chain[1]] if chain else width, end))
    found = []
    for start, end, label in ways(checklist):
        out = sorted(leaving[start])
        spot = next(number for number, (_, there) in enumerate(out, 1) if there == end)
        x = middles[start] - WIDTH // 2 + WIDTH * spot // (len(out) + 1)
        begin = (x, _top(deep[start]) + HEIGHT)
        if (start, end) in back:
            width += GAP
            found.append(Line(start, end, label, _around(begin, (middles[end], _top(deep[end])), width), back=True))
            continue
        found.append(Line(start, end, label, (begin, *_down(chains[start, end], deep, middles)), back=False))
    return tuple(found), width + GAP if back else width


def _down(chain: Sequence[str], deep: Mapping[str, int], middles: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    for layer, lane in enumerate(chain[1:-1], deep[chain[0]] + 1):
        yield middles[lane], _top(layer) - DROP // 3
        yield middles[lane], _top(layer) + HEIGHT + DROP // 3
    yield middles[chain[-1]], _top(deep[chain[-1]])


def _around(begin: tuple[int, int], end: tuple[int, int], side: int) -> tuple[tuple[int, int], ...]:
    """Return the corners of a way back: out to the right of everything, up, and in at the side of the box."""
    edge = (end[0] + WIDTH // 2, end[1] + HEIGHT // 2)
    return begin, (begin[0], begin[1] + DROP // 4), (side, begin[1] + DROP // 4), (side, edge[1]), edge


def _boxes(checklist: Checklist, deep: Mapping[str, int], middles: Mapping[str, int]) -> Iterator[Box]:
    reached = checklist.reachable(checklist.steps[0].id) if checklist.steps else frozenset()
    for number, step in enumerate(checklist.steps, 1):
        lines = _wrapped(step.text)
        yield Box(step.id, "step", number, middles[step.id], _top(deep[step.id]), lines, step.id in reached)
    for number, end in enumerate(checklist.ends, 1):
        lines = _wrapped(end.to or end.message or end.note)
        yield Box(end.id, end.kind.value, number, middles[end.id], _top(deep[end.id]), lines, end.id in reached)


def _wrapped(text: str) -> tuple[str, ...]:
    """Return as much of a text as a box has room for, a long word cut, with an ellipsis where something is left out."""
    lines: list[str] = [""]
    for word in text.split():
        whole = word if len(word) <= _LINE else word[: _LINE - 1] + "…"
        if len(lines[-1]) + len(whole) + bool(lines[-1]) <= _LINE:
            lines[-1] = f"{lines[-1]} {whole}".strip()
        else:
            lines.append(whole)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: _LINE - 1].rstrip(" .,;:") + "…"]
    return tuple(filter(None, lines))
