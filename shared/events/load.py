"""The facts of `load`: what is abnormal."""

from datetime import datetime

from shared import topics
from shared.events.base import Event


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
        return "|".join(f"{name}={value}" for name, value in sorted(self.series.items())) or "all"


class AlarmCleared(Event):
    """The series is normal again."""

    event_type = "alarm.cleared.v1"
    topic = topics.LOAD
    alarm_id: str
    series: dict[str, str]
    at: datetime

    @property
    def key(self) -> str:
        return "|".join(f"{name}={value}" for name, value in sorted(self.series.items())) or "all"
