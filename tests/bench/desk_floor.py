"""Agents at their desks as the server sees them: a stream each, and one deed after the other at their own pace."""

import asyncio
import contextlib
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import psutil

from shared.vocabulary import Role
from shared.web.access import ALL_UNITS, Person
from shared.web.session import COOKIE, make_sessions
from tests.bench.case_data import Town
from tests.bench.case_house import CaseHouse
from tests.bench.common import quantile
from tests.bench.http import Connection

_TOKEN = re.compile(r'<meta name="csrf" content="([^"]+)"')
_STEP = re.compile(r'<button (?:name="option" value="([^"]*)" )?formaction="(/desk/cases/[^"]+/steps[^"]*)"')
_HIDDEN = re.compile(r'<input type="hidden" name="(seen|last)" value="([^"]*)"')
_CASE = re.compile(r'action="/desk/cases/([^/"]+)/note"')
_FORM = "Content-Type: application/x-www-form-urlencoded\r\nHX-Request: true\r\n"
_DEEDS = {"desk": 20, "case": 20, "step": 20, "note": 20, "beat": 12, "search": 8}
"""How often each is done, of a hundred."""


@dataclass
class Times:
    """Milliseconds of each kind of request."""

    each: dict[str, list[float]] = field(default_factory=dict)
    nothing: list[float] = field(default_factory=list)
    refused: int = 0
    """Answers that are no page: what a run says of it should be 0."""
    cpu: float = 0.0
    """Of one core, what casework used."""

    def __len__(self) -> int:
        return sum(map(len, self.each.values()))

    @property
    def names(self) -> list[str]:
        return sorted(self.each)

    def of(self, *names: str) -> dict[str, float]:
        times = [one for name in names or self.names for one in self.each.get(name, ())]
        return {"p50": quantile(times, 0.5, 1), "p95": quantile(times, 0.95, 1), "max": round(max(times, default=0), 1)}

    def floor(self) -> dict[str, float]:
        return {"p50": quantile(self.nothing, 0.5, 1), "p95": quantile(self.nothing, 0.95, 1)}


class Agent:
    """One of them."""

    def __init__(self, url: str, cookie: str, town: Town, number: int) -> None:
        self._connection = Connection(url, {"Cookie": f"{COOKIE}={cookie}"})
        self._town, self._rng = town, random.Random(number)
        self._shown = self._token = ""

    async def sit_down(self) -> None:
        """Open the desk."""
        await self._get("/desk")
        self._token = next(iter(_TOKEN.findall(self._shown)), "")

    async def act(self, times: Times) -> None:
        """Do one thing, and note how long the answer took."""
        (name,) = self._rng.choices(list(_DEEDS), list(_DEEDS.values()))
        case = next(iter(_CASE.findall(self._shown)), None)
        if case is None and name in {"step", "note", "beat"}:
            name = "desk"  # nothing is on it
        began = time.perf_counter()
        status = await self._do(name, case or "")
        times.each.setdefault(name, []).append((time.perf_counter() - began) * 1e3)
        times.refused += status >= 400

    async def _do(self, name: str, case: str) -> int:
        if name == "step":
            return await self._step(case)
        if name == "note":
            return await self._post(f"/desk/cases/{case}/note", {"note": f"Hon ringer igen {self._rng.random()}"})
        if name == "beat":
            return await self._post(f"/desk/cases/{case}/beat", {})
        if name == "search":
            return await self._get(f"/cases?q={quote(self._rng.choice(self._town.made).person.last)}", keep=False)
        if name == "case":
            return await self._get(f"/cases/{self._rng.choice(self._town.made).number}", keep=False)
        return await self._get("/desk")

    async def _step(self, case: str) -> int:
        """Do the step that is next; at the end of the list begin it anew."""
        said = dict(_HIDDEN.findall(self._shown))
        ways = _STEP.findall(self._shown)
        if not ways:
            return await self._post(f"/desk/cases/{case}/restart", said, keep=True)
        option, path = self._rng.choice(ways)
        return await self._post(unescape(path), said | {"option": option, "reference": "B 4.1"}, keep=True)

    async def _get(self, path: str, *, keep: bool = True) -> int:
        status, body = await self._connection.call("GET", path)
        if keep:
            self._shown = body.decode()
        return status

    async def _post(self, path: str, form: dict[str, str], *, keep: bool = False) -> int:
        more = f"{_FORM}X-CSRF-Token: {self._token}\r\n"
        status, body = await self._connection.call("POST", path, urlencode(form).encode(), more)
        if keep and status < 400:
            self._shown = body.decode()
        return status

    async def close(self) -> None:
        await self._connection.__aexit__(None, None, None)


@dataclass
class Floor:
    """The desks of a casework process."""

    own: CaseHouse
    town: Town
    think: float

    async def at_work(self, count: int, seconds: float) -> Times:
        """Let so many work for so long."""
        times, url = Times(), self.own.plan.url("casework")
        async with AsyncExitStack() as leaving:
            agents = []
            for number in range(count):
                cookie = await cookie_of(self.own, f"agent-{number:03}")
                await leaving.enter_async_context(_stream(url, cookie))
                agents.append(Agent(url, cookie, self.town, number))
                leaving.push_async_callback(agents[-1].close)
                await agents[-1].sit_down()
            process = psutil.Process(self.own.pid)
            used, began = sum(process.cpu_times()[:2]), time.perf_counter()
            until = began + seconds
            await asyncio.gather(*(self._work(one, times, until) for one in agents), _nothing(url, times, until))
            times.cpu = round((sum(process.cpu_times()[:2]) - used) / (time.perf_counter() - began), 2)
        return times

    async def _work(self, agent: Agent, times: Times, until: float) -> None:
        await asyncio.sleep(random.random() * self.think)
        while time.perf_counter() < until:
            await agent.act(times)
            await asyncio.sleep(self.think * (0.5 + random.random()))


async def _nothing(url: str, times: Times, until: float) -> None:
    """Ask now and then for what costs nothing."""
    async with Connection(url) as connection:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await connection.call("GET", "/health/live")
            times.nothing.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0.1)


async def cookie_of(own: CaseHouse, agent: str) -> str:
    """Log an agent in and return her cookie."""
    sessions = make_sessions(own.settings)
    try:
        return await sessions.start(Person(agent, agent, frozenset({Role.AGENT}), frozenset({ALL_UNITS})))
    finally:
        await sessions.close()


@asynccontextmanager
async def _stream(url: str, cookie: str) -> AsyncIterator[None]:
    """Keep the desk's stream open; what it says is read and forgotten."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = f"Host: {where.netloc}\r\nCookie: {COOKIE}={cookie}\r\nAccept: text/event-stream\r\n\r\n"
    writer.write(f"GET /desk/live HTTP/1.1\r\n{head}".encode())
    reading = asyncio.create_task(_forget(reader))
    try:
        yield
    finally:
        reading.cancel()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _forget(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass
