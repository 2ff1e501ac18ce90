"""Makes the topics of an installation: all of `shared.topics` and a dead topic beside each, with the prefix."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.errors import TransientError
from shared.settings import ServiceSettings
from shared.topics import TOPICS, Topic

_PATIENCE = 200
_DURABLE = 3
"""From this many copies on, a write needs two of them."""


def all_topics() -> tuple[Topic, ...]:
    """Return every topic and its dead topic."""
    return (*TOPICS, *(topic.dead for topic in TOPICS))


async def ensure_topics(settings: ServiceSettings) -> list[str]:
    """Create the topics that are missing; return their names once the broker knows them. The others stay."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=15_000)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        missing = [topic for topic in all_topics() if f"{settings.topic_prefix}{topic.name}" not in existing]
        created = await _create(admin, settings, missing)
        await _wait_until_known(admin, {f"{settings.topic_prefix}{topic.name}" for topic in missing})
    except (KafkaError, OSError) as error:
        raise TransientError(f"topics: {type(error).__name__}: {error}") from error
    else:
        return created
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, settings: ServiceSettings, topics: list[Topic]) -> list[str]:
    if not topics:
        return []
    durable = {"min.insync.replicas": "2"} if settings.replication >= _DURABLE else {}
    answer = await admin.create_topics(
        [
            NewTopic(
                name=f"{settings.topic_prefix}{topic.name}",
                num_partitions=topic.partitions,
                replication_factor=settings.replication,
                topic_configs=topic.kafka_config() | durable,
            )
            for topic in topics
        ]
    )
    created = []
    for name, code, *text in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TransientError(f"topic {name}: {error.__name__}: {text}")
        if not code:
            created.append(name)
    return created


async def _wait_until_known(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """A topic is usable a moment after it is created; TransientError when that moment is long."""
    for _ in range(_PATIENCE):
        if names <= set(await admin.list_topics()):
            return
        await asyncio.sleep(0.05)
    raise TransientError("the broker does not know its new topics yet")


def main() -> None:
    """Create the missing topics of the installation that the environment names."""
    created = asyncio.run(ensure_topics(ServiceSettings()))
    print(f"{len(created)} topics created" if created else "all topics exist")  # noqa: T201 - a command speaks


if __name__ == "__main__":
    main()
