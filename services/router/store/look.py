"""Reading the routing state for people: one contact, the queues, and who waits in one; nothing is changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.router.domain.skills import Requirement, can_take, parse_profile, parse_signature
from services.router.store.ask import asked, one
from services.router.store.domain import Domain
from services.router.store.why import Fields, Ready, moment, reason
from shared.vocabulary import Channel, ContactState, WorkKind


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
class WaitingView:
    """One contact of a queue that nobody has accepted; `step` is how many overflow steps it has taken."""

    contact_id: str
    queue: str
    channel: Channel
    priority: str
    kind: WorkKind
    waited_seconds: float
    due_at: datetime | None
    unit: str
    state: str
    agent_id: str | None
    step: int
    why_waiting: str | None


@dataclass(frozen=True, slots=True)
class HeldView:
    """A contact as its holder has it; `body` is its unchanging record."""

    state: ContactState
    epoch: int
    agent_id: str | None
    body: dict[str, Any]


def _never() -> bool:
    return False


class Look:
    """Questions to one domain; `mail_waits` says whether a peak keeps mail from those who can take calls."""

    def __init__(self, domain: Domain, mail_waits: Callable[[], bool] = _never) -> None:
        self._redis = domain.redis
        self._key = domain.key
        self._mail_waits = mail_waits

    async def contact(self, contact_id: str) -> ContactView | None:
        """Return where a contact is; None when it is not known (any more)."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._key(f"c:{contact_id}"))
            pipe.lrange(self._key(f"h:{contact_id}"), 0, -1)
            fields, history = await asked(pipe)
        if not fields or b"queue" not in fields:
            return None
        found = _fields(fields)
        first = Happening(moment(float(found["arr"])), "received", None, found["queue"])
        return ContactView(
            state=found["state"],
            queue=found["queue"],
            position=await self._position(contact_id, found) if found["state"] in {"waiting", "offered"} else None,
            why_waiting=(await self._whys({contact_id: found})).get(contact_id),
            owner=found.get("agent") or None,
            epoch=int(found["epoch"]),
            history=[first, *(_happening(line.decode()) for line in history)],
        )

    async def held(self, contact_id: str) -> HeldView | None:
        """Return a contact with its record, for who would hand it on; None when it is not open."""
        names = ("state", "epoch", "agent", "body")
        state, epoch, agent, body = await one(self._redis.hmget(self._key(f"c:{contact_id}"), *names))
        if not body:
            return None
        return HeldView(
            ContactState(state.decode()), int(epoch), agent.decode() if agent else None, dict(orjson.loads(body))
        )

    async def queues(self) -> list[QueueView]:
        """Return every queue that has had a contact, by name."""
        names = await one(self._redis.hgetall(self._key("queues")))
        ready, now = await self._ready(), await self._now()
        views = [await self._queue(name.decode(), sig.decode(), ready, now) for name, sig in names.items()]
        return sorted(views, key=lambda view: view.queue)

    async def waiting(self, queue: str, limit: int = 100, offset: int = 0) -> list[WaitingView]:
        """Return whom nobody has accepted in a queue, whose turn it is first; `limit` of them from `offset`."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel in Channel:
                pipe.zrange(self._key(f"w:{queue}|{channel}"), 0, offset + limit - 1)
            ids = [each.decode() for found in await asked(pipe) for each in found]
        contacts = await self._contacts(ids)
        order = sorted(contacts, key=lambda each: (contacts[each]["sig"][0], float(contacts[each]["turn"]), each))
        chosen = {each: contacts[each] for each in order[offset : offset + limit]}
        whys, now = await self._whys(chosen), await self._now()
        return [_waiting(contact_id, found, now, whys.get(contact_id)) for contact_id, found in chosen.items()]

    async def time(self) -> datetime:
        """Return what time it is in the store."""
        return moment(await self._now())

    async def _contacts(self, ids: Sequence[str]) -> dict[str, Fields]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for contact_id in ids:
                pipe.hgetall(self._key(f"c:{contact_id}"))
            answers = await asked(pipe) if ids else []
        return {
            contact_id: _fields(fields, body=True)
            for contact_id, fields in zip(ids, answers, strict=True)
            if b"sig" in fields
        }

    async def _queue(self, name: str, signature: str, ready: list[Ready], now: float) -> QueueView:
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel in Channel:
                pipe.zcard(self._key(f"w:{name}|{channel}"))
                pipe.zrange(self._key(f"w:{name}|{channel}"), 0, 0, withscores=True)
            answers = await asked(pipe)
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

    async def _position(self, contact_id: str, found: Fields) -> int | None:
        rank = await one(self._redis.zrank(self._key(f"w:{found['queue']}|{found['ch']}"), contact_id))
        return None if rank is None else int(rank) + 1

    async def _whys(self, contacts: Mapping[str, Fields]) -> dict[str, str]:
        """Return why each of those that wait does."""
        waiting = {each: found for each, found in contacts.items() if found["state"] == "waiting"}
        if not waiting:
            return {}
        ready, now = await self._ready(), await self._now()
        async with self._redis.pipeline(transaction=False) as pipe:
            for contact_id in waiting:
                pipe.zrangebyscore(self._key(f"cool:{contact_id}"), now, "+inf")
            cooling = await asked(pipe)
        return {
            contact_id: reason(found, ready, {each.decode() for each in cool}, now, mail_waits=self._mail_waits())
            for (contact_id, found), cool in zip(waiting.items(), cooling, strict=True)
        }

    async def _ready(self) -> list[Ready]:
        names = sorted(await one(self._redis.smembers(self._key("ready"))))
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(self._key(f"a:{name.decode()}"), "cap", "used", "soft", "profile", "offer")
            answers = await asked(pipe) if names else []
        return [
            Ready(
                name.decode(),
                room=int(cap or 0) - int(used or 0),
                live_room=int(cap or 0) - int(used or 0) + int(soft or 0),
                profile=(profile or b"").decode(),
                busy=bool(offer),
            )
            for name, (cap, used, soft, profile, offer) in zip(names, answers, strict=True)
        ]

    async def _now(self) -> float:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(self._key("clock"))
            (seconds, micros), offset = await asked(pipe)
        return float(int(seconds) * 1000 + int(micros) // 1000 + int(offset or 0))


def _fields(raw: Mapping[bytes, bytes], *, body: bool = False) -> Fields:
    return {name.decode(): value.decode() for name, value in raw.items() if body or name != b"body"}


def _waiting(contact_id: str, found: Fields, now: float, why: str | None) -> WaitingView:
    body = orjson.loads(found.get("body") or "{}")
    since = max(float(found["arr"]), float(found.get("from") or 0))
    return WaitingView(
        contact_id=contact_id,
        queue=found["queue"],
        channel=Channel(found["ch"]),
        priority=found["priority"],
        kind=WorkKind(found.get("kind") or WorkKind.CONTACT),
        waited_seconds=max(0.0, (now - since) / 1000),
        due_at=datetime.fromisoformat(body["due_at"]) if body.get("due_at") else None,
        unit=str(body.get("unit", "")),
        state=found["state"],
        agent_id=found.get("agent") or None,
        step=int(found.get("step") or 0),
        why_waiting=why,
    )


def _able(profile: str, skills: Mapping[str, int]) -> bool:
    known = parse_profile(profile)
    return any(can_take(known, Requirement(channel, skills)) for channel in known.channels)


def _happening(line: str) -> Happening:
    at, what, agent, detail = line.split("|", 3)
    return Happening(moment(float(at)), what, agent or None, detail or None)
