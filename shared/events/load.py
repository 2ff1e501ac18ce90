"""The facts of `load`: what is abnormal."""

from collections.abc import Mapping
from datetime import datetime

from shared import topics
from shared.events.base import Event


def _series_id(series: Mapping[str, str]) -> str:
    """Return the id of a series, the key of `load`: its dimensions in order, `all` without any."""
    return "|".join(f"{name}={value}" for name, value in sorted(series.items())) or "all"


class AlarmRaised(Event):
    """A series is abnormally high."""

    event_type = "alarm.raised.v1"
    topic = topics.LOAD
    alarm_id: str
    series: dict[str, str]
    since: datetime
    count: int
    expected: float
    low: float
    high: float
    odds: float
    text: str
    at: datetime

    @property
    def key(self) -> str:
        return _series_id(self.series)


class AlarmCleared(Event):
    """The series is normal again."""

    event_type = "alarm.cleared.v1"
    topic = topics.LOAD
    alarm_id: str
    series: dict[str, str]
    at: datetime

    @property
    def key(self) -> str:
        return _series_id(self.series)
