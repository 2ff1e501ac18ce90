"""Who calls us from outside: the address by a trusted proxy only, and the proof of telephony."""

import hmac
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from fastapi import Request
from pydantic import SecretStr

from shared.errors import ForbiddenError, NotFoundError
from shared.web.refusals import refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ELKS_NETWORKS: tuple[Network, ...] = (
    IPv4Network("176.10.154.199"),
    IPv4Network("85.24.146.132"),
    IPv4Network("185.39.146.243"),
    IPv6Network("2001:9b0:2:902::199"),
)
"""The addresses that 46elks publishes as its own."""


MAPPED_BITS = 96
"""What stands before an IPv4 address in IPv6's clothes."""


class Telephony(Protocol):
    """What a service must be told to know its telephony provider."""

    @property
    def environment(self) -> str:
        """`local` believes loopback, too."""

    @property
    def elks_token(self) -> SecretStr:
        """`?token=` of the webhooks; none if empty."""

    @property
    def elks_old_token(self) -> SecretStr:
        """The token before it, while it changes; none if empty."""

    @property
    def elks_networks(self) -> tuple[Network, ...]:
        """Addresses that need no token."""

    @property
    def trusted_proxies(self) -> tuple[Network, ...]:
        """Whose `X-Forwarded-For` is believed."""


def address_of(request: Request, trusted: Sequence[Network]) -> Address | None:
    """Return the caller's address: the connection's, or the last that a trusted proxy has noted.

    What stands before the last in `X-Forwarded-For` was written by the caller and proves nothing.
    """
    peer = _parse(request.client.host if request.client else "")
    if peer is not None and _within(peer, trusted):
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2]
        return _parse(forwarded) or peer
    return peer


def origin_of(request: Request, trusted: Sequence[Network]) -> str:
    """Return scheme, host and port as the caller wrote them: the connection's, or what a trusted proxy has noted."""
    scheme = scheme_of(request, trusted)
    host = _noted(request, "x-forwarded-host", trusted) or request.headers.get("host", "")
    port = _noted(request, "x-forwarded-port", trusted)
    named = port and not host.rpartition("]")[2].count(":")
    return f"{scheme}://{host}:{port}" if named else f"{scheme}://{host}"


def scheme_of(request: Request, trusted: Sequence[Network]) -> str:
    """Return `https` or `http` as the caller spoke it: the connection's, or what a trusted proxy has noted."""
    noted = _noted(request, "x-forwarded-proto", trusted)
    return noted if noted in {"http", "https"} else str(request.scope["scheme"])


def _noted(request: Request, name: str, trusted: Sequence[Network]) -> str:
    peer = _parse(request.client.host if request.client else "")
    if peer is None or not _within(peer, trusted):
        return ""
    return ",".join(request.headers.getlist(name)).rpartition(",")[2].strip()


def is_from(request: Request, networks: Sequence[Network], trusted: Sequence[Network]) -> bool:
    """Say whether the caller's address is of these networks."""
    address = address_of(request, trusted)
    return address is not None and _within(address, networks)


def _parse(given: str) -> Address | None:
    """Return an address; an IPv4 one in IPv6's clothes is IPv4."""
    try:
        address = ip_address(given.strip())
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in map(_unmapped, networks))


def _unmapped(network: Network) -> Network:
    """Return a network; an IPv4 one in IPv6's clothes is IPv4, as addresses are here."""
    inner = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return (
        IPv4Network((inner, network.prefixlen - MAPPED_BITS)) if inner and network.prefixlen >= MAPPED_BITS else network
    )


def knows(given: str, *secrets: SecretStr) -> bool:
    """Say whether a caller has shown one of the secrets in force; those that are empty are none."""
    told = given.encode(errors="replace")
    known = [one.get_secret_value().encode() for one in secrets]
    right = [hmac.compare_digest(told, one) for one in known if one]  # all of them, so that none is told by the time
    return True in right


def check_key(
    request: Request, door: str, given: str, secrets: Sequence[SecretStr], networks: Sequence[Network]
) -> None:
    """Refuse a webhook whose address holds no key of ours (404), or that is not from its sender's networks, if any."""
    if not knows(given, *secrets):
        refused(door, "token")
        raise NotFoundError
    if networks and not is_from(request, networks, request.app.state.settings.trusted_proxies):
        refused(door, "address")
        raise ForbiddenError


async def check_telephony(request: Request) -> None:
    """Refuse a telephony webhook without its token that is not from its provider, or loopback on a local stack."""
    settings: Telephony = request.app.state.settings
    token = request.query_params.get("token", "")
    if not knows(token, settings.elks_token, settings.elks_old_token) and not _near(settings, request):
        refused("46elks", "token" if token else "address")
        raise ForbiddenError


def _near(settings: Telephony, request: Request) -> bool:
    address = address_of(request, settings.trusted_proxies)
    if address is None:
        return False
    local = settings.environment == "local" and address.is_loopback
    return local or _within(address, settings.elks_networks)
