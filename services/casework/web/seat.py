"""One seat at a desk: what its agent has chosen, what she is offered, what she has in her hands."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from shared.vocabulary import LIVE_CHANNELS

PRESENCES = ("ready", "wrap_up", "away")
"""What an agent can choose; to the router `wrap_up` is away, with its reason."""

Offer = Mapping[str, Any]
LIVE = tuple(sorted(channel.value for channel in LIVE_CHANNELS))


class Hands(StrEnum):
    """What an agent has in her hands."""

    FREE = "free"
    WRITING = "writing"
    """Mail or an e-service: she leaves it for a call or a visit."""
    TALKING = "talking"


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The after-work that the router gives her, until `until` at the latest."""

    contact_id: str
    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """An offer that was withdrawn because its citizen left, and whether she can be called (None: not known yet)."""

    offer: Offer
    callable: bool | None = None


class Router(Protocol):
    """The router's doors that a seat knocks on (`router_client.RouterClient`)."""

    async def presence(
        self, agent_id: str, presence: str, reason: str | None = None, mode: str | None = None, *, chosen: bool = False
    ) -> Any: ...
    async def modes(self, agent_id: str) -> list[str]: ...
    async def pull(
        self, agent_id: str, wait: float = 25, channels: Sequence[str] | None = None, mode: str | None = None
    ) -> Any: ...
    async def decline(self, offer_id: str, epoch: int, reason: str) -> None: ...
    async def wrap_end(self, contact_id: str) -> None: ...
    async def queues(self) -> list[dict[str, Any]]: ...
    async def peak(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Times:
    """How often and how long, in seconds."""

    beat: float = 10.0
    wait: float = 25.0
    grace: float = 60.0
    held: float = 600.0
    again: float = 2.0
    queues: float = 3.0
    gone: float = 120.0
    """How long it is said that somebody hung up, unless another offer comes."""


@dataclass(slots=True)
class Seat:
    """One agent at her desk."""

    agent_id: str
    presence: str = "away"
    offer: Offer | None = None
    gone: Gone | None = None
    """Who hung up while she was offered, until the next offer, or until that has been seen."""
    streams: int = 0
    until: float = 0.0
    """Monotonic time to which it lives without a stream."""
    wants: asyncio.Event = field(default_factory=asyncio.Event)
    live: bool = False
    """It beats and pulls."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    pulling: asyncio.Task[Any] | None = None
    wrap_up: WrapUp | None = None
    mode: str = ""
    modes: tuple[str, ...] | None = None
    """What she may choose among; None until the router has said."""
    sent_away: bool = False
    """A supervisor has set her away, and she has not chosen anything since."""
    beating: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One heartbeat at a time: an old answer never overtakes what she has chosen since."""


def wrap_up_in(answer: Mapping[str, Any]) -> WrapUp | None:
    """Return the after-work that an answer about presence names."""
    said = answer.get("wrap_up")
    return WrapUp(said["contact_id"], said["mode"], datetime.fromisoformat(said["until"])) if said else None
