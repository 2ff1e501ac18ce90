"""The same parts from container images, for `make test BACKEND=containers`."""

import time
from collections.abc import Callable

import pytest
from testcontainers.core.container import DockerContainer

from deploy.local.database import Postgres
from deploy.local.kafka import SETTINGS, Kafka
from deploy.local.mail import Mail
from deploy.local.part import HOST, free_ports
from deploy.local.paths import PROJECT
from deploy.local.valkey import Valkey

IMAGES = {
    "kafka": "apache/kafka:4.4.0",
    "postgres": "postgres:18",
    "redis": "valkey/valkey:9",
    "mail": "greenmail/standalone:2.1.8",
}
PATIENCE = 90.0


def engine_problem() -> str | None:
    """Return why no Docker engine can be used, None when one answers."""
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - asks the engine when made

    try:
        DockerClient().client.ping()
    except Exception as error:  # noqa: BLE001 - a missing socket, a refusing engine and a wrong address end the same way
        return f"no Docker engine answers ({type(error).__name__}: {error})"
    return None


class Containers:
    """Each part as a container with its port bound on loopback."""

    def __init__(self) -> None:
        if problem := engine_problem():
            pytest.exit(f"KC_TEST_BACKEND=containers: {problem}. Start one, or leave the setting out.", returncode=4)
        self._running: list[DockerContainer] = []

    def kafka(self) -> str:
        port = free_ports(1)[0]
        own = {
            "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
            "controller.quorum.voters": "1@localhost:9093",
        }
        container = DockerContainer(IMAGES["kafka"]).with_bind_ports(9092, port)
        for key, value in (SETTINGS | own).items():
            container = container.with_env(f"KAFKA_{key.upper().replace('.', '_')}", value)
        self._start(container, Kafka(port=port, data=PROJECT).ready)
        return f"{HOST}:{port}"

    def postgres(self) -> str:
        port = free_ports(1)[0]
        container = DockerContainer(IMAGES["postgres"]).with_bind_ports(5432, port)
        self._start(container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust"), Postgres(port=port, data=PROJECT).ready)
        return f"postgresql://postgres@{HOST}:{port}/postgres"

    def redis(self) -> str:
        port = free_ports(1)[0]
        container = DockerContainer(IMAGES["redis"]).with_bind_ports(6379, port)
        self._start(container.with_command("--databases 64 --save ''"), Valkey(port=port, data=PROJECT).ready)
        return f"redis://{HOST}:{port}"

    def mail(self) -> tuple[int, int]:
        smtp, imap = free_ports(2)
        container = DockerContainer(IMAGES["mail"]).with_bind_ports(3025, smtp).with_bind_ports(3143, imap)
        everywhere = "-Dgreenmail.{0}.hostname=0.0.0.0 -Dgreenmail.{0}.port={1}"
        options = f"{everywhere.format('smtp', 3025)} {everywhere.format('imap', 3143)} -Dgreenmail.auth.disabled"
        self._start(container.with_env("GREENMAIL_OPTS", options), Mail(port=smtp, data=PROJECT, imap_port=imap).ready)
        return smtp, imap

    def close(self) -> None:
        for container in self._running:
            container.stop()

    def _start(self, container: DockerContainer, ready: Callable[[], bool]) -> None:
        container.start()
        self._running.append(container)
        until = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > until:
                pytest.fail(f"{container.image} did not answer in {PATIENCE} s")
            time.sleep(0.1)
