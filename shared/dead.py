"""Dead letters: records that cannot be handled, kept untouched beside the group, the reason and where they stood.

`Burial` writes them; `DeadLetters` is what a service's `/ops/dead` page and its commands list, retry and discard with.
What was decided about a letter stands in the service's own store (`Decisions`), the letter stays until it is too old.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.clock import utc_now
from shared.errors import KontaktcenterError, LogUnavailableError, NotFoundError, TransientError
from shared.publish import Publisher, Raw
from shared.settings import ServiceSettings
from shared.topics import Topic

MARK = "dead_"
"""Our headers on a dead record; its own stand beside them, untouched."""

_DEADLINE = 10.0


def reason_of(error: BaseException) -> str:
    """Return why, as `Kind: text`; only errors of our own speak, others could quote the record (personal data)."""
    name = type(error).__name__
    return f"{name}: {error}"[:500] if isinstance(error, KontaktcenterError) else name


class Burial:
    """Writes records to the dead topic beside theirs."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def bury(self, record: Any, *, group: str, error: BaseException, attempts: int) -> None:
        """Return when the dead topic has the record; LogUnavailableError when Kafka does not answer."""
        marks = {
            "group": group,
            "reason": reason_of(error),
            "attempts": str(attempts),
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "at": utc_now().isoformat(),
        }
        own = [(name, value) for name, value in record.headers if not name.startswith(MARK)]
        ours = [(f"{MARK}{name}", text.encode()) for name, text in marks.items()]
        letter = Raw(f"{record.topic}.dead", record.key, record.value, [*own, *ours])
        if await self._publisher.publish_raw([letter], within=5.0) != 1:
            raise LogUnavailableError(f"{letter.topic} did not take the record")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead record: `id` names it within its topic, `record` is as it was, the rest says why it is here."""

    id: str
    group: str
    reason: str
    attempts: int
    partition: int
    offset: int
    at: datetime
    type: str
    record: Raw


class Decisions(Protocol):
    """Where a service remembers what was decided about its dead letters; names are `<topic>/<id>`."""

    async def decided(self) -> set[str]:
        """Return the names that something was decided about."""
        ...

    async def decide(self, name: str, decision: str, by: str) -> None:
        """Remember a decision (`retried` or `discarded`) and who made it."""
        ...


class DeadLetters:
    """The dead letters of one service's groups."""

    def __init__(self, settings: ServiceSettings, service: str, publisher: Publisher, decisions: Decisions) -> None:
        self._settings = settings
        self._groups = f"{settings.topic_prefix}{service}."
        self._publisher = publisher
        self._decisions = decisions

    async def waiting(self, topic: Topic, *, limit: int = 200) -> list[DeadLetter]:
        """Return what nothing is decided about yet, newest first."""
        decided = await self._decisions.decided()
        letters = [found for found in await self._read(topic) if f"{topic.name}/{found.id}" not in decided]
        return letters[::-1][:limit]

    async def read(self, topic: Topic, letter_id: str) -> DeadLetter:
        """Return one letter; NotFoundError when it is not there (any more) or another service's."""
        for found in await self._read(topic):
            if found.id == letter_id:
                return found
        raise NotFoundError(f"no dead letter {topic.name}/{letter_id}")

    async def retry(self, topic: Topic, letter_id: str, *, by: str) -> None:
        """Write the record to its topic again as it was; whoever has handled it drops it by its id."""
        letter = await self.read(topic, letter_id)
        if await self._publisher.publish_raw([letter.record], within=5.0) != 1:
            raise LogUnavailableError(f"{letter.record.topic} did not take the record")
        await self._decisions.decide(f"{topic.name}/{letter_id}", "retried", by)

    async def discard(self, topic: Topic, letter_id: str, *, by: str) -> None:
        """Decide that nothing will be done about it."""
        letter = await self.read(topic, letter_id)
        await self._decisions.decide(f"{topic.name}/{letter.id}", "discarded", by)

    async def _read(self, topic: Topic) -> list[DeadLetter]:
        name = f"{self._settings.topic_prefix}{topic.dead.name}"
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            async with asyncio.timeout(_DEADLINE):
                await consumer.start()
                records = await _all(consumer, TopicPartition(name, 0))
        except (KafkaError, OSError, TimeoutError) as error:
            raise TransientError(f"{name}: {type(error).__name__}") from error
        finally:
            await consumer.stop()
        letters = [_letter(record) for record in records]
        return [letter for letter in letters if letter is not None and letter.group.startswith(self._groups)]


async def _all(consumer: AIOKafkaConsumer, partition: TopicPartition) -> list[Any]:
    consumer.assign([partition])
    consumer.seek(partition, 0)
    end = (await consumer.end_offsets([partition]))[partition]
    records: list[Any] = []
    while await consumer.position(partition) < end:
        for found in (await consumer.getmany(timeout_ms=200)).values():
            records.extend(found)
    return records


def _letter(record: Any) -> DeadLetter | None:
    """Read our marks; what has none was put here by somebody else and is left alone."""
    headers = {name: value for name, value in record.headers if value is not None}
    try:
        marks = {name.removeprefix(MARK): value.decode() for name, value in headers.items() if name.startswith(MARK)}
        own = [(name, value) for name, value in record.headers if not name.startswith(MARK)]
        return DeadLetter(
            id=str(record.offset),
            group=marks["group"],
            reason=marks["reason"],
            attempts=int(marks["attempts"]),
            partition=int(marks["partition"]),
            offset=int(marks["offset"]),
            at=datetime.fromisoformat(marks["at"]),
            type=headers.get("ce_type", b"").decode("utf-8", "replace"),
            record=Raw(marks["topic"], record.key, record.value, own),
        )
    except (KeyError, ValueError):
        return None
