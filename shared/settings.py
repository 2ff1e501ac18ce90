"""Settings that every service has, read from `KC_*` variables; nothing is read at import."""

import hashlib
import hmac
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """The settings all services share; a service adds its own in `services/<name>/settings.py`."""

    model_config = SettingsConfigDict(env_prefix="KC_", extra="ignore")

    environment: Literal["local", "production"] = Field(
        "local", description="`local` allows the development login; it refuses anything but loopback."
    )
    host: str = Field("127.0.0.1", description="Address that the HTTP doors listen on.")
    port: int = Field(8100, description="Port that the HTTP doors listen on.")
    kafka: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, comma separated.")
    topic_prefix: str = Field("", description="Put before every topic and group; one per installation.")
    postgres: str = Field(
        "postgresql://postgres@127.0.0.1:5432/kontaktcenter",
        description="PostgreSQL URL without driver; each service has its own schema there.",
    )
    redis: str = Field("redis://127.0.0.1:6379/0", description="Redis or Valkey URL.")
    replication: int = Field(
        1, ge=1, description="Copies of each topic that is created; 3 in production, where 2 must acknowledge a write."
    )
    instance: str = Field(
        "",
        description="Stable name of this process among its replicas, as a pod's name: killed and started again,"
        " it has its partitions at once instead of after the session timeout. Empty: any process.",
    )
    domain: str = Field("kc", description="Hash tag of this installation's routing keys in Redis.")
    originals: str = Field(
        "file:///var/lib/kontaktcenter/originals",
        description="Object store of what came in: a `file:///` folder or an `s3://` bucket.",
    )
    originals_durable: bool = Field(
        True,
        description="An original in a folder is on the disk before its contact is told of; off only where a loss of "
        "power may cost some, as in tests.",
    )
    clamd_socket: str = Field(
        "", description="Unix socket of clamd, which every file is scanned by; empty means that none is scanned."
    )
    clamd_seconds: float = Field(20.0, gt=0, description="How long the scan of one file may take.")
    secret: SecretStr = Field(
        SecretStr("local-only-secret"), description="Master key; a key per purpose is derived from it."
    )
    machine_token: SecretStr = Field(SecretStr("local-only-token"), description="Bearer token of machine callers.")
    intake_url: str = Field("http://127.0.0.1:8101", description="Where intake answers.")
    router_url: str = Field("http://127.0.0.1:8102", description="Where the router answers.")
    casework_url: str = Field("http://127.0.0.1:8103", description="Where casework answers; people log in there.")
    stats_url: str = Field("http://127.0.0.1:8104", description="Where stats answers.")
    public_prefix: str = Field("", description="Path prefix of this service behind the proxy, as `/intake`.")
    one_origin: bool = Field(
        False, description="A proxy puts all services under one origin: /intake, /router, /stats, casework at the root."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Whose X-Forwarded-For is believed: the last address it names is the caller."
    )
    connections: int = Field(2000, ge=1, description="Connections at once; who comes above them is answered 503.")
    head_bytes: int = Field(32_768, ge=1024, description="Bytes of a request's address and headers.")
    head_fields: int = Field(100, ge=10, description="Headers of a request.")
    head_seconds: float = Field(10.0, gt=0, description="How long the head of a request may take to come.")
    body_seconds: float = Field(
        60.0, gt=0, description="How long a body may take to come, and a stalled reader is kept."
    )
    request_seconds: float = Field(120.0, gt=0, description="How long a request may take until its answer begins.")
    bodies_bytes: int = Field(
        200_000_000, ge=1, description="Bytes of all bodies that lie in memory at once, or of the largest allowed one."
    )
    rate_webhooks: float = Field(
        1000.0, ge=0, description="Requests a second to /webhooks/ from one address, twice as many at once; 0: any."
    )
    rate_api: float = Field(
        500.0, ge=0, description="The same for /api/; who shows the machine token is not counted anywhere."
    )
    rate_pages: float = Field(500.0, ge=0, description="The same for pages; an office can be one address.")
    session_idle_minutes: int = Field(60, description="A login that is not used for so long ends.")
    session_hours: int = Field(12, description="A login ends after so long, used or not.")
    log_level: str = Field("INFO", description="Least level that is logged.")
    log_format: Literal["json", "console"] = Field("json", description="One JSON object a line, or for people.")
    drain_seconds: float = Field(8.0, description="How long a stop waits for work in hand; less than the grace period.")

    @property
    def answer_seconds(self) -> float:
        """How long a stop waits for answers under way: streams and pulls have been told to end, the rest is short."""
        return self.drain_seconds / 2

    @property
    def leave_seconds(self) -> float:
        """How long a stop waits for batches in hand and for leaving the groups, after the answers."""
        return self.drain_seconds + 2

    def key_for(self, purpose: str) -> bytes:
        """Return the 32-byte key of one purpose, derived from the master key (HMAC-SHA256)."""
        return hmac.new(self.secret.get_secret_value().encode(), purpose.encode(), hashlib.sha256).digest()
