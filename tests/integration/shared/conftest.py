"""Fixtures of the plumbing's tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.local.part import free_ports
from deploy.local.running import Running, started
from shared.settings import ServiceSettings
from tests.support.inflow import House


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[House]:
    made = House(settings)
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A broker that a module's tests may kill."""
    folder: Path = tmp_path_factory.mktemp("broker")
    port, controller = free_ports(2)
    with started(Kafka(port, folder / "kafka", controller_port=controller), folder / "kafka.log") as running:
        yield running, f"127.0.0.1:{port}"


@pytest.fixture
async def frail(own_broker: tuple[Running, str], settings: ServiceSettings) -> AsyncIterator[tuple[House, Running]]:
    """A house on a broker that may be killed, and the broker."""
    running, address = own_broker
    made = House(settings.model_copy(update={"kafka": address}))
    await made.open()
    yield made, running
    await made.close()
