"""Reading the routing state for people: one contact, or all queues; nothing is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from services.router.domain.contact import COST
from services.router.domain.skills import Requirement, can_take, parse_profile, parse_signature
from services.router.store.domain import Domain
from shared.errors import TransientError
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a contact's history."""

    at: datetime
    what: str
    agent_id: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class ContactView:
    """Where a contact is, and when it waits, at which place and why."""

    state: str
    queue: str
    position: int | None
    why_waiting: str | None
    owner: str | None
    epoch: int
    history: list[Happening]


@dataclass(frozen=True, slots=True)
class QueueView:
    """How many wait in a queue, for how long the oldest, and how many ready agents could take from it."""

    queue: str
    waiting: int
    oldest_seconds: float
    ready_agents: int
    by_channel: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Ready:
    id: str
    room: int
    profile: str
    busy: bool


class Look:
    """Questions to one domain."""

    def __init__(self, domain: Domain) -> None:
        self._redis = domain.redis
        self._key = domain.key

    async def contact(self, contact_id: str) -> ContactView | None:
        """Return where a contact is; None when it is not known (any more)."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._key(f"c:{contact_id}"))
            pipe.lrange(self._key(f"h:{contact_id}"), 0, -1)
            fields, history = await _asked(pipe)
        if not fields or b"queue" not in fields:
            return None
        found = {name.decode(): value.decode() for name, value in fields.items() if name != b"body"}
        waits = found["state"] in {"waiting", "offered"}
        first = Happening(_moment(found["arr"]), "received", None, found["queue"])
        return ContactView(
            state=found["state"],
            queue=found["queue"],
            position=await self._position(contact_id, found) if waits else None,
            why_waiting=await self._why(contact_id, found) if found["state"] == "waiting" else None,
            owner=found.get("agent") or None,
            epoch=int(found["epoch"]),
            history=[first, *(_happening(line.decode()) for line in history)],
        )

    async def queues(self) -> list[QueueView]:
        """Return every queue that has had a contact, by name."""
        names = await _one(self._redis.hgetall(self._key("queues")))
        ready = await self._ready()
        now = await self._now()
        views = [await self._queue(name.decode(), sig.decode(), ready, now) for name, sig in names.items()]
        return sorted(views, key=lambda view: view.queue)

    async def _queue(self, name: str, signature: str, ready: list[_Ready], now: float) -> QueueView:
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel in Channel:
                pipe.zcard(self._key(f"w:{name}|{channel}"))
                pipe.zrange(self._key(f"w:{name}|{channel}"), 0, 0, withscores=True)
            answers = await _asked(pipe)
        counts = dict(zip(Channel, answers[::2], strict=True))
        oldest = min((heads[0][1] for heads in answers[1::2] if heads), default=now)
        skills = parse_signature(signature).skills
        able = [agent for agent in ready if _able(agent.profile, skills)]
        return QueueView(
            queue=name,
            waiting=sum(counts.values()),
            oldest_seconds=max(0.0, (now - float(oldest)) / 1000),
            ready_agents=len(able),
            by_channel={channel.value: number for channel, number in counts.items()},
        )

    async def _position(self, contact_id: str, found: dict[str, str]) -> int | None:
        rank = await _one(self._redis.zrank(self._key(f"w:{found['queue']}|{found['ch']}"), contact_id))
        return None if rank is None else int(rank) + 1

    async def _why(self, contact_id: str, found: dict[str, str]) -> str:
        """Say the one thing that would have to change first."""
        requirement = parse_signature(found["sig"])
        ready = await self._ready()
        if not ready:
            return "no_agent_ready"
        able = [agent for agent in ready if agent.profile and can_take(parse_profile(agent.profile), requirement)]
        if not able:
            return f"no_ready_agent_can_take:{_wanted(requirement)}"
        roomy = [agent for agent in able if agent.room >= COST[requirement.channel] and not agent.busy]
        if not roomy:
            return "all_able_agents_busy"
        cooling = await _one(self._redis.zrangebyscore(self._key(f"cool:{contact_id}"), await self._now(), "+inf"))
        if all(agent.id.encode() in set(cooling) for agent in roomy):
            return "declined_recently"
        return "until_an_agent_pulls"

    async def _ready(self) -> list[_Ready]:
        names = sorted(await _one(self._redis.smembers(self._key("ready"))))
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(self._key(f"a:{name.decode()}"), "cap", "used", "profile", "offer")
            answers = await _asked(pipe) if names else []
        return [
            _Ready(name.decode(), int(cap or 0) - int(used or 0), (profile or b"").decode(), bool(offer))
            for name, (cap, used, profile, offer) in zip(names, answers, strict=True)
        ]

    async def _now(self) -> float:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(self._key("clock"))
            (seconds, micros), offset = await _asked(pipe)
        return float(int(seconds) * 1000 + int(micros) // 1000 + int(offset or 0))


def _able(profile: str, skills: Mapping[str, int]) -> bool:
    known = parse_profile(profile)
    return any(can_take(known, Requirement(channel, skills)) for channel in known.channels)


def _wanted(requirement: Requirement) -> str:
    return ",".join([requirement.channel.value, *sorted(requirement.skills)])


def _happening(line: str) -> Happening:
    at, what, agent, detail = line.split("|", 3)
    return Happening(_moment(at), what, agent or None, detail or None)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)


async def _asked(pipe: Any) -> list[Any]:
    answers: list[Any] = await _one(pipe.execute())
    return answers


async def _one(question: Any) -> Any:
    try:
        return await question
    except (RedisError, OSError) as error:
        raise TransientError(f"Redis: {type(error).__name__}") from error
