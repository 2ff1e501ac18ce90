"""Whose case it is and whether it is open, learned from what casework says happened to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.router.store.case_agents import CaseNews
from shared.consume import Received
from shared.events import (
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    CaseMerged,
    CaseOpened,
    CaseParked,
    CaseReopened,
    CaseSplit,
    Event,
)
from shared.vocabulary import CaseState

WANTED = (
    CaseOpened,
    CaseClassified,
    CaseClosed,
    CaseHandedOver,
    CaseReopened,
    CaseParked,
    CaseMerged,
    CaseSplit,
)
_STATES: dict[type[Event], str] = {
    CaseClosed: "closed",
    CaseHandedOver: "away",
    CaseReopened: "open",
    CaseParked: "open",
    CaseSplit: "open",
}


class Cases(Protocol):
    """Where it is kept (`store.case_agents.CaseAgents`)."""

    async def note(self, news: Sequence[CaseNews]) -> None:
        """Take in what happened."""


@dataclass(frozen=True, slots=True)
class RememberAgent:
    """Notes who opened, classified, parked, closed or handed over a case; officers and machines are nobody's agent."""

    cases: Cases
    is_agent: Callable[[str], bool]

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Take in events of `cases`; what says nothing about agent or state is passed over."""
        news = [self._news(received.event) for received in batch]
        await self.cases.note([one for one in news if one is not None])

    def _news(self, event: Any) -> CaseNews | None:
        if isinstance(event, CaseOpened):
            return CaseNews(event.case_id, event.opened_at, "open", person=event.person_key)
        if isinstance(event, CaseClassified):
            return CaseNews(event.case_id, event.at, agent=self._agent(event.by))
        if isinstance(event, CaseMerged) or (isinstance(event, CaseSplit) and event.state is CaseState.CLOSED):
            return CaseNews(event.case_id, event.at, "closed")
        state = _STATES.get(type(event))
        return CaseNews(event.case_id, event.at, state, agent=self._agent(event.by)) if state else None

    def _agent(self, by: str | None) -> str | None:
        return by if by and self.is_agent(by) else None
