"""An agent asks for work: her open offer, the best contact, or a wait until there is something for her."""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from services.router.domain.contact import offer_id
from services.router.domain.skills import Terms
from services.router.store.domain import heed_cancellation
from services.router.store.queues import Availability, Offered, Queues
from services.router.store.waiters import Waiters
from services.router.usecases.terms import AgentTerms, working_agent
from shared.errors import DomainError
from shared.records import AgentProfile
from shared.vocabulary import Channel, Presence, TakenOver, WorkKind

_LOOK_AGAIN_SECONDS = 10.0

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
    why: list[str] = field(default_factory=list)
    kind: WorkKind = WorkKind.CONTACT
    about: str | None = None
    taken_over: TakenOver = TakenOver.TAKEN
    forward_to: str = ""
    wrap_up: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """Waits without asking: the store wakes exactly the agent it has made an offer for."""

    queues: Queues
    waiters: Waiters
    terms: AgentTerms
    greeting_of: GreetingOf

    async def next_offer(
        self, agent_id: str, wait: float, channels: Collection[Channel] | None = None, mode: str | None = None
    ) -> Offer | None:
        """Return an offer at once or within `wait` seconds; None when there is none."""
        terms_now = partial(self.terms.of, agent_id, mode=mode, channels=channels)
        terms_now()
        with self.waiters.waiting(agent_id) as woken:
            try:
                offered = await self._wait(agent_id, terms_now, wait, woken)
            except (asyncio.CancelledError, DomainError):
                await self._left(agent_id)
                raise
        return None if offered is None else self._shown(offered, working_agent(self.terms.agent_of, agent_id))

    async def _wait(
        self, agent_id: str, terms_now: Callable[[], Terms], wait: float, woken: asyncio.Event
    ) -> Offered | None:
        """Pull now and whenever woken, on what are her terms then: a peak may have begun or ended."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            left = until - loop.time()
            offered = await self.queues.pull(agent_id, terms_now(), wait=left)
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
            offer_id=offer_id(offered.contact_id, offered.epoch),
            epoch=offered.epoch,
            contact_id=offered.contact_id,
            channel=Channel(body["channel"]),
            entrance=body["entrance"],
            greeting=self._greeting(offered, body["entrance"], agent),
            unit=body["unit"],
            queue=offered.queue,
            priority=offered.priority,
            waited_seconds=offered.waited_seconds,
            due_at=body.get("due_at"),
            expires_at=offered.expires_at,
            candidates=body.get("candidates", []),
            checklist=body.get("checklist"),
            why=list(offered.why),
            kind=offered.kind,
            about=body.get("about"),
            taken_over=TakenOver(body.get("taken_over", TakenOver.TAKEN)),
            forward_to=body.get("forward_to", ""),
            wrap_up=body.get("wrap_up"),
        )

    def _greeting(self, offered: Offered, entrance: str, agent: AgentProfile) -> str:
        """Return the words of the entrance, for citizens who have come to us: not when we call, or a colleague asks."""
        if offered.kind is not WorkKind.CONTACT:
            return ""
        return self.greeting_of(entrance).replace("{agent}", agent.name.split(" ", 1)[0])


@dataclass(frozen=True, slots=True)
class SetPresence:
    """An agent says what she is available for; saying it again is her heartbeat."""

    queues: Queues
    terms: AgentTerms

    async def set(
        self, agent_id: str, presence: Presence, reason: str | None, mode: str | None = None, *, chosen: bool = False
    ) -> Availability:
        """Set her presence; READY, in her work mode, is matched at once when a request of hers waits."""
        terms = self.terms.of(agent_id, mode=mode if presence is Presence.READY else None)
        return await self.queues.presence(agent_id, presence, reason, terms, chosen=chosen)
