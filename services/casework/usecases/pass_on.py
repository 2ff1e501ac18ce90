"""Giving a contact away while it is worked on: to a queue, to a colleague, or to a later time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case
from services.casework.router_client import RouterClient
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.opening import let_go
from services.casework.usecases.protection import guard
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError
from shared.web.access import Person, visible_units

TRANSFER = "transfer"
"""The reason that the router is told."""
PROMISED = "return_call"
"""What the history calls it when an agent promises to call back: the citizen was not helped at once."""


async def held(work: Work, number: str, person: Person) -> tuple[Case, Row]:
    """Return a case and its current contact; ConflictError when the contact is no longer the person's."""
    case = await work.cases.lock(number, visible_units(person))
    contact = await work.contacts.get(case.current_contact)
    if contact is None:
        raise NotFoundError
    if contact["agent_id"] != person.id or contact["done_at"]:
        guard(person, case)
        raise ConflictError
    return case, contact


@dataclass(frozen=True, slots=True)
class PassOn:
    """Let a contact wait for somebody else: in a queue, or for a colleague (a cold transfer)."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person, *, queue: str | None = None, to_agent: str | None = None) -> None:
        """Pass it on; once the router knows, so do we (its event says the same a moment later)."""
        async with self.uow.begin() as work:
            _, contact = await held(work, number, person)
        key = _key(contact)
        await self.router.requeue(key["id"], key["epoch"], TRANSFER, queue=queue, to_agent=to_agent)
        async with self.uow.begin() as work:
            await work.cases.hold_of([key["id"]])
            await let_go(work, [key], self.clock())


@dataclass(frozen=True, slots=True)
class PromiseReturnCall:
    """Promise to call the citizen later: the contact waits until then."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person, at: datetime | None) -> None:
        """Promise; None: when it is the citizen's turn."""
        async with self.uow.begin() as work:
            case, contact = await held(work, number, person)
        key = _key(contact)
        await self.router.return_call(key["id"], key["epoch"], at)
        async with self.uow.begin() as work:
            await work.cases.hold_of([key["id"]])
            by, facts = author(person, case), {"at": at.isoformat() if at else None}
            await work.history.write(case.id, self.clock(), by=by, by_name=person.name, what=PROMISED, facts=facts)
            await work.contacts.return_call([key])
            await let_go(work, [key], self.clock())


@dataclass(frozen=True, slots=True)
class InviteOfficer:
    """Bring an officer into the call; the agent stays."""

    uow: UnitOfWork
    router: RouterClient

    async def run(self, number: str, person: Person, officer_id: str) -> None:
        """Invite; the timeline says so when the router has done it."""
        async with self.uow.begin() as work:
            _, contact = await held(work, number, person)
        await self.router.conference(contact["id"], int(contact["epoch"]), officer_id)


def _key(contact: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": contact["id"], "epoch": int(contact["epoch"])}
