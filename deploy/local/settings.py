"""What can be moved on a machine where the usual is taken: `KC_LOCAL_PORT_*` and `KC_LOCAL_ROOT`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.part import free_ports
from deploy.local.paths import STATE
from deploy.prepare import SERVICES


class Ports(BaseSettings):
    """Every port the stack listens on, all on loopback; `KC_LOCAL_PORT_INTAKE=9101` moves one."""

    model_config = SettingsConfigDict(env_prefix="KC_LOCAL_PORT_")

    intake: int = Field(8101, description="Webhooks, reception.")
    router: int = Field(8102, description="The API that agents pull from.")
    casework: int = Field(8103, description="Desk, inbox, editor, login.")
    stats: int = Field(8104, description="Wallboard, load, streams.")
    smtp: int = Field(3025, description="Sandbox mail server, mail in.")
    imap: int = Field(3143, description="Sandbox mail server, mailboxes.")
    kafka: int = Field(19092, description="Event log.")
    kafka_controller: int = Field(19093, description="The event log's own business.")
    postgres: int = Field(15432, description="Database.")
    redis: int = Field(16379, description="Valkey.")

    @classmethod
    def free(cls) -> "Ports":
        """Return ports that nobody uses now, for a stack beside another."""
        names = list(cls.model_fields)
        return cls.model_validate(dict(zip(names, free_ports(len(names)), strict=True)))


class LocalSettings(BaseSettings):
    """Where this stack keeps its state."""

    model_config = SettingsConfigDict(env_prefix="KC_LOCAL_")

    root: Path = Field(STATE, description="Folder of the stack's state; `reset` empties it.")
    hours: bool = Field(
        default=False, description="Import the seed's opening hours at the first start: closed at night, as in life."
    )
    services: str = Field(
        ",".join(SERVICES), description="The services to start, comma separated; run the others yourself, or none."
    )

    def chosen(self) -> tuple[str, ...]:
        """Return the services to start; ValueError for a name that is none."""
        names = [name.strip() for name in self.services.split(",") if name.strip()]
        if unknown := set(names) - set(SERVICES):
            raise ValueError(f"KC_LOCAL_SERVICES names {', '.join(sorted(unknown))}; there are {', '.join(SERVICES)}")
        return tuple(name for name in SERVICES if name in names)
