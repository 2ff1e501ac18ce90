"""An agent asks for work: her open offer, the best contact, or a wait until there is something for her."""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.router.domain.skills import Profile, profile_of
from services.router.store.domain import heed_cancellation
from services.router.store.queues import Availability, Offered, Queues
from services.router.store.waiters import Waiters
from shared.errors import NotFoundError
from shared.records import AgentProfile
from shared.vocabulary import Channel, Presence

_LOOK_AGAIN_SECONDS = 10.0

AgentOf = Callable[[str], AgentProfile | None]
GreetingOf = Callable[[str], str]
"""The words that an entrance is greeted with; `{agent}` is the agent's first name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One contact, offered to one agent until `expires_at`."""

    offer_id: str
    epoch: int
    contact_id: str
    channel: Channel
    entrance: str
    greeting: str
    unit: str
    queue: str
    priority: str
    waited_seconds: float
    due_at: str | None
    expires_at: datetime
    candidates: list[dict[str, Any]]
    checklist: dict[str, Any] | None


class UnknownAgentError(NotFoundError):
    """No such agent works here."""

    type = "unknown-agent"
    title = "Det finns ingen kommunvägledare med det id:t."


def working_agent(agent_of: AgentOf, agent_id: str) -> AgentProfile:
    """Return the agent's profile; UnknownAgentError when there is none, or she works here no more."""
    agent = agent_of(agent_id)
    if agent is None or not agent.active:
        raise UnknownAgentError
    return agent


def skills_of(agent: AgentProfile) -> Profile:
    """Return what an agent can take."""
    return profile_of(agent.skills, agent.languages, agent.channels)


@dataclass(frozen=True, slots=True)
class Pull:
    """Waits without asking: the store wakes exactly the agent it has made an offer for."""

    queues: Queues
    waiters: Waiters
    agent_of: AgentOf
    greeting_of: GreetingOf

    async def next_offer(self, agent_id: str, wait: float, channels: Collection[Channel] | None = None) -> Offer | None:
        """Return an offer at once or within `wait` seconds; None when there is none."""
        agent = working_agent(self.agent_of, agent_id)
        profile = skills_of(agent)
        if channels is not None:
            profile = profile.narrowed(channels)
        with self.waiters.waiting(agent_id) as woken:
            try:
                offered = await self._wait(agent, profile, wait, woken)
            except asyncio.CancelledError:
                await self._left(agent_id)
                raise
        return None if offered is None else self._shown(offered, agent)

    async def _wait(self, agent: AgentProfile, profile: Profile, wait: float, woken: asyncio.Event) -> Offered | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            left = until - loop.time()
            offered = await self.queues.pull(agent.id, profile, agent.capacity, wait=left)
            heed_cancellation()
            if offered is not None or left <= 0:
                return offered
            again = min(left, _LOOK_AGAIN_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - jitter is no secret
            try:
                async with asyncio.timeout(again):
                    await woken.wait()
            except TimeoutError:
                continue
            finally:
                woken.clear()

    async def _left(self, agent_id: str) -> None:
        """The client is gone: unless another of her requests waits here, she is offered nothing."""
        if self.waiters.count(agent_id) == 1:
            await asyncio.shield(self.queues.stop_waiting(agent_id))

    def _shown(self, offered: Offered, agent: AgentProfile) -> Offer:
        body = orjson.loads(offered.body)
        return Offer(
            offer_id=f"{offered.contact_id}.{offered.epoch}",
            epoch=offered.epoch,
            contact_id=offered.contact_id,
            channel=Channel(body["channel"]),
            entrance=body["entrance"],
            greeting=self.greeting_of(body["entrance"]).replace("{agent}", agent.name.split(" ", 1)[0]),
            unit=body["unit"],
            queue=offered.queue,
            priority=offered.priority,
            waited_seconds=offered.waited_seconds,
            due_at=body.get("due_at"),
            expires_at=offered.expires_at,
            candidates=body.get("candidates", []),
            checklist=body.get("checklist"),
        )


@dataclass(frozen=True, slots=True)
class SetPresence:
    """An agent says what she is available for; saying it again is her heartbeat."""

    queues: Queues
    agent_of: AgentOf

    async def set(self, agent_id: str, presence: Presence, reason: str | None) -> Availability:
        """Set her presence; READY is matched at once when a request of hers waits."""
        agent = working_agent(self.agent_of, agent_id)
        return await self.queues.presence(agent_id, presence, reason, skills_of(agent), agent.capacity)
