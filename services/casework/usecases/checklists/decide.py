"""Deciding about a version: send it to review, approve, reject, publish, withdraw, say that it still holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.deadline import review_by
from services.casework.domain.lifecycle import Act, OwnWorkError, Phase, TooLateError, Version
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.checklists.acting import acted, because, held, not_overtaken, ready, whole
from services.casework.usecases.checklists.going_live import go_live, leave, tell_record
from services.casework.usecases.checklists.telling import Telling
from shared.clock import Clock
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class SubmitVersion:
    """Send a draft to be reviewed; it must be whole, but its local facts may still be missing. Approvers get a mail."""

    uow: UnitOfWork
    tell: Telling
    clock: Clock

    async def run(self, person: Person, checklist_id: str, number: int, revision: int | None = None) -> Version:
        """Return the version in review; UnreadyError names everything that would strand an agent."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.SUBMIT, revision)
            whole(version)
            now = self.clock()
            sent = await acted(work, version, Act.SUBMIT, person, now, note="")
            but = {person.id, version.author}
            await self.tell.owners(work, sent, "submitted", now, detail=str(sent.revision), but=but)
            return sent


@dataclass(frozen=True, slots=True)
class RecallVersion:
    """Take a version back from review, to write on."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist_id: str, number: int, revision: int | None = None) -> Version:
        """Return the draft."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.RECALL, revision)
            return await acted(work, version, Act.RECALL, person, self.clock())


@dataclass(frozen=True, slots=True)
class ApproveVersion:
    """Approve a version, also an urgent change, which is an ordinary version from then on."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist_id: str, number: int, revision: int | None = None) -> Version:
        """Return it approved; never by the one who wrote last, never what is not ready or was overtaken."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.APPROVE, revision)
            if person.id == version.author:
                raise OwnWorkError
            await not_overtaken(work, version)
            await ready(work, version)
            now = self.clock()
            if version.phase is not Phase.URGENT:
                return await acted(work, version, Act.APPROVE, person, now, approved_by=person.id, note="")
            if version.urgent_until is not None and version.urgent_until <= now:
                raise TooLateError
            settled: dict[str, Any] = {"approved_by": person.id, "urgent_until": None, "falls_back_to": None}
            return await _still_holds(work, version, Act.APPROVE, person, now, **settled)


@dataclass(frozen=True, slots=True)
class RejectVersion:
    """Give a version back to its author, with the reason; an urgent change ends at once."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, person: Person, checklist_id: str, number: int, reason: str, revision: int | None = None
    ) -> Version:
        """Return the draft, or the urgent change that has given way; NeedsReasonError without a reason."""
        plain = because(reason)
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.REJECT, revision)
            return await _given_up(work, version, Act.REJECT, person, self.clock(), reason=plain, approved_by="")


@dataclass(frozen=True, slots=True)
class PublishVersion:
    """Publish an approved version: now, or by the clock on the day from which it holds."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self,
        person: Person,
        checklist_id: str,
        number: int,
        revision: int | None = None,
        valid_from: datetime | None = None,
    ) -> Version:
        """Return it, published or scheduled for `valid_from` when that lies in the future."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.PUBLISH, revision)
            await not_overtaken(work, version)
            await ready(work, version)
            now = self.clock()
            if valid_from is None or valid_from <= now:
                return await go_live(work, version, Act.PUBLISH, person, now, valid_from=now)
            facts = {"valid_from": valid_from.isoformat()}
            when: dict[str, Any] = {"valid_from": valid_from, "scheduled": True}
            return await acted(work, version, Act.SCHEDULE, person, now, facts=facts, **when)


@dataclass(frozen=True, slots=True)
class WithdrawVersion:
    """Take a version away: a draft, one that waits, or the live one, after which no run begins with it."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, person: Person, checklist_id: str, number: int, reason: str, revision: int | None = None
    ) -> Version:
        """Return it withdrawn; runs that have begun go on with it, an urgent change gives way to the one before."""
        plain = because(reason)
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.WITHDRAW, revision)
            return await _given_up(work, version, Act.WITHDRAW, person, self.clock(), reason=plain)


@dataclass(frozen=True, slots=True)
class ReviewVersion:
    """Say that the live version was read and still holds; its review date counts from now."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist_id: str, number: int, revision: int | None = None) -> Version:
        """Return it with its next review date."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.REVIEW, revision)
            return await _still_holds(work, version, Act.REVIEW, person, self.clock())


async def _given_up(
    work: Work, version: Version, act: Act, person: Person, now: datetime, *, reason: str, **more: Any
) -> Version:
    """Return the version after an act that ends it, or takes it back: one that is live gives way at once."""
    facts = {"reason": reason}
    if version.current:
        await leave(work, version, act, person, now, facts=facts, note=reason)
        return await work.versions.get(version.id, version.number)
    return await acted(work, version, act, person, now, facts=facts, note=reason, scheduled=False, **more)


async def _still_holds(work: Work, version: Version, act: Act, person: Person, now: datetime, **more: Any) -> Version:
    """Return the live version, to be read again when its months are over, and tell its record."""
    review = review_by(now, version.checklist.review_months)
    live = await acted(work, version, act, person, now, review_by=review, **more)
    await tell_record(work, live)
    return live
