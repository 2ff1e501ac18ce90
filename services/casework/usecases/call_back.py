"""A caller who hung up while she was offered to an agent: the agent may call her, and a case of it is hers then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.accept_offer import facts_of
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.opening import take
from shared.clock import Clock
from shared.errors import ConflictError
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class MayCallBack:
    """Say whether a caller who is gone can be called: she showed her number, and nobody calls her already."""

    uow: UnitOfWork

    async def run(self, contact_id: str) -> bool:
        """Return whether she can."""
        async with self.uow.read() as work:
            return _callable(await work.contacts.get(contact_id))


@dataclass(frozen=True, slots=True)
class CallBack:
    """Open the case of a caller who is gone, for the agent who was offered her; pressed twice it is one case.

    To the router the contact is over: she left before anybody had accepted. The agent dials herself.
    """

    uow: UnitOfWork
    clock: Clock
    reopen_days: int = 30

    async def run(self, agent_id: str, offer: Mapping[str, Any]) -> str:
        """Return the case number; ConflictError when she cannot be called, or somebody else does."""
        contact_id, now = str(offer["contact_id"]), self.clock()
        async with self.uow.begin() as work:
            await work.cases.hold_of([contact_id])
            known = await work.contacts.get(contact_id)
            if known is not None and known["agent_id"] == agent_id and known["case_id"]:
                return await work.cases.number_of(known["case_id"])
            if known is None or not _callable(known):
                raise ConflictError
            row = {**facts_of(contact_id, offer), "received_at": known["received_at"], "agent_id": agent_id}
            waited = float(offer.get("waited_seconds") or 0)
            row |= {"epoch": int(offer["epoch"]), "accepted_at": now, "waited_seconds": waited}
            taken = await work.contacts.accept([row])
            if not taken:
                raise ConflictError
            numbers = await take(work, taken, now, self.reopen_days)
            await came_back(work, now)
        return numbers[contact_id]


def _callable(known: Row | None) -> bool:
    if known is None or known["channel"] != Channel.PHONE or known["agent_id"]:
        return False
    return bool(known["sender_phone"]) and known["ended_at"] is not None
