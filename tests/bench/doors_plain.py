"""The yardstick of the doors: a bare FastAPI app that reads the body and publishes it, acknowledged by Kafka; no more.

`python -m tests.bench.doors_plain --port 8199 --kafka 127.0.0.1:9092`
"""

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from fastapi import FastAPI, Request

from shared.events import ContactEnded

TOPIC = "bench.doors"


def app_on(kafka: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await make_topic(kafka)
        app.state.producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
        await app.state.producer.start()
        try:
            yield
        finally:
            await app.state.producer.stop()
            await remove_topic(kafka)

    app = FastAPI(lifespan=lifespan)

    @app.post("/webhooks/46elks/voice")
    async def voice(request: Request) -> dict[str, str]:
        form = await request.form()
        told = json.dumps({name: str(value) for name, value in form.items()}).encode()
        await app.state.producer.send_and_wait(TOPIC, told, key=str(form["callid"]).encode())
        return {"play": "http://127.0.0.1/hold.wav", "next": "http://127.0.0.1/next"}

    @app.post("/webhooks/46elks/hangup", status_code=204)
    async def hangup(request: Request) -> None:
        form = await request.form()
        told = json.dumps({name: str(value) for name, value in form.items()}).encode()
        key = str(form["callid"]).encode()
        kind = [("ce_type", ContactEnded.event_type.encode()), ("ce_id", key)]
        await app.state.producer.send_and_wait(TOPIC, told, key=key, headers=kind)

    @app.post("/webhooks/forms", status_code=202)
    async def forms(request: Request) -> dict[str, str]:
        form = await request.json()
        key = str(form["submission_id"])
        await app.state.producer.send_and_wait(TOPIC, json.dumps(form).encode(), key=key.encode())
        return {"contact_id": key}

    return app


async def make_topic(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, 4, 1)])
    finally:
        await admin.close()


async def remove_topic(kafka: str) -> None:
    """Leave nothing on a stack that goes on."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics([TOPIC])
    finally:
        await admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kafka", required=True)
    asked = parser.parse_args()
    uvicorn.run(app_on(asked.kafka), port=asked.port, loop="uvloop", http="httptools", log_config=None)


if __name__ == "__main__":
    main()
