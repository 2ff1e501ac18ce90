"""What must hold in the store after every command, read straight from its keys and held against the domain's rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from services.router.domain.contact import COST, HELD, LIVE, OCCUPYING, OPEN
from services.router.domain.order import CLASSES, GRACE, Place
from services.router.domain.skills import Profile, can_take, parse_profile, parse_signature
from shared.vocabulary import Channel, ContactState

_READERS = {b"hash": "hgetall", b"set": "smembers", b"string": "get"}


@dataclass(slots=True)
class Held:
    """One contact as the store has it."""

    id: str
    state: ContactState
    fields: dict[str, str]

    @property
    def channel(self) -> Channel:
        return Channel(self.fields["ch"])

    @property
    def agent(self) -> str:
        return self.fields.get("agent", "")

    @property
    def anothers(self) -> bool:
        """Whether it waits in somebody else's queue."""
        return bool(self.fields.get("own")) and self.fields.get("kind") != "return_call"

    @property
    def epoch(self) -> int:
        return int(self.fields["epoch"])

    @property
    def member(self) -> str:
        return f"{int(self.fields['arr']):013d}:{self.id}"

    @property
    def place(self) -> Place:
        number = int(self.fields["sig"].split("|", 1)[0])
        return Place(CLASSES[number], _moment(self.fields["turn"]), _moment(self.fields["arr"]))


@dataclass(slots=True)
class Picture:
    """Everything of a domain at one moment."""

    now: datetime
    keys: dict[str, Any]
    contacts: dict[str, Held] = field(default_factory=dict)

    def of(self, name: str, empty: Any) -> Any:
        return self.keys.get(name, empty)

    def under(self, prefix: str) -> Iterator[tuple[str, Any]]:
        return ((name[len(prefix) :], value) for name, value in self.keys.items() if name.startswith(prefix))

    def agent(self, agent_id: str) -> dict[str, str]:
        found: dict[str, str] = self.of(f"a:{agent_id}", {})
        return found

    @property
    def now_ms(self) -> float:
        return self.now.timestamp() * 1000

    def kept(self, contact: Held) -> bool:
        """Whether it is let to nobody yet, or to its preferred agent alone."""
        return self.early(contact) or float(contact.fields.get("hold") or 0) > self.now_ms

    def early(self, contact: Held) -> bool:
        return contact.anothers or float(contact.fields.get("from") or 0) > self.now_ms

    def cooling(self, contact_id: str, agent_id: str) -> bool:
        till = self.of(f"cool:{contact_id}", {}).get(agent_id, 0)
        return bool(till > self.now.timestamp() * 1000)

    def has_leave(self, agent_id: str, channel: Channel) -> bool:
        """Whether her pause, her limit and blending let her have something of this channel."""
        agent = self.agent(agent_id)
        _, limit, window, blend = (agent.get("terms") or "0|0|0|").split("|")
        taken = [int(each) for each in self.of(f"win:{agent_id}", [])]
        limited = taken[int(limit) - 1] + int(window) if 0 < int(limit) <= len(taken) else 0
        waits = dict(each.split("=") for each in blend.split(",") if each)
        blended = int(agent.get("idle", 0)) + int(waits.get(channel.value, 0)) if channel.value in waits else 0
        return max(float(agent.get("pause", 0)), limited, blended) <= self.now_ms

    def could_take(self, contact: Held, agent_id: str, profile: Profile) -> bool:
        """Whether a pull by a ready agent with this profile may give her the contact."""
        agent = self.agent(agent_id)
        room = int(agent.get("cap", 100)) - int(agent.get("used", 0))
        room += int(agent.get("soft", 0)) if contact.channel in LIVE else 0
        return (
            contact.state == ContactState.WAITING
            and not self.early(contact)
            and (not self.kept(contact) or contact.fields.get("pref") == agent_id)
            and self.has_leave(agent_id, contact.channel)
            and COST[contact.channel] <= room
            and can_take(profile, parse_signature(contact.fields["sig"]))
            and not self.cooling(contact.id, agent_id)
        )


async def picture(redis: Redis, tag: str) -> Picture:
    """Read all of a domain (tests only: it asks for all keys)."""
    names: list[Any] = sorted(await redis.keys(f"{tag}:*"))
    async with redis.pipeline(transaction=True) as pipe:
        pipe.time()
        for name in names:
            pipe.type(name)
        (seconds, micros), *types = await pipe.execute()
        for name, kind in zip(names, types, strict=True):
            match kind:
                case b"zset":
                    pipe.zrange(name, 0, -1, withscores=True)
                case b"list":
                    pipe.lrange(name, 0, -1)
                case b"stream":
                    pipe.xlen(name)
                case _:
                    getattr(pipe, _READERS.get(kind, "get"))(name)
        values = await pipe.execute()
    keys = {name.decode()[len(tag) + 1 :]: _plain(value) for name, value in zip(names, values, strict=True)}
    now = seconds + micros / 1e6 + int(keys.get("clock") or 0) / 1000
    made = Picture(datetime.fromtimestamp(now, UTC), keys)
    for contact_id, fields in made.under("c:"):
        if fields.get("state") in {state.value for state in ContactState} and "sig" in fields:
            made.contacts[contact_id] = Held(contact_id, ContactState(fields["state"]), fields)
    return made


def check(seen: Picture) -> None:
    """Assert what must always hold."""
    _each_contact_is_in_one_place(seen)
    _capacity_is_what_is_held(seen)
    _deadlines_belong_to_something(seen)
    _counts_are_what_waits(seen)
    _nobody_waits_beside_a_fitting_contact(seen)


def _each_contact_is_in_one_place(seen: Picture) -> None:
    waiting = [c for c in seen.contacts.values() if c.state == ContactState.WAITING]
    lines = {(sig, member) for sig, members in seen.under("q:") for member in members}
    lease = seen.of("lease", {})
    for contact in waiting:
        there = (contact.fields["sig"], contact.member) in lines
        assert there or f"f:{contact.id}" in lease or f"r:{contact.id}" in lease, f"{contact.id} waits nowhere"
        assert there or seen.kept(contact) or _is_due(seen, contact), f"{contact.id} is kept from others for nothing"
    assert lines <= {(c.fields["sig"], c.member) for c in waiting}, "lines hold only the waiting"
    assert set(seen.of("heads", {})) == {sig for sig, _ in lines} == set(seen.of("lates", {}))
    for sig, score in seen.of("heads", {}).items():
        first = min(seen.keys[f"q:{sig}"].values())
        number = int(sig[0])
        assert score == number * 2**43 + first, "heads know the first of each line"
        assert seen.of("lates", {})[sig] == first + GRACE[CLASSES[number]].total_seconds() * 1000
    preferred = {(agent, member) for agent, members in seen.under("pref:") for member in members}
    assert preferred == {
        (c.fields["pref"], c.member) for c in waiting if c.fields.get("pref") and f"f:{c.id}" not in lease
    }


def _is_due(seen: Picture, contact: Held) -> bool:
    """Whether time has passed that the sweeper has not seen yet."""
    lease = seen.of("lease", {})
    return any(lease.get(f"{kind}:{contact.id}", 9e15) <= seen.now_ms for kind in "fr")


def _capacity_is_what_is_held(seen: Picture) -> None:
    items = {(agent, contact): int(cost) for agent, held in seen.under("i:") for contact, cost in held.items()}
    expected = {(c.agent, c.id): COST[c.channel] for c in seen.contacts.values() if c.state in OCCUPYING}
    assert items == expected, "agents hold exactly what is theirs"
    for agent_id, fields in seen.under("a:"):
        hers = [(seen.contacts[contact], cost) for (agent, contact), cost in items.items() if agent == agent_id]
        assert int(fields.get("used", 0)) == sum(cost for _, cost in hers), f"drift of {agent_id}"
        soft = sum(cost for contact, cost in hers if contact.channel not in LIVE)
        assert int(fields.get("soft", 0)) == soft, f"drift of {agent_id}"
        offered = [c.id for c, _ in hers if c.state == ContactState.OFFERED]
        assert [fields["offer"]] if fields.get("offer") else offered == []
        live = sum(cost for contact, cost in hers if contact.channel in LIVE)
        assert max(live, soft) <= int(fields.get("cap", 100)) or not offered
        _held_work_belongs_to_a_live_contact(seen, agent_id, [contact for contact, _ in hers])


def _held_work_belongs_to_a_live_contact(seen: Picture, agent_id: str, hers: list[Held]) -> None:
    on_hold = set(seen.of(f"hold:{agent_id}", {}))
    live = any(c.channel in LIVE and c.state != ContactState.OFFERED for c in hers)
    mail = {c.id for c in hers if c.channel not in LIVE and c.state == ContactState.ASSIGNED}
    assert on_hold <= mail, "only what she works on is held"
    assert live or not on_hold, "held for nothing"


def _deadlines_belong_to_something(seen: Picture) -> None:
    lease = set(seen.of("lease", {}))
    offered = {f"o:{c.id}" for c in seen.contacts.values() if c.state == ContactState.OFFERED}
    connecting = {f"x:{c.id}" for c in seen.contacts.values() if c.state == ContactState.CONNECTING}
    assert {m for m in lease if m.startswith("o:")} == offered, "reserved without lease"
    assert {m for m in lease if m.startswith("x:")} == connecting
    wrapping = {f"w:{c.id}" for c in seen.contacts.values() if c.state == ContactState.WRAPPING}
    assert {m for m in lease if m.startswith("w:")} == wrapping, "after-work without an end"
    waiting = {c.id for c in seen.contacts.values() if c.state in {ContactState.WAITING, ContactState.OFFERED}}
    assert {m[2:] for m in lease if m[:2] in {"s:", "f:", "r:"}} <= waiting
    present = {agent for agent, fields in seen.under("a:") if fields.get("presence", "offline") != "offline"}
    assert {f"p:{agent}" for agent in present} <= lease, "present without lease"
    for contact in seen.contacts.values():
        if any(seen.cooling(contact.id, agent) for agent in seen.of(f"cool:{contact.id}", {})):
            assert contact.state not in OPEN - HELD or f"m:{contact.id}" in lease, "cooling without an end"


def _counts_are_what_waits(seen: Picture) -> None:
    counted = {(queue, contact) for queue, members in seen.under("w:") for contact in members}
    assert counted == {
        (f"{c.fields['queue']}|{c.fields['ch']}", c.id)
        for c in seen.contacts.values()
        if c.state in {ContactState.WAITING, ContactState.OFFERED}
        and not (c.anothers and c.fields["own"] == "elsewhere")
    }


def _nobody_waits_beside_a_fitting_contact(seen: Picture) -> None:
    for agent_id, fields in seen.under("a:"):
        waits = float(fields.get("wait_until", 0)) > seen.now_ms
        if not waits or fields.get("presence") != "ready" or fields.get("offer"):
            assert not fields.get("wkey") or not waits or fields.get("presence") == "ready", "sits without being ready"
            continue
        if seen.of("lease", {}).get(f"b:{agent_id}", 9e15) <= seen.now_ms:
            continue  # the sweeper will seat her
        profile = parse_profile(fields["profile"])
        missed = [c.id for c in seen.contacts.values() if seen.could_take(c, agent_id, profile)]
        missed = [contact_id for contact_id in missed if not _is_due(seen, seen.contacts[contact_id])]
        assert not missed, f"{agent_id} waits beside {missed}"


def best_of(seen: Picture, agent_id: str, profile: Profile) -> tuple[str | None, str | None]:
    """Return the contact that the rules of order give this agent, and the longest late one."""
    able = [c for c in seen.contacts.values() if seen.could_take(c, agent_id, profile)]
    usual = min(
        able, key=lambda c: (c.place.number, c.fields.get("pref") != agent_id, c.place.turn, c.member), default=None
    )
    late = min(
        (c for c in able if c.place.late(seen.now) and not seen.kept(c)),
        key=lambda c: (c.place.turn + GRACE[c.place.priority], c.member),
        default=None,
    )
    return usual.id if usual else None, late.id if late else None


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return {name.decode(): content.decode("utf-8", "replace") for name, content in value.items()}
        case set() | frozenset():
            return {each.decode() for each in value}
        case [[_, _], *_] | [(_, _), *_]:
            return {member.decode(): float(score) for member, score in value}
        case _:
            return value


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
