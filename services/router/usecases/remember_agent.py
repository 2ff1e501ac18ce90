"""The agent of a case, learned from what casework says happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.router.store.case_agents import CaseAgents
from shared.consume import Received


@dataclass(frozen=True, slots=True)
class RememberAgent:
    """Notes who classified, closed or handed over a case; the last one counts."""

    agents: CaseAgents

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Take in events of `cases` that have a `case_id` and a `by`; others are passed over."""
        events = (received.event for received in batch)
        await self.agents.remember({event.case_id: event.by for event in events if getattr(event, "by", None)})
