"""From the out-stream to Kafka: in order, one relay at a time, and nothing trimmed that is not acknowledged."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import LockError

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.store.watermark import Watermark
from shared.events import EVENT_TYPES, ContactRouted, SupervisorActed
from shared.events.base import ByContact
from shared.ids import natural_event_id
from shared.metrics import ROUTER_EVENTS
from shared.publish import Message, Publisher, tombstone
from shared.records import OpenContact
from shared.topics import OPEN, ROUTING

_LEASE_SECONDS = 5.0
_BATCH = 500
_BLOCK_MS = 1000
_INTEGERS = frozenset({b"epoch", b"capacity", b"used", b"step"})
_NUMBERS = frozenset({b"waited_seconds", b"talk_seconds", b"held_seconds", b"after_work_seconds"})
_TIMES = frozenset({b"at", b"expires_at", b"accepted_at", b"not_before", b"until", b"call_at", b"turn"})
_TRUTHS = frozenset({b"connecting", b"abandoned", b"short"})
_LISTS = frozenset({b"why"})
_MAYBE_EMPTY = frozenset({b"asks"})
_OWN = frozenset({b"t", b"k", b"v", b"i", b"time", b"tp", b"body"})

_KEYED_BY = {
    kind: "contact_id" if issubclass(model, ByContact) else "agent_id"
    for kind, model in EVENT_TYPES.items()
    if model.topic is ROUTING and model is not SupervisorActed
}
"""The field that an entry's key is; what a supervisor's act concerns stands in its own fields."""

Fields = Mapping[bytes, bytes]

log = structlog.get_logger(__name__)


class Relay:
    """Moves events from one domain's stream; safe to run in every process."""

    def __init__(self, redis: Redis, tag: str, publisher: Publisher, watermark: Watermark) -> None:
        self._redis = redis
        self._out = f"{tag}:out"
        self._announce = f"{tag}:relayed"
        self._lease = redis.lock(f"{tag}:relay", timeout=_LEASE_SECONDS, blocking=False, thread_local=False)
        self._publisher = publisher
        self._watermark = watermark

    async def run(self) -> None:
        """Relay for as long as the lease is ours, else stand by; never returns."""
        while True:
            heed_cancellation()
            try:
                if await self._lease.acquire(token=secrets.token_hex(8)):
                    await self._hold()
            except ABSENT as error:
                log.warning("relay_interrupted", stream=self._out, error=type(error).__name__)
            await asyncio.sleep(_LEASE_SECONDS / 10)

    async def _hold(self) -> None:
        try:
            await self._while_leased()
        finally:
            await asyncio.shield(self._let_go())

    async def _while_leased(self) -> None:
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            if loop.time() - renewed > _LEASE_SECONDS / 5:
                try:
                    await self._lease.reacquire()
                except LockError:
                    log.warning("relay_lease_lost", stream=self._out)
                    return
                renewed = loop.time()
            await self.move()
            heed_cancellation()

    async def _let_go(self) -> None:
        try:
            await self._lease.release()
        except ABSENT as error:
            log.info("relay_lease_gone", stream=self._out, error=type(error).__name__)

    async def move(self, block_ms: int = _BLOCK_MS) -> int:
        """Move the oldest events, waiting for one if there is none; return how many went."""
        found = await self._redis.xread({self._out: "0-0"}, count=_BATCH, block=block_ms)
        entries: Sequence[tuple[bytes, Fields]] = _entries(found)
        if not entries:
            return 0
        messages = [to_message(stream_id.decode(), fields) for stream_id, fields in entries]
        done = await self._publisher.publish_prefix(*messages)
        if done:
            count(messages[:done])
            await self._passed(entries[done - 1][0].decode())
        if done < len(messages):
            log.warning("relay_held_up", stream=self._out, waiting=len(messages) - done)
            await asyncio.sleep(0.1)
        return done

    async def _passed(self, stream_id: str) -> None:
        self._watermark.advance(stream_id)
        milliseconds, _, number = stream_id.partition("-")
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.execute_command("XTRIM", self._out, "MINID", f"{milliseconds}-{int(number) + 1}")
            pipe.publish(self._announce, stream_id)
            await pipe.execute()


def count(messages: Sequence[Message]) -> None:
    """Tell the metrics what has happened, by type."""
    for kind, number in Counter(each.type for each in messages if each.topic is ROUTING).items():
        ROUTER_EVENTS.labels(kind).inc(number)


def _entries(found: Any) -> Sequence[tuple[bytes, Fields]]:
    if not found:
        return ()
    if isinstance(found, dict):
        streams: list[Any] = list(found.values())
        first = streams[0]
        return first[0] if first and isinstance(first[0], list) else first
    entries: Sequence[tuple[bytes, Fields]] = found[0][1]
    return entries


def to_message(stream_id: str, fields: Fields) -> Message:
    """Return the Kafka message of one entry of the stream; the same entry has the same id each time."""
    kind, key = fields[b"t"].decode(), fields[b"k"].decode()
    moment = _moment(fields[b"at"])
    match kind:
        case "routed":
            time = datetime.fromisoformat(fields[b"time"].decode())
            trace = fields[b"tp"].decode() or None
            return Message(ROUTING, key, ContactRouted.event_type, fields[b"i"].decode(), fields[b"v"], time, trace)
        case "open":
            value = fields[b"body"][:-1] + b"," + orjson.dumps(_plain(fields, but=frozenset({b"at"})))[1:]
            return Message(OPEN, key, OpenContact.event_type, _id(kind, key, stream_id), value, moment)
        case "gone":
            return tombstone(OPEN, key)
        case _:
            value = orjson.dumps({_KEYED_BY[kind]: key, **_plain(fields)} if kind in _KEYED_BY else _plain(fields))
            return Message(ROUTING, key, kind, _id(kind, key, stream_id), value, moment)


def _id(kind: str, key: str, stream_id: str) -> str:
    return natural_event_id(kind, key, stream_id)


def _moment(milliseconds: bytes) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _plain(fields: Fields, but: frozenset[bytes] = frozenset()) -> dict[str, object]:
    """Return the event's own fields as JSON has them; an empty text is nothing."""
    return {
        name.decode(): _value(name, raw)
        for name, raw in fields.items()
        if (raw or name in _MAYBE_EMPTY) and name not in _OWN and name not in but
    }


def _value(name: bytes, raw: bytes) -> object:
    if name in _INTEGERS:
        return int(raw)
    if name in _NUMBERS:
        return float(raw)
    if name in _TIMES:
        return _moment(raw)
    if name in _TRUTHS:
        return raw == b"1"
    if name in _LISTS:
        return raw.decode().split(",")
    return raw.decode()
