"""Reading the floor for supervisors: every agent, what she holds and waits for, and every open offer."""

from dataclasses import dataclass
from typing import Any

from services.router.store.ask import asked, one
from services.router.store.domain import Domain
from shared.vocabulary import Channel, Presence

_AGENT = ("presence", "reason", "cap", "used", "offer", "idle", "wait_until")


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent; contacts by id: on offer, held, left for a live contact, and in after-work."""

    agent_id: str
    presence: Presence
    reason: str | None
    capacity: int
    used: int
    offer: str | None
    holds: list[str]
    on_hold: list[str]
    wrapping: list[str]
    waits: bool
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class OfferView:
    """One open offer and the seconds that are left of it."""

    contact_id: str
    agent_id: str
    queue: str
    channel: Channel
    expires_in_seconds: float


class Floor:
    """Questions to one domain; nothing is changed."""

    def __init__(self, domain: Domain) -> None:
        self._redis = domain.redis
        self._key = domain.key

    async def agents(self) -> list[AgentView]:
        """Return every agent that the store knows, by id; those offline too while they hold something."""
        names = sorted(name.decode() for name in await one(self._redis.smembers(self._key("agents"))))
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(self._key(f"a:{name}"), *_AGENT)
                pipe.hkeys(self._key(f"i:{name}"))
                pipe.hkeys(self._key(f"hold:{name}"))
            answers = await asked(pipe) if names else []
        rows = [answers[n : n + 3] for n in range(0, len(answers), 3)]
        states = await self._states([item for _, items, _ in rows for item in items])
        now = await self._now()
        views = [_agent(name, row, states, now) for name, row in zip(names, rows, strict=True)]
        return [view for view in views if view.presence != Presence.OFFLINE or view.holds or view.wrapping]

    async def offers(self) -> list[OfferView]:
        """Return the open offers, the one that ends next first."""
        now = await self._now()
        found: list[OfferView] = []
        for agent in await self.agents():
            if agent.offer is None:
                continue
            names = ("queue", "ch", "expires")
            queue, channel, expires = await one(self._redis.hmget(self._key(f"c:{agent.offer}"), *names))
            if expires:
                left = max(0.0, (float(expires) - now) / 1000)
                found.append(OfferView(agent.offer, agent.agent_id, queue.decode(), Channel(channel.decode()), left))
        return sorted(found, key=lambda offer: offer.expires_in_seconds)

    async def _states(self, ids: list[bytes]) -> dict[str, str]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for contact_id in ids:
                pipe.hget(self._key(f"c:{contact_id.decode()}"), "state")
            answers = await asked(pipe) if ids else []
        return {each.decode(): (state or b"").decode() for each, state in zip(ids, answers, strict=True)}

    async def _now(self) -> float:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(self._key("clock"))
            (seconds, micros), offset = await asked(pipe)
        return float(int(seconds) * 1000 + int(micros) // 1000 + int(offset or 0))


def _agent(name: str, row: list[Any], states: dict[str, str], now: float) -> AgentView:
    fields, items, held = row
    said = [(field or b"").decode() for field in fields]
    presence, reason, cap, used, offer, idle, wait_until = said
    mine = sorted(item.decode() for item in items)
    return AgentView(
        agent_id=name,
        presence=Presence(presence or Presence.OFFLINE),
        reason=reason or None,
        capacity=int(cap or 100),
        used=int(used or 0),
        offer=offer or None,
        holds=[item for item in mine if states[item] in {"connecting", "assigned"}],
        on_hold=sorted(item.decode() for item in held),
        wrapping=[item for item in mine if states[item] == "wrapping"],
        waits=float(wait_until or 0) > now,
        idle_seconds=max(0.0, (now - float(idle)) / 1000) if idle else 0.0,
    )
