"""Where the four services are found by a browser: on ports of their own, or under one origin behind the proxy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.settings import ServiceSettings

PREFIXES = {"intake": "/intake", "router": "/router", "casework": "", "stats": "/stats"}


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of pages, seen from one service."""

    settings: ServiceSettings
    service: str

    def to(self, service: str, path: str) -> str:
        """Return the address of a page of `service`."""
        if self.one_origin:
            return PREFIXES[service] + path
        if service == self.service:
            return path
        return str(getattr(self.settings, f"{service}_url")).rstrip("/") + path

    @property
    def one_origin(self) -> bool:
        """Whether a proxy puts the services under one origin."""
        return self.settings.one_origin or bool(self.settings.public_prefix)

    def safe(self, address: str, host: str) -> str:
        """Return `address` if it leads to one of our services (`host` is the one asked), else the start page."""
        parts = urlsplit(address)
        if not parts.scheme and not parts.netloc:
            return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"
        ours = {host, *(urlsplit(str(getattr(self.settings, f"{name}_url"))).netloc for name in PREFIXES)}
        return address if parts.scheme in {"http", "https"} and parts.netloc in ours else "/"
