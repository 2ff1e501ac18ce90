"""What the stack consists of: the four data parts, the four services, and the environment the services are given."""

import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.local.database import Postgres
from deploy.local.kafka import Kafka
from deploy.local.keys import Keys, keys_of
from deploy.local.mail import Mail
from deploy.local.part import HOST, Part, ask
from deploy.local.paths import PROJECT
from deploy.local.settings import Ports
from deploy.local.valkey import Valkey
from deploy.prepare import SEED, SERVICES

DATABASE = "kontaktcenter"
MAILBOX = "kontakt@kommun.example"
READY_REQUEST = f"GET /health/ready HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


@dataclass(slots=True)
class Service(Part):
    """One of the four services; ready when its own `/health/ready` says so."""

    grace: float = 15.0
    pause: float = 0.2  # readiness asks Kafka, the database and Valkey: often enough is not as often as possible

    def command(self) -> list[str]:
        return [sys.executable, "-m", f"services.{self.name}"]

    def ready(self) -> bool:
        return ask(self.port, READY_REQUEST, timeout=5).split(b" ", 2)[1:2] == [b"200"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One stack on paper: a folder and ports, nothing started."""

    root: Path
    ports: Ports
    keys: Keys

    @classmethod
    def of(cls, root: Path, ports: Ports) -> "Plan":
        """Lay the plan for a state folder, which is made when it is not there."""
        root.mkdir(parents=True, exist_ok=True)
        return cls(root.resolve(), ports, keys_of(root))

    @property
    def postgres(self) -> Postgres:
        """The database server."""
        return Postgres(self.ports.postgres, self.root / "postgres")

    @property
    def kafka(self) -> Kafka:
        """The event log."""
        return Kafka(self.ports.kafka, self.root / "kafka", controller_port=self.ports.kafka_controller)

    def data_parts(self) -> list[Part]:
        """Return what the services stand on; these start in parallel."""
        ports = self.ports
        return [
            self.kafka,
            self.postgres,
            Valkey(ports.redis, self.root / "valkey"),
            Mail(ports.smtp, self.root / "mail", imap_port=ports.imap),
        ]

    def services(self) -> list[Part]:
        """Return the four services; their working folder is the project."""
        return [self._service(name) for name in SERVICES]

    def environment(self) -> dict[str, str]:
        """Return the settings all four services share."""
        urls = {f"KC_{name.upper()}_URL": self.url(name) for name in SERVICES}
        return urls | {
            "KC_ENVIRONMENT": "local",
            "KC_KAFKA": f"{HOST}:{self.ports.kafka}",
            "KC_POSTGRES": self.postgres.url(DATABASE),
            "KC_REDIS": f"redis://{HOST}:{self.ports.redis}/0",
            "KC_ORIGINALS": f"file://{self.root / 'originals'}",
            "KC_SECRET": self.keys.secret,
            "KC_MACHINE_TOKEN": self.keys.token,
            "KC_INSTANCE": "local",
            "KC_LOG_FORMAT": "console",
            "PYTHONUNBUFFERED": "1",
        }

    def url(self, service: str) -> str:
        """Return where a service answers."""
        return f"http://{HOST}:{getattr(self.ports, service)}"

    def info(self) -> dict[str, object]:
        """Return what `stack.json` tells those who use the stack."""
        return {
            **{name: self.url(name) for name in SERVICES},
            "smtp": f"{HOST}:{self.ports.smtp}",
            "imap": f"{HOST}:{self.ports.imap}",
            "kafka": f"{HOST}:{self.ports.kafka}",
            "postgres": self.postgres.url(DATABASE),
            "redis": f"redis://{HOST}:{self.ports.redis}/0",
            "token": self.keys.token,
            "mailbox": MAILBOX,
            "webhook_secret": self.keys.webhook_secret,
            "cti_token": self.keys.cti_token,
            "agents": agents(),
        }

    def _service(self, name: str) -> Service:
        own = {"intake": self._intake, "casework": self._casework}.get(name, dict)()
        port = getattr(self.ports, name)
        environment = self.environment() | own | {"KC_PORT": str(port)}
        return Service(port, PROJECT, name, f"KC_LOCAL_PORT_{name.upper()}", environment=environment)

    def _intake(self) -> dict[str, str]:
        return {
            "KC_IMAP_HOST": HOST,
            "KC_IMAP_PORT": str(self.ports.imap),
            "KC_IMAP_TLS": "false",
            "KC_IMAP_USER": MAILBOX,
            "KC_IMAP_PASSWORD": self.keys.imap_password,
            "KC_MAILBOX": MAILBOX,
            "KC_WEBHOOK_SECRET": self.keys.webhook_secret,
            "KC_CTI_TOKEN": self.keys.cti_token,
            "KC_ELKS_TOKEN": self.keys.elks_token,
        }

    def _casework(self) -> dict[str, str]:
        return {
            "KC_SMTP_HOST": HOST,
            "KC_SMTP_PORT": str(self.ports.smtp),
            "KC_MAIL_FROM": MAILBOX,
            "KC_MAIL_DOMAIN": MAILBOX.partition("@")[2],
        }


def agents(people: Path = SEED / "people.yaml") -> list[str]:
    """Return the ids of the seeded people who are agents."""
    return [
        person["id"]
        for person in yaml.safe_load(people.read_text(encoding="utf-8"))["people"]
        if "agent" in person["roles"]
    ]
