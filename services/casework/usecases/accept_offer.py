"""The desk takes an offer: the router says whether it is ours, then the case is there, from whatever is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.casework.router_client import RouterClient
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.opening import classify, take, tell_askers
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.vocabulary import WorkKind


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """Accept an offer and open its case, once however often it is tried."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock
    reopen_days: int = 30

    async def run(self, agent_id: str, offer: Mapping[str, Any]) -> str:
        """Return the case number; ConflictError when the offer is no longer the agent's.

        A colleague's question opens no case: the number is that of the case she asks about.
        `offer` is what the router's pull gave. What `contacts` and `routing` add later is filled in when it comes.
        """
        answer = await self.router.accept(offer["offer_id"], offer["epoch"])
        contact_id, epoch = str(answer["contact_id"]), int(answer["epoch"])
        now = self.clock()
        if offer.get("kind") == WorkKind.CONSULT:
            return await self._join(agent_id, contact_id, epoch, offer)
        async with self.uow.begin() as work:
            await work.cases.hold_of([contact_id])
            known = await work.contacts.get(contact_id)
            received = now - timedelta(seconds=float(offer.get("waited_seconds") or 0))
            if known is None or not known["routed"]:
                known_now = await work.contacts.route([_routed(contact_id, offer, received)])
                await classify(work, [row for row in known_now if row["case_id"]], now)
            row = {**facts_of(contact_id, offer), "received_at": received, "agent_id": agent_id, "epoch": epoch}
            taken = await work.contacts.accept(
                [{**row, "accepted_at": now, "waited_seconds": offer.get("waited_seconds") or 0}]
            )
            numbers = await take(work, taken, now, self.reopen_days) if taken else {}
            await came_back(work, now)
        return numbers.get(contact_id) or await self._number(contact_id)

    async def _join(self, agent_id: str, question: str, epoch: int, offer: Mapping[str, Any]) -> str:
        now, about = self.clock(), str(offer.get("about") or "")
        async with self.uow.begin() as work:
            await work.contacts.ask([{"id": question, "about": about, "asked": agent_id, "at": now}])
            row = {**facts_of(question, offer), "received_at": now, "agent_id": agent_id, "epoch": epoch}
            taken = [{**row, "accepted_at": now, "waited_seconds": offer.get("waited_seconds") or 0}]
            await tell_askers(work, await work.contacts.accept(taken))
        return await self._number(about)

    async def _number(self, contact_id: str) -> str:
        """Return the number of the case that somebody (the consumer) has opened before us."""
        async with self.uow.read() as work:
            number = await work.cases.number_of_contact(contact_id)
        if number is None:
            raise NotFoundError
        return number


def facts_of(contact_id: str, offer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an offer says of its contact."""
    names = ("channel", "entrance", "unit", "queue")
    return {"id": contact_id, **{name: offer.get(name) or "" for name in names}}


def _routed(contact_id: str, offer: Mapping[str, Any], received: Any) -> dict[str, Any]:
    checklist = offer.get("checklist") or {}
    return {
        **facts_of(contact_id, offer),
        "language": offer.get("language") or "sv",
        "received_at": received,
        "person_key": None,
        "follows": None,
        "candidates": list(offer.get("candidates") or ()),
        "checklist_id": checklist.get("id"),
        "checklist_version": checklist.get("version"),
        "priority": offer.get("priority"),
        "due_at": offer.get("due_at"),
        "why": [],
        "kind": offer.get("kind") or WorkKind.CONTACT.value,
    }
