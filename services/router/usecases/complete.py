"""A contact ends: said by its agent (the fast path), or by what became of its case (the truth)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.router.store.queues import EndedCase, Queues
from shared.consume import Received
from shared.events import CaseClosed, CaseHandedOver, CaseMerged, CaseParked, ContactSetAside


@dataclass(frozen=True, slots=True)
class Complete:
    """Frees the agent's capacity; saying it twice changes nothing."""

    queues: Queues

    async def by_agent(self, contact_id: str, epoch: int, case_type: str | None, agent_id: str | None) -> None:
        """The agent is done with the contact that she holds by `epoch`."""
        await self.queues.complete(contact_id, epoch, case_type, agent_id)

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """End the contact of every case that has ended, rests, or has become part of another.

        Whatever epoch the case knew: nobody has anything to do with its contact any more.
        """
        ended = [_ended(received.event) for received in batch]
        await self.queues.end_cases([one for one in ended if one is not None])


def _ended(event: object) -> EndedCase | None:
    if isinstance(event, CaseClosed | CaseHandedOver):
        return EndedCase(event.contact_id, event.by, event.case_type)
    if isinstance(event, CaseParked | CaseMerged):  # without a contact: a return call that was promised still waits
        return EndedCase(event.contact_id, event.by, None) if event.contact_id else None
    return EndedCase(event.contact_id, None, None) if isinstance(event, ContactSetAside) else None
