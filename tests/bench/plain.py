"""The yardstick: a plain aiokafka loop that reads records, decodes and encodes their JSON, and writes them again."""

import asyncio
import json
import time
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.bench.log import seek_back

BATCH = 500


async def plain_loop(kafka: str, source: str, records: int) -> float:
    """Return records a second over the last `records` of `source`; acknowledged by all, one batch after the other."""
    target = f"bench.plain.{time.time_ns()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    consumer = AIOKafkaConsumer(source, bootstrap_servers=kafka, enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=262_144)
    await admin.start()
    await admin.create_topics([NewTopic(target, 4, 1)])
    await consumer.start()
    await producer.start()
    try:
        await seek_back(consumer, records)
        return await _copy(consumer, producer, target, records)
    finally:
        await consumer.stop()
        await producer.stop()
        with suppress(KafkaError):
            await admin.delete_topics([target])
        await admin.close()


async def _copy(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, target: str, records: int) -> float:
    done, started = 0, time.perf_counter()
    while done < records * 9 // 10:
        batches = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
        batch = [record for found in batches.values() for record in found]
        if not batch:
            break
        sent = [
            await producer.send(
                target, json.dumps(json.loads(record.value)).encode(), key=record.key, headers=list(record.headers)
            )
            for record in batch
            if record.value
        ]
        await asyncio.gather(*sent)
        done += len(batch)
    return done / (time.perf_counter() - started)
