"""Invented agents who work as real ones do: ready, pull, accept, follow the checklist, close or hand over."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from deploy.demo.incident import Disturbance
from deploy.demo.stack_info import StackInfo

Json = dict[str, Any]
OWED = "obligatory-step-open"
"""The problem of a close that the checklist does not allow yet."""
HEARTBEAT = 8.0
"""Seconds between heartbeats; the router frees an agent's offers after 30 s of silence."""

COMMON = 0.75
"""How often the commonest answer is the right one without a look at the others."""


class Taken(Exception):  # noqa: N818 - it is no error: somebody else was first
    """The offer is no longer hers."""


@dataclass
class AgentClient:
    """One agent's hands on the HTTP doors of router and casework."""

    stack: StackInfo
    http: httpx.AsyncClient
    agent: str

    async def presence(self, presence: str) -> Json:
        """Say that she is ready, away or offline; repeated it is the heartbeat."""
        return await self._json("PUT", f"{self._me}/presence", {"presence": presence})

    async def pull(self, wait: int = 25) -> Json | None:
        """Wait for an offer; None when none came in time."""
        answer = await self._send("POST", f"{self._me}/pull?wait={wait}", {})
        return None if answer.status_code == httpx.codes.NO_CONTENT else dict(answer.json())

    async def accept(self, offer: Json) -> Json:
        """Take the contact; raises `Taken` when it is no longer hers."""
        url = f"{self.stack.router}/api/v1/offers/{offer['offer_id']}/accept"
        answer = await self.http.post(url, json={"epoch": offer["epoch"]}, headers=self.stack.machine)
        if answer.status_code == httpx.codes.CONFLICT:
            raise Taken
        answer.raise_for_status()
        return dict(answer.json())

    async def case_of(self, contact_id: str, within: float = 15.0) -> Json:
        """Return the case of a contact as soon as it is there."""
        async with asyncio.timeout(within):
            while True:
                found = await self._json("GET", f"{self.stack.casework}/api/v1/cases?contact_id={contact_id}")
                if found["items"]:
                    return await self.case(found["items"][0]["number"])
                await asyncio.sleep(0.1)

    async def case(self, number: str) -> Json:
        """Return the case of a number."""
        return await self._json("GET", f"{self.stack.casework}/api/v1/cases/{number}")

    async def do(self, number: str, verb: str, body: Json) -> Json:
        """Do something with a case: `classify`, `steps`, `reply`, `close`, `handover/preview`, `handover`."""
        return await self._json(
            "POST", f"{self.stack.casework}/api/v1/cases/{number}/{verb}", {"by": self.agent} | body
        )

    async def close(self, number: str, body: Json) -> Json:
        """Close a case; of its checklist only what must be done before is done, by the commonest answers."""
        while True:
            try:
                return await self.do(number, "close", body)
            except httpx.HTTPStatusError as error:
                if not str(error.response.json().get("type")).endswith(OWED):
                    raise
                if await self._step(await self.case(number), lambda options: options[0]) is None:
                    raise

    async def complete(self, accepted: Json, case_type: str | None) -> None:
        """Free her hands in the router at once, without waiting for the case's end to come by Kafka (409: it has)."""
        url = f"{self.stack.router}/api/v1/contacts/{accepted['contact_id']}/complete"
        body = {"epoch": accepted["epoch"], "case_type": case_type}
        answer = await self.http.post(url, json=body, headers=self.stack.machine)
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()

    async def walk(self, case: Json, dice: random.Random) -> Json:
        """Follow the checklist to one of its ends, mostly by the commonest answers; return the case as it then is."""
        for _ in range(30):
            further = await self._step(case, lambda options: _chosen(options, dice))
            if further is None:
                break
            case = further
        return case

    async def _step(self, case: Json, choose: Callable[[Sequence[Json]], Json]) -> Json | None:
        """Do the step where the case stands; None when there is none."""
        checklist = case.get("checklist")
        step = checklist and next((step for step in checklist["steps"] if step["state"] == "now"), None)
        if not step:
            return None
        answer = {"option": choose(step["options"])["label"]} if step["options"] else {}
        return await self.do(case["number"], "steps", {"step": step["id"], **answer})

    @property
    def _me(self) -> str:
        return f"{self.stack.router}/api/v1/agents/{self.agent}"

    async def _json(self, method: str, url: str, body: Json | None = None) -> Json:
        return dict((await self._send(method, url, body)).json())

    async def _send(self, method: str, url: str, body: Json | None = None) -> httpx.Response:
        answer = await self.http.request(method, url, json=body, headers=self.stack.machine)
        answer.raise_for_status()
        return answer


@dataclass
class Team:
    """All agents of the day, at work from `async with` on until it ends; `scale` shortens their work as the day's."""

    stack: StackInfo
    http: httpx.AsyncClient
    agents: Sequence[str]
    scale: float
    dice: random.Random
    heard: Mapping[str, str] = field(default_factory=dict)
    """The case type by contact where the citizen says it aloud; else the agent takes the first suggestion."""
    disturbance: Disturbance | None = None
    closed: int = 0
    handed_over: int = 0
    troubles: list[str] = field(default_factory=list)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._shift(AgentClient(self.stack, self.http, a))) for a in self.agents]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _shift(self, agent: AgentClient) -> None:
        beat = asyncio.create_task(self._heartbeat(agent))
        try:
            while True:
                await self._one(agent)
        finally:
            beat.cancel()
            await agent.presence("offline")

    async def _heartbeat(self, agent: AgentClient) -> None:
        while True:
            try:
                await agent.presence("ready")
            except httpx.HTTPError as error:
                self.troubles.append(f"{agent.agent}: {_said(error)}")
            await asyncio.sleep(HEARTBEAT)

    async def _one(self, agent: AgentClient) -> None:
        try:
            offer = await agent.pull()
            if offer is not None:
                await self._work(agent, offer)
        except Taken:
            return
        except (httpx.HTTPError, TimeoutError, KeyError) as error:
            self.troubles.append(f"{agent.agent}: {_said(error)}")
            await asyncio.sleep(1)

    async def _work(self, agent: AgentClient, offer: Json) -> None:
        accepted = await agent.accept(offer)
        case = await agent.case_of(offer["contact_id"])
        suggested = [candidate["case_type"] for candidate in offer["candidates"][:1]]
        if right := self.heard.get(offer["contact_id"]) or next(iter(suggested), None):
            case = await agent.do(case["number"], "classify", {"case_type": right})
        if self.disturbance is not None:
            await self.disturbance.link(case["number"], case["case_type"])
        case = await agent.walk(case, self.dice)
        await asyncio.sleep(self._minutes(offer["channel"]) * 60 / self.scale)
        await self._end(agent, case)
        await agent.complete(accepted, case["case_type"])

    async def _end(self, agent: AgentClient, case: Json) -> None:
        end = (case.get("checklist") or {}).get("end") or {}
        hand_over = end.get("kind") == "handover" or (not end and self.dice.random() < 0.3)
        if hand_over:
            await agent.do(case["number"], "handover", {"request_id": f"demo-{case['number']}"})
            self.handed_over += 1
            return
        text = "Hej! Tack för din fråga. Här kommer svaret från kontaktcenter." if case["channel"] == "email" else None
        await agent.close(case["number"], {"resolution": end.get("resolution") or "lost_av_kc", "text": text})
        self.closed += 1

    def _minutes(self, channel: str) -> float:
        usual = {"phone": 4.0, "visit": 6.0, "email": 3.5}.get(channel, 3.0)
        return usual * self.dice.lognormvariate(0, 0.4)


def _chosen(options: Sequence[Json], dice: random.Random) -> Json:
    """Return an answer: the first is the commonest (`deploy/seed/checklists/README.md`)."""
    return options[0] if dice.random() < COMMON else dice.choice(options)


def _said(error: Exception) -> str:
    """Return what went wrong, with the answer's own words where there are any."""
    if isinstance(error, httpx.HTTPStatusError):
        request = error.request
        return f"{error.response.status_code} {request.method} {request.url.path} {error.response.text[:200]}"
    return repr(error)
