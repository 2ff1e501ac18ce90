"""Whose case it is, and which cases of a person are open: so that she comes back to the agent who knows.

Ids and keyed hashes only. What happened to a case counts by when it happened, so that repeated and late words change
nothing; all is forgotten 90 days after the last word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from shared.clock import Clock, utc_now
from shared.settings import ServiceSettings

KEPT = timedelta(days=90)
_NEWEST = 16
"""How many of a person's open cases are searched for one that has an agent."""

# KEYS: the case, and what begins a person's key. A case keeps what is known of it, and by when. Beside it stands for
# each person a set of her open cases as `case|agent`, by when they were last worked on.
_NOTE = """
local case, people = KEYS[1], KEYS[2]
local id, at, state, person, agent, since, kept = unpack(ARGV)
local function text(field) return redis.call('HGET', case, field) or '' end
local function newer(field) return tonumber(at) >= (tonumber(text(field)) or -1) end
if person ~= '' then redis.call('HSET', case, 'person', person) end
if state ~= '' and newer('state_at') then redis.call('HSET', case, 'state', state, 'state_at', at) end
if agent ~= '' and newer('agent_at') then redis.call('HSET', case, 'agent', agent, 'agent_at', at) end
if newer('at') then redis.call('HSET', case, 'at', at) end
redis.call('PEXPIRE', case, kept)
if text('person') == '' then return end
local hers = people .. text('person')
if text('member') ~= '' then redis.call('ZREM', hers, text('member')) end
if text('state') == 'open' or text('state') == 'away' then
  local member = id .. '|' .. (text('state') == 'open' and text('agent') or '')
  redis.call('ZADD', hers, text('at'), member)
  redis.call('HSET', case, 'member', member)
  redis.call('PEXPIRE', hers, kept)
end
redis.call('ZREMRANGEBYSCORE', hers, '-inf', since)
"""


@dataclass(frozen=True, slots=True)
class CaseNews:
    """What one event says of a case: its state (`open`, `away`: with a verksamhet, `closed`), its person, its agent."""

    case_id: str
    at: datetime
    state: str | None = None
    person: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class OpenCases:
    """How many cases of a person are not closed, and which agent last worked on one that the centre has."""

    count: int
    agent: str | None


class CaseAgents:
    """The agent of each case, and the open cases of each person."""

    def __init__(self, redis: "Redis", settings: ServiceSettings, clock: Clock = utc_now) -> None:
        self._redis = redis
        self._case = f"{{{settings.domain}}}:case:"
        self._person = f"{{{settings.domain}}}:person-cases:"
        self._clock = clock

    async def note(self, news: Sequence[CaseNews]) -> None:
        """Take in what happened; in one round trip, in any order, again without effect."""
        if not news:
            return
        since, kept = self._since(), KEPT // timedelta(milliseconds=1)
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in news:
                told = (one.case_id, _milliseconds(one.at), one.state or "", one.person or "", one.agent or "")
                pipe.eval(_NOTE, 2, self._case + one.case_id, self._person, *told, since, kept)
            await pipe.execute()

    async def of(self, cases: Sequence[str]) -> dict[str, str]:
        """Return the agent of each case that has one."""
        if not cases:
            return {}
        async with self._redis.pipeline(transaction=False) as pipe:
            for case_id in cases:
                pipe.hget(self._case + case_id, "agent")
            found = await pipe.execute()
        return {case_id: agent.decode() for case_id, agent in zip(cases, found, strict=True) if agent}

    async def open_of(self, persons: Sequence[str]) -> dict[str, OpenCases]:
        """Return the open cases of each person (by keyed hash) who has any; in one round trip."""
        wanted = list(dict.fromkeys(person for person in persons if person))
        if not wanted:
            return {}
        since = self._since()
        async with self._redis.pipeline(transaction=False) as pipe:
            for person in wanted:
                pipe.zcount(self._person + person, f"({since}", "+inf")
                pipe.zrevrangebyscore(self._person + person, "+inf", f"({since}", start=0, num=_NEWEST)
            answers: list[Any] = await pipe.execute()
        found = zip(wanted, answers[::2], answers[1::2], strict=True)
        return {person: OpenCases(count, _agent(newest)) for person, count, newest in found if count}

    def _since(self) -> int:
        return _milliseconds(self._clock() - KEPT)


def _agent(members: Sequence[bytes]) -> str | None:
    agents = (member.decode().partition("|")[2] for member in members)
    return next((agent for agent in agents if agent), None)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
