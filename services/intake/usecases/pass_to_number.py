"""A caller is passed on to a number: it is rung as soon as the agent she talks to puts her receiver down."""

from dataclasses import dataclass
from typing import Protocol

from shared.errors import NotFoundError


class Calls(Protocol):
    """Where calls are kept."""

    async def pass_to(self, contact_id: str, number: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class PassToNumber:
    """Note where a caller goes next; said again, the last number counts."""

    calls: Calls

    async def run(self, contact_id: str, number: str) -> None:
        """Note it; NotFoundError for a call that our telephony does not lead, or in which nobody talks."""
        if not await self.calls.pass_to(contact_id, number):
            raise NotFoundError
