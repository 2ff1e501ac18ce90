"""The AsyncAPI document tells what a service reads, in which group, and what it writes."""

import json
from collections.abc import Sequence
from typing import Any

from shared.asyncapi import asyncapi_document
from shared.consume import Inflow, Received
from shared.events import CaseClosed, ContactQueued, ContactReceived, ContactRouted
from shared.health import Health
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.topics import CASES, CONTACTS
from shared.topics_admin import all_topics


async def handle(batch: Sequence[Received[Any]]) -> None:
    assert batch


def test_it_names_groups_topics_and_schemas_and_is_the_same_every_time() -> None:
    settings = ServiceSettings()
    inflow = Inflow(settings, "router", Publisher(settings, "router"), Health())
    inflow.on(CONTACTS, handle, types=(ContactReceived,))
    inflow.on(CASES, handle)
    texts = {asyncapi_document("Router", inflow=inflow, writes=(ContactRouted, ContactQueued)) for _ in range(2)}
    document = json.loads(texts.pop())
    assert not texts
    assert document["asyncapi"].startswith("3.")
    assert set(document["channels"]) == {"router.contacts", "router.cases", "routing:written"}
    schemas = document["components"]["schemas"]
    assert {"ContactReceived", "CaseClosed", "ContactRouted", "ContactQueued"} <= set(schemas)
    assert "ContactEnded" not in schemas
    assert CaseClosed.__doc__
    assert schemas["CaseClosed"]["description"] == CaseClosed.__doc__


def test_every_topic_has_a_dead_topic_kept_no_longer_than_itself() -> None:
    topics = {topic.name: topic for topic in all_topics()}
    for name, topic in topics.items():
        if not name.endswith(".dead"):
            dead = topics[f"{name}.dead"]
            assert topic.retention_ms < 0 or dead.retention_ms <= topic.retention_ms
            assert dead.kafka_config()["cleanup.policy"] == "delete"
