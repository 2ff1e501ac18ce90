"""What a handler is given, and the pace at which its faults are met."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from aiokafka.errors import KafkaError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared import database
from shared.errors import PermanentError, TransientError
from shared.events import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event as it was read, with where it stood; `id` is the idempotency key of its effects."""

    event: E
    id: str
    type: str
    time: datetime
    key: str
    topic: str
    partition: int
    offset: int
    traceparent: str | None


Handler = Callable[[Sequence[Received[Any]]], Awaitable[None]]
"""Gets a batch in order, does all of it in one unit of work, is idempotent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take and how often they are tried, in seconds."""

    retry: float = 2.0
    """How long a transient fault is retried in place."""
    first_pause: float = 1.0
    """How long its partition then waits, twice as long every time …"""
    longest_pause: float = 30.0
    """… up to this."""
    handler: float = 60.0
    """How long one call of the handler may take before it counts as a transient fault."""
    commit: float = 10.0
    revoke: float = 5.0
    """How long a rebalance waits for the batch in hand."""
    session_ms: int = 30_000
    heartbeat_ms: int = 3_000
    window: int = 100
    """Of so many records not more than half may be dead."""


def is_transient(error: BaseException) -> bool:
    """Say whether trying the same again can succeed: what a broker, a database, Redis or the network raises."""
    if isinstance(error, PermanentError):
        return False
    known = (TransientError, OSError, TimeoutError, RedisConnectionError, RedisTimeoutError, KafkaError)
    return isinstance(error, known) or database.transient(error)
