"""What supervisors have decided, without Kafka: what is published is known at once. And a clock that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.router.usecases.decided import Decided
from shared.decode import ALL_TYPES
from shared.events import Event
from shared.publish import Message

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Moved:
    """A clock."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Rules:
    """The table and the log in one; `acts` are what supervisors are said to have done."""

    latest: dict[str, Event] = field(default_factory=dict)
    log: list[Message] = field(default_factory=list)
    acts: list[tuple[str, str, str, str | None]] = field(default_factory=list)

    def get(self, key: str) -> Event | None:
        return self.latest.get(key)

    def values(self) -> list[Event]:
        return list(self.latest.values())

    async def publish(self, *messages: Message) -> None:
        for one in messages:
            self.log.append(one)
            if one.value is None:
                self.latest.pop(one.key, None)
            else:
                self.latest[one.key] = ALL_TYPES[one.type].model_validate_json(one.value)

    async def note_act(self, act: str, by: str, reason: str, *, queue: str | None = None) -> None:
        self.acts.append((act, by, reason, queue))

    @property
    def decided(self) -> Decided:
        return Decided(self, self)
