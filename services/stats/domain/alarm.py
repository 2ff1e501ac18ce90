"""When a count is called abnormal: the last hour against what is expected, with odds that a person understands.

An alarm is raised once, when chance alone would hardly explain the last hour, and cleared when the series has been
ordinary for a while: between the two lies a wide gap, so that it does not flicker.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Series = tuple[tuple[str, str], ...]
"""A series by its members, sorted: `(("channel", "phone"),)`; the empty one is everything."""

MAX_ODDS = 1e12


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the lines are: `odds` is how many such hours pass for one that chance alone lifts this high."""

    odds: float = 20_000.0
    clear_odds: float = 20.0
    calm_looks: int = 3
    min_count: int = 5
    min_ratio: float = 1.5


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a series: the count since `since`, what is expected, and the chance of as many or more."""

    series: Series
    since: datetime
    count: int
    mean: float
    chance: float

    @property
    def odds(self) -> float:
        """One such window in this many is this high by chance alone."""
        return min(MAX_ODDS, 1 / self.chance) if self.chance > 0 else MAX_ODDS


class Verdict(StrEnum):
    """What a look changes."""

    RAISE = "raise"
    CLEAR = "clear"
    CALM = "calm"
    STAY = "stay"


def judge(rule: Rule, look: Look, *, is_open: bool, calm: int) -> Verdict:
    """Return what the look changes; `calm` is how many looks in a row have been ordinary while the alarm was open."""
    if not is_open:
        return Verdict.RAISE if _abnormal(rule, look) else Verdict.STAY
    if look.odds >= rule.clear_odds:
        return Verdict.STAY
    return Verdict.CLEAR if calm + 1 >= rule.calm_looks else Verdict.CALM


def _abnormal(rule: Rule, look: Look) -> bool:
    return look.odds >= rule.odds and look.count >= max(rule.min_count, rule.min_ratio * look.mean)


def parent_of(series: Series, parent: Series) -> bool:
    """Say whether `parent` is above `series`: everything it says, the series says too."""
    return parent != series and set(parent) <= set(series)


def narrowest(looks: list[Look]) -> list[Look]:
    """Return the abnormal looks, the most telling first: longest odds, then the narrowest series."""
    return sorted(looks, key=lambda look: (-look.odds, -len(look.series), look.series))


@dataclass(frozen=True, slots=True)
class Often:
    """How often chance alone does it: once in `count` units (`day`, `week`, `month`, `year`)."""

    count: int
    unit: str


def often(odds: float, hours_a_week: float) -> Often:
    """Return the odds in the time of people: an office that is open `hours_a_week` sees one such hour in …."""
    weeks = odds / max(hours_a_week, 1.0)
    if weeks < 1:
        return Often(max(1, round(weeks * 7)), "day")
    if weeks < 9:
        return Often(round(weeks), "week")
    if weeks < 104:
        return Often(round(weeks / 4.35), "month")
    years = int(min(1000, round(weeks / 52.2)))
    return Often(years if years < 100 else years // 10 * 10, "year")
