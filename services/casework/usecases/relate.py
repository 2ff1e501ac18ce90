"""Linking cases by their numbers: a duplicate, a follow-up, or somehow related; shown at both."""

from dataclasses import dataclass

from services.casework.domain.case import Deed
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.merge import both
from services.casework.usecases.standing import permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.vocabulary import LinkKind
from shared.web.access import Person

BY_HAND = (LinkKind.DUPLICATE, LinkKind.FOLLOW_UP, LinkKind.RELATED)
"""The others say what has been done, and are made and taken away by doing it."""


class NotByHandError(DomainError):
    """Cases are not merged or split by linking them."""

    type = "link-kind"
    status = 422
    title = "Så länkas ärenden inte: slå ihop eller dela dem i stället."


@dataclass(frozen=True, slots=True)
class LinkCases:
    """Link a case with the one it goes back to."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, other: str, kind: LinkKind, person: Person) -> None:
        """Link them; linked again, nothing changes. Who links must see both."""
        _by_hand(kind)
        async with self.uow.begin() as work:
            case, linked = await both(work, number, other, person)
            await permitted(work, case, Deed.LINK, self.clock)
            now, by = self.clock(), author(person, case)
            if not await work.links.add(case.id, linked.id, kind.value, by=by, at=now):
                return
            facts = {"kind": kind.value}
            await write_down(work, case.id, person, by, Deed.LINK, self.clock, **facts, other=linked.number)
            await write_down(work, linked.id, person, by, Deed.LINK, self.clock, **facts, other=number, back=True)
            await work.cases.change(case.id, now)
            await work.cases.change(linked.id, now)


@dataclass(frozen=True, slots=True)
class UnlinkCases:
    """Take a link away that was made by hand; that it was there stays in the history."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, other: str, kind: LinkKind, person: Person) -> None:
        """Unlink them."""
        _by_hand(kind)
        async with self.uow.begin() as work:
            case, linked = await both(work, number, other, person)
            await permitted(work, case, Deed.LINK, self.clock)
            now, by = self.clock(), author(person, case)
            await work.links.remove(case.id, linked.id, kind.value)
            for one, to in ((case, linked), (linked, case)):
                facts = {"kind": kind.value, "other": to.number, "gone": True}
                await write_down(work, one.id, person, by, Deed.LINK, self.clock, **facts)
                await work.cases.change(one.id, now)


def _by_hand(kind: LinkKind) -> None:
    if kind not in BY_HAND:
        raise NotByHandError(errors=(FieldError("/kind", NotByHandError.title),))
